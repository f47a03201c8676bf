"""What organisers of events and administrators of the site see and do."""

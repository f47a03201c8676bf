"""``make demo``: a whole installation, filled, trained and served by one command."""

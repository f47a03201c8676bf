"""The front page, the lists of events and problems, and the help."""

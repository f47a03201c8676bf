"""What organisers write: problems, events, workflows and score types, found by their file names."""

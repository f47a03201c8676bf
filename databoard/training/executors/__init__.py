"""Where folds run: the seam between the dispatcher and machines."""

"""Lack what the workflow asks for."""
# expect: training_error
Classifiers = None

"""Events: folds, scores, dates and rules of a problem. Several may share one problem."""

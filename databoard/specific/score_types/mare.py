"""Mean absolute relative error: the mean of abs((y_true - y_pred) / y_true)."""

import numpy as np

precision = 2
is_lower_the_better = True
minimum = 0.0
maximum = float("inf")


def score_function(true_predictions, predictions, valid_indexes=None):
    rows = slice(None) if valid_indexes is None else valid_indexes
    y_true = np.asarray(true_predictions.y_pred[rows], dtype=float)
    y_pred = np.asarray(predictions.y_pred[rows], dtype=float)
    return np.mean(np.abs((y_true - y_pred) / y_true))

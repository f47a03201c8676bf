"""An example to copy from: the mean absolute difference between truth and prediction."""

import numpy as np

precision = 2
is_lower_the_better = True
minimum = 0.0
maximum = float("inf")


def score_function(true_predictions, predictions, valid_indexes=None):
    rows = slice(None) if valid_indexes is None else valid_indexes
    difference = predictions.y_pred[rows] - true_predictions.y_pred[rows]
    return np.mean(np.abs(np.asarray(difference, dtype=float)))

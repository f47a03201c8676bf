"""Share of rows whose class is wrong in a mixed prediction."""

import numpy as np

precision = 2
is_lower_the_better = True
minimum = 0.0
maximum = 1.0


def score_function(true_predictions, predictions, valid_indexes=None):
    rows = slice(None) if valid_indexes is None else valid_indexes
    true_labels = true_predictions.multiclass_prediction.y_pred_label_index[rows]
    labels = predictions.multiclass_prediction.y_pred_label_index[rows]
    return np.mean(labels != true_labels)

"""Two thirds of the classification error and one third of the relative error of the number."""

from databoard.specific.score_types import error_mixed, mare_mixed

precision = 2
is_lower_the_better = True
minimum = 0.0
maximum = float("inf")


def score_function(true_predictions, predictions, valid_indexes=None):
    error = error_mixed.score_function(true_predictions, predictions, valid_indexes)
    mare = mare_mixed.score_function(true_predictions, predictions, valid_indexes)
    return (2 * error + mare) / 3

"""Mean absolute relative error of the number in a mixed prediction."""

from databoard.specific.score_types import mare

precision = 2
is_lower_the_better = True
minimum = 0.0
maximum = float("inf")


def score_function(true_predictions, predictions, valid_indexes=None):
    return mare.score_function(
        true_predictions.regression_prediction, predictions.regression_prediction, valid_indexes
    )

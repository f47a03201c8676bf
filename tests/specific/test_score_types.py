import numpy as np
import pytest

from databoard import mixed_prediction, multiclass_prediction, regression_prediction
from databoard.kits.plugins import find_score_type

Mixed = mixed_prediction.make_predictions(["A", "B"])
TRUTH = Mixed(y_true=np.array([["A", 1.0], ["B", 2.0], ["A", 4.0]], dtype=object))
GUESS = Mixed(y_pred=np.array([[0.9, 0.1, 1.5], [0.6, 0.4, 2.0], [0.7, 0.3, 1.0]]))
ERROR = 1 / 3
MARE = (0.5 / 1 + 0 / 2 + 3 / 4) / 3


@pytest.mark.parametrize(  # checklist 31
    ("name", "by_hand"),
    [
        ("error_mixed", ERROR),
        ("mare_mixed", MARE),
        ("error_mare_mixed", 2 / 3 * ERROR + 1 / 3 * MARE),
    ],
)
def test_the_mixed_scores_are_as_computed_by_hand(name, by_hand):
    score = find_score_type(name)

    assert score.score_function(TRUTH, GUESS) == pytest.approx(by_hand, rel=1e-15)
    assert score.score_function(TRUTH, Mixed(y_pred=TRUTH.y_pred)) == 0
    assert score.is_lower_the_better


def test_mare_is_as_computed_by_hand():  # checklist 31
    Regression = regression_prediction.make_predictions(None)
    truth = Regression(y_true=np.array([1.0, -2.0]))
    guess = Regression(y_pred=np.array([1.5, -1.0]))

    assert find_score_type("mare").score_function(truth, guess) == 0.5


@pytest.mark.parametrize("name", ["error_mixed", "mare_mixed", "error_mare_mixed"])
def test_a_score_may_look_at_some_rows_only(name):
    score = find_score_type(name).module.score_function
    some = np.array([True, True, False])

    half = score(TRUTH, GUESS, some)

    expected = score(
        Mixed(y_true=np.array([["A", 1.0], ["B", 2.0]], dtype=object)),
        Mixed(y_pred=GUESS.y_pred[:2]),
    )
    assert half == pytest.approx(expected)


def test_the_example_of_the_manual_is_found():  # checklist 30
    score = find_score_type("test_score_type", bounds=(True, 0.0, float("inf")))
    Multiclass = multiclass_prediction.make_predictions(["a", "b"])
    truth = Multiclass(y_true=["a", "b"])

    assert score.score_function(truth, Multiclass(y_pred=[[1.0, 0.0], [0.5, 0.5]])) == 0.25
    assert score.worst == np.inf


def test_mixed_predictions_average_over_folds():
    other = Mixed(y_pred=np.where(np.arange(15).reshape(3, 5) < 5, np.nan, 0.5)[:, :3])

    bag = Mixed.combine([GUESS, other])

    assert bag.y_pred[0].tolist() == [0.9, 0.1, 1.5]
    assert bag.regression_prediction.y_pred.ravel().tolist() == [1.5, 1.25, 0.75]
    assert bag.multiclass_prediction.y_pred_label_index.tolist() == [0, 0, 0]

"""Bags equal ramp-workflow's, and obey what averages obey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rampwf.prediction_types import make_combined, make_multiclass, make_regression
from rampwf.score_types import RMSE, Accuracy, ClassificationError, Combined, NegativeLogLikelihood
from rampwf.utils.combine import get_score_cv_bags

from databoard.domain import bagging

N, FOLDS = 60, 5


def overlapping_folds(rng):
    """Held-out samples that overlap, as in ShuffleSplit, and cover not everything at first."""
    return [np.sort(rng.choice(N, 20, replace=False)) for _ in range(FOLDS)]


def compare(rng, Predictions, score_types, truth, y_preds, *, is_multiclass, held_out):
    for score_type in score_types:
        combined, expected = get_score_cv_bags(
            score_type,
            [Predictions(y_pred=y_pred) for y_pred in y_preds],
            Predictions(y_pred=truth),
            held_out,
        )
        n_samples = None if held_out is None else N
        bags = list(bagging.bag_folds(y_preds, held_out, n_samples, is_multiclass=is_multiclass))

        def score(y_pred, rows, score_type=score_type):
            return score_type.score_function(
                Predictions(y_pred=truth[rows]), Predictions(y_pred=y_pred)
            )

        scores = bagging.bagged_scores(iter(bags), score)
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
        last = bags[-1]
        np.testing.assert_allclose(last.y_pred[last.is_valid], combined.y_pred, atol=1e-12)


@pytest.mark.parametrize("is_valid", [True, False])
def test_multiclass_bags_equal_ramp_workflow(is_valid):
    rng = np.random.default_rng(0)
    held_out = overlapping_folds(rng) if is_valid else None
    truth = np.eye(3)[np.r_[0, 1, 2, rng.integers(0, 3, N - 3)]]
    sizes = [len(fold) for fold in held_out] if is_valid else [N] * FOLDS
    y_preds = [rng.dirichlet(np.ones(3), size) for size in sizes]
    y_preds[0][0] = [0, 0, 0]  # clipped to thirds
    y_preds[1][1] = [1.5, -0.2, 0.1]

    compare(
        rng,
        make_multiclass([0, 1, 2]),
        [Accuracy(), NegativeLogLikelihood()],
        truth,
        y_preds,
        is_multiclass=True,
        held_out=held_out,
    )


@pytest.mark.parametrize("is_valid", [True, False])
def test_regression_bags_equal_ramp_workflow(is_valid):
    rng = np.random.default_rng(1)
    held_out = overlapping_folds(rng) if is_valid else None
    sizes = [len(fold) for fold in held_out] if is_valid else [N] * FOLDS

    compare(
        rng,
        make_regression(),
        [RMSE()],
        rng.normal(size=N),
        [rng.normal(size=size) for size in sizes],
        is_multiclass=False,
        held_out=held_out,
    )


def test_mixed_bags_equal_ramp_workflow():
    rng = np.random.default_rng(2)
    Classes, Values = make_multiclass(["a", "b"]), make_regression(["z"])
    Predictions = make_combined([Classes, Values])
    truth = np.column_stack([np.eye(2)[rng.integers(0, 2, N)], rng.normal(size=N)])
    y_preds = [
        np.column_stack([rng.dirichlet([1, 1], N), rng.normal(size=N)]) for _ in range(FOLDS)
    ]
    score = Combined([ClassificationError(), RMSE()], [2.0, 1.0])

    compare(rng, Predictions, [score], truth, y_preds, is_multiclass=False, held_out=None)


def test_samples_that_no_fold_has_predicted_stay_out():
    bags = list(
        bagging.bag_folds(
            [np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])],
            [np.array([2]), np.array([0])],
            4,
            is_multiclass=True,
        )
    )

    assert [bag.is_valid.tolist() for bag in bags] == [
        [False, False, True, False],
        [True, False, True, False],
    ]
    assert np.isnan(bags[-1].y_pred[[1, 3]]).all()


def test_a_fold_without_a_prediction_for_a_sample_is_left_out_of_its_mean():
    *_, bag = bagging.bag_folds(
        [np.array([1.0, np.nan]), np.array([3.0, 5.0])], is_multiclass=False
    )

    assert bag.y_pred.tolist() == [2.0, 5.0]


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="n_samples"):
        list(bagging.bag_folds([np.ones(1)], [np.array([0])], is_multiclass=False))
    with pytest.raises(ValueError, match="1 folds of predictions, 2 of samples"):
        list(bagging.bag_folds([np.ones(1)], [np.array([0])] * 2, 1, is_multiclass=False))


@given(hnp.arrays(np.float64, (4, 7), elements=st.floats(-1e6, 1e6)))
def test_a_bag_lies_between_its_folds(y_preds):
    *_, bag = bagging.bag_folds(list(y_preds), is_multiclass=False)

    slack = 1e-6
    assert (bag.y_pred >= y_preds.min(axis=0) - slack).all()
    assert (bag.y_pred <= y_preds.max(axis=0) + slack).all()


@given(hnp.arrays(np.float64, (3, 5, 4), elements=st.floats(0, 1)))
def test_a_bag_of_distributions_is_a_distribution(y_preds):
    *_, bag = bagging.bag_folds(list(y_preds), is_multiclass=True)

    np.testing.assert_allclose(bag.y_pred.sum(axis=1), 1)

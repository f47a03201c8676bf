"""Decomposed scores equal the kit's own."""

import numpy as np
import pytest
import rampwf.score_types as kit
from rampwf.prediction_types import make_multiclass, make_regression

from databoard.domain.scoring import decompose, matches

N, M = 200, 5
CLASSES = [kit.Accuracy(), kit.ClassificationError(), kit.NegativeLogLikelihood()]
CLASSES += [kit.BalancedAccuracy(adjusted=adjusted) for adjusted in (True, False)]
VALUES = [kit.RMSE(), kit.NormalizedRMSE(), kit.RelativeRMSE(), kit.MARE()]


def name(score_type):
    return type(score_type).__name__


def agree(score_type, Predictions, truth, y_preds):
    way = decompose(name(score_type), truth, vars(score_type))
    expected = [
        score_type.score_function(Predictions(y_pred=truth), Predictions(y_pred=y_pred))
        for y_pred in y_preds
    ]
    np.testing.assert_allclose(way.scores(y_preds), expected, rtol=1e-12, atol=1e-12)
    assert way.examples(y_preds).shape == (len(y_preds), len(truth))
    assert all(matches(way, y_pred, score) for y_pred, score in zip(y_preds, expected, strict=True))


@pytest.mark.parametrize("score_type", CLASSES, ids=name)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_scores_of_classes_equal_the_kits(score_type, n_classes):
    rng = np.random.default_rng(n_classes)
    truth = np.eye(n_classes)[np.r_[0:n_classes, rng.integers(0, n_classes, N - n_classes)]]
    y_preds = rng.dirichlet(np.full(n_classes, 0.3), (M, N))
    y_preds[0, :9] = truth[:9]

    agree(score_type, make_multiclass(list(range(n_classes))), truth, y_preds)


def test_the_brier_score_equals_the_kits_for_two_classes_and_exists_for_no_more():
    rng = np.random.default_rng(1)
    truth = np.eye(2)[rng.integers(0, 2, N)]

    agree(kit.BrierScore(), make_multiclass([0, 1]), truth, rng.dirichlet([1, 1], (M, N)))
    assert decompose("BrierScore", np.eye(3)) is None


@pytest.mark.parametrize("score_type", VALUES, ids=name)
@pytest.mark.parametrize("targets", [(), (3,)])
def test_scores_of_values_equal_the_kits(score_type, targets):
    rng = np.random.default_rng(2)
    truth = rng.normal(3, 1, (N, *targets))
    labels = list(range(targets[0])) if targets else []

    agree(score_type, make_regression(labels), truth, rng.normal(3, 1, (M, N, *targets)))


@pytest.mark.parametrize(
    "known", ["NegativeLogLikelihood", "BrierScore", "RMSE", "NormalizedRMSE", "MARE", "MAE"]
)
def test_slopes_are_those_of_the_parts_and_parts_are_convex(known):
    rng = np.random.default_rng(3)
    is_class = known in {"NegativeLogLikelihood", "BrierScore"}
    way = decompose(known, np.eye(2)[rng.integers(0, 2, N)] if is_class else rng.normal(5, 1, N))
    shape = (2, N, 2) if is_class else (2, N)
    here, there = (way.reduce(y_pred) for y_pred in rng.uniform(0.1, 0.9, shape))
    step = 1e-6

    numeric = (way.parts(here + step) - way.parts(here - step)) / (2 * step)

    np.testing.assert_allclose(way.slope(here), numeric, rtol=1e-4, atol=1e-6)
    tangent = way.parts(here) + way.slope(here) * (there - here)
    assert (way.parts(there) >= tangent - 1e-12).all()


@pytest.mark.parametrize("unknown", ["ROCAUC", "F1Above", "MacroAveragedRecall", "Mine"])
def test_what_is_no_average_over_examples_is_not_decomposable(unknown):
    assert decompose(unknown, np.eye(2)) is None


@pytest.mark.parametrize("truth", [np.zeros(3), np.ones((3, 1)), np.full((3, 2), 0.5)])
def test_scores_of_classes_need_one_label_per_example(truth):
    for known in ("Accuracy", "NegativeLogLikelihood", "BrierScore"):
        assert decompose(known, truth) is None


def test_a_kits_own_score_type_with_a_known_name_is_found_out():
    way = decompose("RMSE", np.zeros(3))

    assert matches(way, np.ones(3), 1.0)
    assert not matches(way, np.ones(3), 1.01)

"""What an event can resolve, and what knows nothing."""

from __future__ import annotations

import numpy as np
import pytest
from rampwf.prediction_types import make_multiclass, make_regression
from rampwf.score_types import RMSE, ROCAUC, Accuracy
from scipy import sparse

from databoard.kits import resolving


class Small:
    """As much of a kit as is looked at."""

    def __init__(self, Predictions, *score_types):
        self.Predictions, self.score_types = Predictions, score_types
        self.official_score_name = score_types[0].name


FLOWERS = Small(make_multiclass(label_names=[0, 1]), Accuracy(name="acc"))
PRICES = Small(make_regression(), RMSE(name="rmse"))
FOLDS = [(np.arange(0, 800), np.arange(800, 1000)), (np.arange(200, 1000), np.arange(0, 200))]


def test_more_examples_resolve_more():
    y = np.random.default_rng(0).integers(0, 2, 1000)

    found = resolving.resolutions(FLOWERS, y, FOLDS, y)

    assert found["private"].gap == pytest.approx(0.027, abs=0.001)
    assert found["public"].gap > found["private"].gap
    assert (found["public"].n_samples, found["public"].n_folds) == (400, 2)


def test_errors_in_units_of_the_target_are_resolved_in_these():
    y = np.random.default_rng(0).normal(0, 10, 1000)

    found = resolving.resolutions(PRICES, y, FOLDS, None)

    assert set(found) == {"public"}
    assert 0.1 < found["public"].gap < 5


def test_a_score_that_does_not_fall_apart_says_nothing():
    kit = Small(make_multiclass(label_names=[0, 1]), ROCAUC(name="auc"))

    assert resolving.resolutions(kit, np.arange(1000) % 2, FOLDS, None) == {}


def test_who_knows_nothing_is_scored():
    y = np.repeat([0, 1], [700, 300])

    found = {b: v for b, _, v in resolving.baselines(FLOWERS, y, np.random.default_rng(0))}

    assert found["constant"] == 0.7
    assert 0.5 < found["shuffled labels"] < 0.66


def test_rows_of_another_kind_are_told_apart():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))

    assert resolving.adversarial_auc(X, rng.normal(size=(200, 3)), rng) < 0.6
    assert resolving.adversarial_auc(X, rng.normal(2, 1, size=(200, 3)), rng) > 0.9
    assert resolving.adversarial_auc(X, X[:5], rng) is None
    assert resolving.adversarial_auc(["a"], ["b"], rng) is None
    assert resolving.adversarial_auc(sparse.csr_array(X), sparse.csr_array(X), rng) is None

"""Shares, credit and combinations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import blending, contributivity
from databoard.domain.pools import DecomposablePool
from databoard.domain.scoring import decompose

N = 40


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=5))
def test_the_contributivities_of_all_sum_to_one(selections):
    found = contributivity.contributivity(selections, 7)

    np.testing.assert_allclose(found.sum(), 1)
    assert (found >= 0).all()


def test_contributivity_is_the_average_of_the_folds():
    found = contributivity.contributivity([[0, 1], [1, 1, 1, 2]], 4)

    np.testing.assert_allclose(found, [0.25, 0.625, 0.125, 0])


def test_without_a_fold_nobody_has_contributed():
    assert contributivity.contributivity([], 3).tolist() == [0, 0, 0]


def test_credit_travels_along_a_chain():
    held = contributivity.historical(
        {"c": 0.8, "b": 0.2}, ["a", "b", "c"], {"c": {"b": 50}, "b": {"a": 100}}
    )

    assert held == pytest.approx({"a": 0.6, "b": 0.0, "c": 0.4})


def test_credit_to_the_future_and_to_strangers_counts_for_nothing():
    given_away = {"a": {"b": 100}, "b": {"stranger": 30, "b": 70}}

    held = contributivity.historical({"a": 0.5, "b": 0.5}, ["a", "b"], given_away)

    assert held == {"a": 0.5, "b": 0.5}


@given(st.integers(0, 10_000))
def test_credit_changes_hands_but_not_its_total(seed):
    rng = np.random.default_rng(seed)
    keys = list(range(6))
    start = dict(zip(keys, rng.dirichlet(np.ones(6)), strict=True))
    credit = {
        key: dict(zip(keys, (100 * rng.dirichlet(np.ones(6))).tolist(), strict=True))
        for key in keys
    }

    held = contributivity.historical(start, keys, credit)

    assert sum(held.values()) == pytest.approx(1)
    assert min(held.values()) >= -1e-12


def folds(seed, n_candidates=4, n_folds=3):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=N)
    held_out = [np.sort(rng.choice(N, 25, replace=False)) for _ in range(n_folds)]
    y_preds = [truth[rows] + rng.normal(size=(n_candidates, 25)) for rows in held_out]
    return truth, held_out, y_preds


def selections_of(truth, held_out, y_preds):
    return [
        blending.blend(
            DecomposablePool(fold, decompose("RMSE", truth[rows]), is_multiclass=False),
            is_lower_the_better=True,
        ).selected
        for fold, rows in zip(y_preds, held_out, strict=True)
    ]

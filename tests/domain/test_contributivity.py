"""Shares, credit and combinations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databoard.domain import bagging, blending, contributivity
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


def test_the_combination_is_bagged_like_a_submission():
    truth, held_out, y_preds = folds(0)
    selections = selections_of(truth, held_out, y_preds)

    bags = contributivity.combined_bags(y_preds, selections, held_out, N, is_multiclass=False)

    means = [
        fold[list(chosen)].mean(axis=0) for fold, chosen in zip(y_preds, selections, strict=True)
    ]
    *_, expected = bagging.bag_folds(means, held_out, N, is_multiclass=False)
    np.testing.assert_allclose(bags[-1].y_pred, expected.y_pred)
    assert len(bags) == 3


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_what_is_added_improves_or_has_no_share(seed):
    truth, held_out, y_preds = folds(seed, n_folds=1)
    way = decompose("RMSE", truth[held_out[0]])
    others = blending.blend(
        DecomposablePool(y_preds[0][:-1], way, is_multiclass=False), is_lower_the_better=True
    )
    pool = DecomposablePool(y_preds[0], way, is_multiclass=False)

    addition = contributivity.would_add(others, pool, is_lower_the_better=True)

    assert addition.share > 0 or addition.score_with == addition.score_without
    assert addition.score_without == others.scores[-1]


def test_chosen_weights_are_proportions():
    y_preds = np.array([[0.0, 0.0], [4.0, 4.0]])
    way = decompose("RMSE", np.array([1.0, 1.0]))

    assert contributivity.what_if(y_preds, [30, 10], way, is_multiclass=False) == pytest.approx(0)
    for weights in ([0, 0], [-1, 2], [np.nan, 1]):
        with pytest.raises(ValueError, match="Weights"):
            contributivity.what_if(y_preds, weights, way, is_multiclass=False)

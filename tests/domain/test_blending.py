"""Blends equal ramp-workflow's, one selection after the other."""

import contextlib
import io

import numpy as np
import pytest
import rampwf.score_types as kit
from hypothesis import given, settings
from hypothesis import strategies as st
from rampwf.prediction_types import make_multiclass, make_regression
from rampwf.utils.combine import blend_on_fold

from databoard.domain import blending
from databoard.domain.pools import CombinedPool, DecomposablePool, MeanPool
from databoard.domain.scoring import Decomposition, decompose

N = 120


def name(score_type):
    return type(score_type).__name__


def classes(rng, n_candidates, n_classes=3):
    """Candidates of several skills, with a duplicate, a row of zeros and a row beyond one."""
    label = np.r_[0:n_classes, rng.integers(0, n_classes, N - n_classes)]
    truth = np.eye(n_classes)[label]
    skill = rng.uniform(0.2, 2.0, (n_candidates, 1, 1))
    logits = skill * truth + rng.normal(0, 1, (n_candidates, N, n_classes))
    y_preds = np.exp(logits)
    y_preds /= y_preds.sum(axis=-1, keepdims=True)
    y_preds[-1] = y_preds[0]
    return truth, y_preds


def values(rng, n_candidates):
    truth = rng.normal(5, 1, N)
    y_preds = truth + rng.normal(0, 1, (n_candidates, N)) * rng.uniform(0.5, 2, (n_candidates, 1))
    y_preds[-1] = y_preds[0]
    return truth, y_preds


def ramp_blend(Predictions, score_type, truth, y_preds, max_members=80):
    with contextlib.redirect_stdout(io.StringIO()):
        return tuple(
            blend_on_fold(
                [Predictions(y_pred=y_pred) for y_pred in y_preds],
                Predictions(y_pred=truth),
                score_type,
                max_n_ensemble=max_members,
            ).tolist()
        )


CLASSES = [
    kit.Accuracy(),
    kit.ClassificationError(),
    kit.BalancedAccuracy(),
    kit.NegativeLogLikelihood(),
]


@pytest.mark.parametrize("score_type", CLASSES, ids=name)
@pytest.mark.parametrize("seed", range(4))
def test_blends_of_classes_equal_ramp_workflow(score_type, seed):
    rng = np.random.default_rng(seed)
    truth, y_preds = classes(rng, 12)
    pool = DecomposablePool(
        y_preds, decompose(name(score_type), truth, vars(score_type)), is_multiclass=True
    )

    found = blending.blend(pool, is_lower_the_better=score_type.is_lower_the_better)

    assert found.selected == ramp_blend(make_multiclass([0, 1, 2]), score_type, truth, y_preds)


@pytest.mark.parametrize(
    "score_type", [kit.RMSE(), kit.NormalizedRMSE(), kit.RelativeRMSE(), kit.MARE()], ids=name
)
@pytest.mark.parametrize("seed", range(4))
def test_blends_of_values_equal_ramp_workflow(score_type, seed):
    truth, y_preds = values(np.random.default_rng(seed), 12)
    pool = DecomposablePool(y_preds, decompose(name(score_type), truth), is_multiclass=False)

    found = blending.blend(pool, is_lower_the_better=True)

    assert found.selected == ramp_blend(make_regression(), score_type, truth, y_preds)


def test_a_score_that_does_not_decompose_is_blended_by_running_sums():
    rng = np.random.default_rng(5)
    truth, y_preds = classes(rng, 8, 2)
    Predictions, score_type = make_multiclass([0, 1]), kit.ROCAUC()

    def score(y_pred):
        return score_type.score_function(Predictions(y_pred=truth), Predictions(y_pred=y_pred))

    pool = MeanPool(y_preds, score, is_multiclass=True)
    found = blending.blend(pool, is_lower_the_better=False)

    assert found.selected == ramp_blend(Predictions, score_type, truth, y_preds)


def test_a_decomposition_that_is_neither_convex_nor_a_vote_is_scored_in_blocks():
    truth, y_preds = values(np.random.default_rng(7), 40)
    way = Decomposition(lambda y_pred: np.minimum(np.abs(y_pred - truth), 0.7))
    pools = [
        DecomposablePool(y_preds, way, is_multiclass=False),
        MeanPool(y_preds, lambda y_pred: float(way.scores(y_pred)), is_multiclass=False),
    ]

    fast, plain = (blending.blend(pool, is_lower_the_better=True) for pool in pools)

    assert len(fast.selected) > 2
    assert fast == plain


def test_predictions_of_any_kind_are_blended_by_the_kits_combine():
    rng = np.random.default_rng(6)
    truth, y_preds = classes(rng, 6)
    Predictions, score_type = make_multiclass([0, 1, 2]), kit.NegativeLogLikelihood()
    kits = [Predictions(y_pred=y_pred) for y_pred in y_preds]
    ground_truth = Predictions(y_pred=truth)

    pool = CombinedPool(
        len(kits),
        lambda i: score_type.score_function(ground_truth, kits[i]),
        lambda chosen: score_type.score_function(ground_truth, Predictions.combine(kits, chosen)),
    )
    found = blending.blend(pool, is_lower_the_better=True, max_members=5)

    assert found.selected == ramp_blend(Predictions, score_type, truth, y_preds, max_members=5)


def test_the_start_is_scored_as_submitted_and_the_rest_as_combined():
    truth = np.eye(2)[[0, 1, 0]]
    unnormalised = np.array([[0.9, 0.9], [0.4, 0.9], [0.9, 0.9]])
    proper = np.array([[0.8, 0.2], [0.2, 0.8], [0.8, 0.2]])
    y_preds = np.array([unnormalised, proper])
    pool = DecomposablePool(y_preds, decompose("NegativeLogLikelihood", truth), is_multiclass=True)

    found = blending.blend(pool, is_lower_the_better=True)

    assert found.selected[0] == 0
    assert found.scores[0] > found.start_score


@pytest.mark.parametrize("known", ["Accuracy", "NegativeLogLikelihood", "RMSE"])
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_an_extended_blend_equals_a_fresh_one(known, seed):
    rng = np.random.default_rng(seed)
    is_class = known != "RMSE"
    truth, y_preds = classes(rng, 9) if is_class else values(rng, 9)
    way, lower = decompose(known, truth), known != "Accuracy"
    pool = DecomposablePool(y_preds[:3], way, is_multiclass=is_class)
    grown = blending.blend(pool, is_lower_the_better=lower)

    for n in range(4, 10):
        pool.append(y_preds[n - 1])
        pool.restart()
        grown = blending.extend(grown, pool, is_lower_the_better=lower)
        fresh = DecomposablePool(y_preds[:n], way, is_multiclass=is_class)

        assert grown == blending.blend(fresh, is_lower_the_better=lower)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_every_selection_improves_the_score_and_the_combination_has_it(seed):
    truth, y_preds = values(np.random.default_rng(seed), 7)
    way = decompose("RMSE", truth)

    found = blending.blend(
        DecomposablePool(y_preds, way, is_multiclass=False), is_lower_the_better=True
    )

    assert (np.diff(found.scores) < 0).all()
    combined = blending.combine(y_preds, found.selected, is_multiclass=False)
    np.testing.assert_allclose(way.scores(combined), found.scores[-1], rtol=1e-12)


def test_nothing_cannot_be_blended():
    pool = CombinedPool(0, lambda _: 0.0, lambda _: 0.0)

    with pytest.raises(ValueError, match="nothing to blend"):
        blending.blend(pool, is_lower_the_better=True)


def test_one_candidate_is_its_own_blend():
    truth, y_preds = values(np.random.default_rng(0), 1)
    pool = DecomposablePool(y_preds, decompose("RMSE", truth), is_multiclass=False)

    assert blending.blend(pool, is_lower_the_better=True).selected == (0,)


@pytest.mark.parametrize("name", ["RMSE", "MAE"])
@pytest.mark.parametrize("size", [1e12, 1e100, 1e150, 1e300, 1.7e308])
def test_a_member_that_is_far_off_changes_no_blend(name, size, monkeypatch):
    rng = np.random.default_rng(0)
    y_true = rng.normal(size=60)
    members = y_true + rng.normal(size=(40, 60)) * np.linspace(0.5, 3, 40)[:, None]
    far = size * np.resize([1.0, -0.3], 60)
    found, tried = [], []
    score_with = DecomposablePool.score_with
    monkeypatch.setattr(
        DecomposablePool,
        "score_with",
        lambda pool, one: tried.append(one) or score_with(pool, one),
    )

    for y_preds in (members, np.concatenate([members, far[None]])):
        tried.clear()
        pool = DecomposablePool(y_preds, decompose(name, y_true), is_multiclass=False)
        found.append((blending.blend(pool, is_lower_the_better=True), len(tried)))

    (alone, n_alone), (together, n_together) = found
    assert alone == together
    # Where it may help, it is tried; for its sake nobody else is.
    assert n_together <= n_alone + len(together.selected)

"""A board that is kept up to date says what one that is made anew says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databoard.domain.contests import MAX_GROUPS, Contest, multiplied
from databoard.domain.influences import moves_of
from databoard.domain.rank_intervals import intervals_of
from databoard.domain.standings import standings
from databoard.domain.statistics import covariances, difference_sd, evidence_of_examples

N_DRAWS = 200


def board(seed, n, n_samples=60, n_copies=0, digits=2):
    """Scores, some of them equal, and influences, some of them copies."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(size=n_samples) + rng.normal(size=(n, n_samples))
    copied = rng.integers(0, n, n_copies)
    moves[rng.integers(0, n, n_copies)] = moves[copied]
    moves -= moves.mean(axis=1, keepdims=True)
    return rng.normal(scale=0.5, size=n).round(digits), moves


def whole(scores, moves, keys, **options):
    draws = multiplied(moves, N_DRAWS)
    return Contest.of(evidence_of_examples(scores, moves), draws, keys=keys, **options)


def joined(contest, key, scores, moves, rows, **options):
    """Let the submission of the last of these rows join those of the others."""
    own = covariances(moves[rows], moves[rows[-1]])
    draw = multiplied(moves[rows[-1:]], N_DRAWS)[0]
    return contest.joined(key, scores[rows[-1]], own, draw, **options)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 12),
    n_first=st.integers(1, 12),
    n_copies=st.integers(0, 2),
    lower=st.booleans(),
)
def test_boards_that_grow_one_by_one_equal_those_made_at_once(seed, n, n_first, n_copies, lower):
    scores, moves = board(seed, n, n_copies=n_copies)
    options, rows = {"is_lower_the_better": lower}, np.arange(n)
    start = min(n_first, n - 1)
    grown = whole(scores[:start], moves[:start], range(start), **options)
    for row in range(start, n):
        # In the order of the contest, and the newcomer.
        known = np.array([*grown.keys, row])
        grown = joined(grown, row, scores, moves, known, **options)

    expected = whole(scores, moves, rows.tolist(), **options)

    assert grown.keys == expected.keys
    np.testing.assert_allclose(grown.evidence.covariance, expected.evidence.covariance, rtol=1e-12)
    np.testing.assert_allclose(grown.ahead, expected.ahead, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(grown.behind, expected.behind, rtol=1e-4, atol=1e-4)
    ours, theirs = standings(grown, **options), standings(expected, **options)
    assert [(s.low, s.high, s.tie_group) for s in ours] == [
        (s.low, s.high, s.tie_group) for s in theirs
    ]
    np.testing.assert_allclose([s.p_best for s in ours], [s.p_best for s in theirs], atol=0.006)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 12), kept=st.integers(1, 12))
def test_who_falls_off_the_end_takes_along_nothing(seed, n, kept):
    scores, moves = board(seed, n)
    everybody = whole(scores, moves, range(n), is_lower_the_better=True)
    first = list(everybody.keys[:kept])

    cut = everybody.first(kept)

    alone = whole(scores[first], moves[first], first, is_lower_the_better=True)
    assert cut.keys == alone.keys
    np.testing.assert_allclose(cut.ahead, alone.ahead, rtol=1e-4, atol=1e-4)
    found, expected = intervals_of(cut), intervals_of(alone)
    np.testing.assert_array_equal(found.is_better, expected.is_better)
    assert found.critical == pytest.approx(expected.critical, rel=1e-5)


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1), level=st.floats(0.01, 0.99))
def test_looking_only_where_it_matters_finds_the_same_line(seed, share, level):
    """The definition: of each draw the largest open difference, or any the other way round."""
    scores, moves = board(seed, 7)
    contest = whole(scores, moves, range(7), is_lower_the_better=False)
    is_open = np.triu(np.random.default_rng(seed).random((7, 7)) < share, 1)
    sd = difference_sd(contest.evidence.covariance) + np.eye(7)
    differences = (contest.draws[:, None] - contest.draws[None, :]) / sd[:, :, None]
    upper = np.triu(np.ones((7, 7), dtype=bool), 1)
    found = [differences[is_open], -differences[upper], np.zeros((1, N_DRAWS))]

    critical = contest.critical_of(is_open, level)

    expected = np.quantile(np.concatenate(found).max(axis=0), level)
    assert critical == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("n_samples", [50, MAX_GROUPS + 5_000])
def test_drawn_errors_have_the_covariance_of_the_examples(n_samples):
    _, moves = board(1, 4, n_samples)

    draws = multiplied(moves, 20_000 if n_samples == 50 else 4_000)

    expected = evidence_of_examples(np.zeros(4), moves).covariance
    found = difference_sd(np.cov(draws))[np.triu_indices(4, 1)]
    np.testing.assert_allclose(found, difference_sd(expected)[np.triu_indices(4, 1)], rtol=0.05)


def test_an_error_is_drawn_from_its_submission_alone():
    _, moves = board(2, 5)

    together, alone = multiplied(moves, 50), multiplied(moves[3:4], 50)

    np.testing.assert_allclose(together[3], alone[0], rtol=1e-5, atol=1e-7)


def rmse_world(rng, n_samples):
    """Errors that are partly those of all, of known size."""
    own = np.linspace(0.8, 1.1, 7)
    y_true = rng.normal(size=n_samples)
    shared = rng.normal(size=n_samples)
    y_preds = y_true + shared + own[:, None] * rng.normal(size=(7, n_samples))
    return "RMSE", y_true, y_preds, -np.sqrt(1 + own**2)


def auc_world(rng, n_samples):
    """Scores of two classes that are known steps apart."""
    steps = np.linspace(0.7, 1.3, 7)
    label = rng.random(n_samples) < 0.4
    noise = 0.7 * rng.normal(size=n_samples) + np.sqrt(0.51) * rng.normal(size=(7, n_samples))
    y_preds = steps[:, None] * label + noise
    return "ROCAUC", np.eye(2)[label.astype(int)], np.stack([-y_preds, y_preds], axis=-1), steps


def nll_world(rng, n_samples):
    """Probabilities that are too sure, or not sure enough, by known factors."""
    factors = np.array([1.0, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0])
    p = rng.beta(2, 2, n_samples)
    y_true = np.eye(2)[(rng.random(n_samples) < p).astype(int)]
    odds = factors[:, None] * np.log(p / (1 - p))
    q = 1 / (1 + np.exp(-odds))
    return "NegativeLogLikelihood", y_true, np.stack([1 - q, q], axis=-1), -factors


@pytest.mark.parametrize("world", [rmse_world, auc_world, nll_world])
@pytest.mark.parametrize("n_samples", [250, 1000])
def test_intervals_cover_the_true_ranks_by_any_score_type(world, n_samples):
    rng, n_worlds, covered = np.random.default_rng(5), 100, 0
    for _ in range(n_worlds):
        name, y_true, y_preds, skills = world(rng, n_samples)
        scores, moves = moves_of(name, y_true, y_preds)
        contest = Contest.of(
            evidence_of_examples(scores, moves),
            multiplied(moves, 300),
            keys=range(7),
            is_lower_the_better=name != "ROCAUC",
        )
        found, skills = intervals_of(contest), skills[list(contest.keys)]
        first = 1 + (skills[None] > skills[:, None]).sum(axis=1)
        last = 7 - (skills[None] < skills[:, None]).sum(axis=1)
        covered += bool(((found.low <= first) & (last <= found.high)).all())

    assert covered / n_worlds > 0.91

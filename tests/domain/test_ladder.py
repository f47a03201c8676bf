"""The attacks, replayed with and without the ladder."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import ladder

N, PRIVATE, TRIES = 1000, 20_000, 300
ERROR = 0.5 / math.sqrt(N)


def boost(seed, *, has_ladder):
    """Guess at random, keep what the board likes, submit the vote of what was kept."""
    rng = np.random.default_rng(seed)
    public = rng.integers(0, 2, N)
    vote, rung, last = np.zeros(N), None, 0.5
    for _ in range(TRIES):
        guess = rng.integers(0, 2, N)
        hits = (guess == public).astype(float)
        if has_ladder:
            rung = ladder.climb(rung, hits.mean(), hits, is_lower_the_better=False)
            is_liked, last = rung.shown > last, rung.shown
        else:
            is_liked = hits.mean() > 0.5
        vote += (2 * guess - 1) * is_liked
    hits = ((vote > 0) == public).astype(float)
    if has_ladder:
        return ladder.climb(rung, hits.mean(), hits, is_lower_the_better=False).shown
    return hits.mean()


def test_boosting_coin_flips_works_on_a_plain_board_and_not_on_the_ladder():  # L15
    plain = np.mean([boost(seed, has_ladder=False) for seed in range(8)])
    climbed = np.mean([boost(seed, has_ladder=True) for seed in range(8)])

    # The private score of a coin is one half, whatever was voted.
    assert plain - 0.5 > 5 * ERROR
    assert climbed - 0.5 < ERROR


def test_the_published_threshold_gives_way_to_hundreds_of_tries():  # L15
    rng = np.random.default_rng(0)
    hits = rng.integers(0, 2, (TRIES, N)).astype(float)

    shown = [
        ladder.shown_scores(hits.mean(axis=1), hits, is_lower_the_better=False, is_strict=strict)
        for strict in (False, True)
    ]

    assert shown[0][-1] - 0.5 > 1.5 * ERROR
    assert shown[1][-1] <= shown[0][-1]


def log_losses(probability, labels):
    return -np.log(np.where(labels == 1, probability, 1 - probability))


def probe(has_ladder):
    """Spell labels into the digits of the log loss: the k-th probed example weighs 2^k units.

    Returns the share of the labels that were learnt.
    """
    rng = np.random.default_rng(1)
    n, per_try, unit = 200, 8, 0.1
    labels = rng.integers(0, 2, n)
    learnt, rung = np.full(n, -1), None
    for start in range(0, n, per_try):
        probability = np.full(n, 0.5)
        rows = np.arange(start, start + per_try)
        # A label of 0 costs 2^k units more than a label of 1.
        extra = unit * 2.0 ** np.arange(per_try)
        probability[rows] = 1 / (1 + np.exp(-extra))
        losses = log_losses(probability, labels)
        score = losses.mean()
        if has_ladder:
            old = rung
            rung = ladder.climb(rung, score, losses, is_lower_the_better=True)
            if old is not None and rung.shown == old.shown:
                continue
            score = rung.shown
        base = (n - per_try) * math.log(2) - np.log(probability[rows]).sum()
        code = round((score * n - base) / unit)
        learnt[rows] = 1 - (code >> np.arange(per_try)) % 2
    return np.mean(learnt == labels)


def test_probing_the_log_loss_reads_all_labels_from_a_plain_board_and_few_from_the_ladder():
    assert probe(has_ladder=False) == 1.0
    assert probe(has_ladder=True) < 0.1


def test_honest_teams_keep_their_order():
    """Teams improve step by step by real margins; the ladder shows who is where."""
    rng = np.random.default_rng(2)
    hardness = rng.normal(size=4000)
    final = []
    for team in range(6):
        skills = np.linspace(0, 0.4 + 0.25 * team, 12)[:, None]
        hits = (skills + 0.4 * rng.normal(size=(12, 4000)) > 0.8 * hardness).astype(float)
        scores = hits.mean(axis=1)
        final.append((ladder.shown_scores(scores, hits, is_lower_the_better=False)[-1], scores[-1]))

    shown, honest = np.array(final).T
    assert (np.argsort(shown) == np.argsort(honest)).all()
    assert np.abs(shown - honest).max() < 4 * 0.5 / math.sqrt(4000)


@given(st.integers(0, 1000), st.booleans())
def test_the_shown_score_never_gets_worse(seed, lower):
    rng = np.random.default_rng(seed)
    moves = rng.normal(size=(15, 30))

    shown = ladder.shown_scores(moves.mean(axis=1), moves, is_lower_the_better=lower)

    steps = np.diff(shown)
    assert (steps <= 0 if lower else steps >= 0).all()


def test_submitting_the_same_again_changes_nothing():
    hits = np.random.default_rng(3).integers(0, 2, 50).astype(float)
    rung = ladder.climb(None, hits.mean(), hits, is_lower_the_better=False)

    again = ladder.climb(rung, hits.mean(), hits, is_lower_the_better=False)

    assert (again.shown, again.n_steps, again.n_tries) == (rung.shown, 1, 2)


@given(st.integers(1, 500), st.integers(1, 20), st.integers(2, 10_000))
def test_a_ladder_with_few_steps_tells_less(n_tries, n_steps, n_levels):
    n_steps = min(n_steps, n_tries)
    told = ladder.bits_told(n_tries, n_levels, n_steps)

    assert 0 <= told <= ladder.bits_told(n_tries, n_levels) + n_tries


@pytest.mark.parametrize("bias", [0.02, 0.1])
def test_the_budget_is_what_keeps_the_bias_small(bias):
    bits = ladder.budget_bits(bias, 20_000)

    assert ladder.largest_bias(bits, 20_000) == pytest.approx(bias)
    assert ladder.budget_bits(bias, 10) == 0


def test_the_bound_holds_for_the_boosting_attack():
    bits = ladder.bits_told(TRIES, N)

    assert boost(0, has_ladder=False) - 0.5 < ladder.largest_bias(bits, N)

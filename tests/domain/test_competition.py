"""The closing: who counts, who wins, who moved, and who was expected to."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import competition, statistics
from databoard.domain.competition import Change
from databoard.domain.leaderboard import Entry, rank

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HIGHER = {"is_lower_the_better": False}


def entry(key, team, score, off_rank="", minute=0):
    return Entry(key, team, score, NOON + timedelta(minutes=minute), off_rank)


ENTRIES = [
    entry(1, "a", 0.9),
    entry(2, "a", 0.8),
    entry(3, "a", 0.7),
    entry(4, "b", 0.85),
    entry(5, "b", 0.6),
    entry(6, "c", 0.95, "late"),
    entry(7, "d", None),
]


def keys(entries):
    return [chosen.key for chosen in entries]


@pytest.mark.parametrize(
    ("chosen", "n_final", "expected"),
    [
        ((), 1, [1, 4]),
        ((), 2, [1, 4, 2, 5]),
        ((3,), 2, [4, 3, 5]),
        ((3, 5), 1, [3, 5]),
        ((1, 2, 3), 2, [1, 4, 2, 5]),
        ((6, 7), 1, [1, 4]),
    ],
)
def test_a_team_is_judged_by_its_choice_or_its_best(chosen, n_final, expected):
    assert keys(competition.final_selection(ENTRIES, chosen, n_final=n_final, **HIGHER)) == expected


def test_the_best_private_score_of_a_teams_selection_counts():
    final = competition.final_selection(ENTRIES, (), n_final=2, **HIGHER)

    board = competition.final_board(final, {1: 0.5, 2: 0.7, 4: 0.6, 5: math.nan}, **HIGHER)

    assert [(row.entry.team, row.entry.key, row.rank) for row in board] == [
        ("a", 2, 1),
        ("b", 4, 2),
    ]


def test_moves_from_the_public_to_the_private_board():
    public = rank(
        [entry(1, "a", 3), entry(2, "b", 2), entry(3, "c", 1), entry(4, "d", 0)], **HIGHER
    )
    private = rank([entry(3, "c", 9), entry(1, "a", 8), entry(2, "b", 7)], **HIGHER)

    moved = competition.changes(public, private)

    assert [(change.team, change.gain) for change in moved] == [
        ("c", 2),
        ("a", -1),
        ("b", -1),
        ("d", None),
    ]
    assert competition.shake_up(moved) == pytest.approx(4 / 9)
    assert math.isnan(competition.shake_up([Change("a", 1, None)]))


@given(st.permutations(range(8)))
def test_the_shake_up_lies_between_nothing_and_the_reverse(order):
    moved = [Change(team, team + 1, place + 1) for place, team in enumerate(order)]

    shake = competition.shake_up(moved)

    assert 0 <= shake <= 0.5
    assert sum(change.gain for change in moved) == 0
    assert (shake == 0) == (list(order) == sorted(order))


def worlds(rng, n_worlds, n_teams=8, n_public=300, n_private=700):
    """Competitions of teams whose skills differ, with everything that will be known."""
    for _ in range(n_worlds):
        skill = rng.normal(0, 0.05, n_teams)
        shared = rng.normal(size=n_public + n_private)
        losses = skill[:, None] + 0.5 * (shared + rng.normal(size=(n_teams, n_public + n_private)))
        public, private = losses[:, :n_public], losses[:, n_public:]
        scores = public.mean(axis=1)
        evidence = statistics.evidence_of_examples(scores, public - scores[:, None])
        yield evidence, private.mean(axis=1)


def test_forecasts_come_true_as_often_as_they_say():
    """Calibration: in bins of the stated chance, the winner is among them that often."""
    rng = np.random.default_rng(0)
    stated, came_true = [], []
    for evidence, private in worlds(rng, 400):
        found = competition.forecast(
            evidence,
            range(8),
            rng,
            is_lower_the_better=True,
            n_public=300,
            n_private=700,
            n_draws=300,
        )
        stated += list(found.win.values())
        came_true += (np.arange(8) == private.argmin()).tolist()
    stated, came_true = np.array(stated), np.array(came_true)

    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.01)):
        inside = (low <= stated) & (stated < high)
        assert inside.sum() > 50
        assert abs(stated[inside].mean() - came_true[inside].mean()) < 0.07


def test_chances_sum_to_the_places_and_follow_the_board():
    evidence = statistics.Evidence(np.array([0.9, 0.85, 0.6, 0.5]), np.eye(4) * 1e-3)

    found = competition.forecast(
        evidence,
        ["a", "b", "c", "a"],
        np.random.default_rng(1),
        is_lower_the_better=False,
        n_public=100,
        n_private=100,
    )

    assert sum(found.win.values()) == pytest.approx(1)
    assert found.win["a"] > found.win["b"] > found.win["c"]
    assert found.podium == {"a": 1, "b": 1, "c": 1}


def test_one_team_wins_and_equal_teams_have_equal_chances():
    options = {"is_lower_the_better": False, "n_public": 10, "n_private": 10}
    rng = np.random.default_rng(2)

    one = competition.forecast(
        statistics.Evidence(np.ones(1), np.ones((1, 1))), ["a"], rng, **options
    )
    equal = competition.forecast(
        statistics.Evidence(np.ones(2), np.eye(2)), ["a", "b"], rng, **options
    )

    assert one.win == {"a": 1}
    assert equal.win["a"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_identical_submissions_are_forecast_evenly(seed):
    # their errors are one and the same, so the covariance is singular, and rounded at that
    rng = np.random.default_rng(seed)
    moves = np.tile(rng.normal(size=200), (5, 1)) * rng.uniform(0.1, 1e6)
    evidence = statistics.evidence_of_examples(np.full(5, 0.87), moves)

    found = competition.forecast(
        evidence, "abcde", rng, is_lower_the_better=False, n_public=200, n_private=300
    )

    assert sum(found.win.values()) == pytest.approx(1)
    assert all(chance == pytest.approx(0.2, abs=0.05) for chance in found.win.values())


def test_perfect_submissions_share_the_victory():
    # nothing is drawn, as they have no errors at all
    evidence = statistics.Evidence(np.ones(2), np.zeros((2, 2)))

    found = competition.forecast(
        evidence, "ab", np.random.default_rng(0), n_public=9, n_private=9, **HIGHER
    )

    assert found.win == {"a": 0.5, "b": 0.5}


def test_copies_of_a_submission_change_nobody_elses_chances_much():
    rng = np.random.default_rng(3)
    moves = rng.normal(size=(3, 400))
    scores = np.array([0.5, 0.52, 0.9])
    options = {"is_lower_the_better": True, "n_public": 400, "n_private": 400}

    with_copies = competition.forecast(
        statistics.evidence_of_examples(scores[[0, 1, 2, 0, 0]], moves[[0, 1, 2, 0, 0]]),
        ["a", "b", "c", "a", "a"],
        rng,
        **options,
    )
    alone = competition.forecast(
        statistics.evidence_of_examples(scores, moves), ["a", "b", "c"], rng, **options
    )

    assert with_copies.win["b"] == pytest.approx(alone.win["b"], abs=0.1)
    assert with_copies.win["c"] < 0.01


@given(
    st.integers(1, 6),
    st.lists(st.floats(1e-6, 1e6), min_size=6, max_size=6),
    st.integers(0, 1000),
)
def test_no_board_is_too_odd_to_be_forecast(n, sizes, seed):
    """Any mixture of copies, constants and wild ones: chances, never an error."""
    rng = np.random.default_rng(seed)
    kinds = rng.normal(size=(3, 50))
    kinds[2] = 0.0
    moves = kinds[rng.integers(0, 3, n)] * np.array(sizes)[:n, None]
    evidence = statistics.evidence_of_examples(np.round(rng.normal(size=n), 1), moves)

    found = competition.forecast(
        evidence, range(n), rng, is_lower_the_better=True, n_public=50, n_private=50, n_draws=50
    )

    assert sum(found.win.values()) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in found.win.values())

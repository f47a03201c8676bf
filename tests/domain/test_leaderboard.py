"""Order, ranks and fronts."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from databoard.domain import leaderboard
from databoard.domain.leaderboard import Entry

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def entry(key, score, minute=0, team="a", off_rank=""):
    return Entry(key, team, score, NOON + timedelta(minutes=minute), off_rank)


def listed(entries, **options):
    options = {"is_lower_the_better": False, "precision": 2} | options
    return [(row.entry.key, row.rank) for row in leaderboard.rank(entries, **options)]


def test_equal_at_the_shown_precision_share_a_rank_and_the_earlier_is_listed_first():
    entries = [entry(1, 0.914, 9), entry(2, 0.911, 3), entry(3, 0.8, 1), entry(4, 0.95, 8)]

    assert listed(entries) == [(4, 1), (2, 2), (1, 2), (3, 4)]


def test_without_a_precision_the_last_digit_decides():
    entries = [entry(1, 0.911, 1), entry(2, 0.911 + 1e-12, 9)]

    assert listed(entries, precision=None) == [(2, 1), (1, 2)]


def test_lower_may_be_better():
    entries = [entry(1, 3.0), entry(2, -1.0), entry(3, math.inf)]

    assert listed(entries, is_lower_the_better=True) == [(2, 1), (1, 2), (3, 3)]


def test_what_has_no_score_never_has_a_rank():
    entries = [entry(1, None, 5), entry(2, math.nan, 4), entry(3, 0.0)]

    assert listed(entries) == [(3, 1), (2, None), (1, None)]


def test_what_is_off_rank_stands_where_it_belongs_and_takes_nobodys_place():
    entries = [entry(1, 0.5), entry(2, 0.7, off_rank="baseline"), entry(3, 0.9)]

    assert listed(entries) == [(3, 1), (2, None), (1, 2)]


def test_negative_and_positive_zero_are_one_rank():
    assert listed([entry(1, 0.0), entry(2, -0.0), entry(3, -0.001)]) == [(1, 1), (2, 1), (3, 1)]


SCORES = st.lists(st.one_of(st.floats(), st.sampled_from([0.5, 0.504, 0.496])), max_size=20)


@given(SCORES, st.booleans(), st.sampled_from([None, 0, 2]))
def test_ranks_of_numbers_equal_ranks_of_entries(scores, lower, precision):
    entries = [entry(i, score) for i, score in enumerate(scores)]
    options = {"is_lower_the_better": lower, "precision": precision}

    by_key = dict(listed(entries, **options))

    expected = [by_key[i] or 0 for i in range(len(scores))]
    assert leaderboard.ranks(scores, **options).tolist() == expected


@given(SCORES)
def test_a_rank_is_one_more_than_the_number_of_better_scores(scores):
    ranks = leaderboard.ranks(scores, is_lower_the_better=False)

    for score, rank in zip(scores, ranks, strict=True):
        if not math.isnan(score):
            assert rank == 1 + sum(other > score for other in scores)


def test_each_team_stands_once_on_the_competition_board():
    entries = [
        entry(1, 0.9, 5, team="a"),
        entry(2, 0.904, 1, team="a"),
        entry(3, 0.95, team="b", off_rank="late"),
        entry(4, 0.5, team="b"),
        entry(5, 0.99, team="c", off_rank="disqualified"),
        entry(6, None, team="d"),
    ]

    best = leaderboard.best_per_team(entries, is_lower_the_better=False, precision=2)

    assert [chosen.key for chosen in best] == [5, 2, 4]


@given(hnp.arrays(np.float64, st.integers(0, 20)), st.booleans())
def test_the_best_so_far_never_gets_worse(scores, lower):
    best = leaderboard.best_so_far(scores, is_lower_the_better=lower)

    known = best[~np.isnan(best)]
    assert len(best) == len(scores)
    assert (known[1:] <= known[:-1] if lower else known[1:] >= known[:-1]).all()


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 12), st.integers(1, 3)),
        elements=st.one_of(st.integers(0, 4).map(float), st.just(math.nan)),
    )
)
def test_the_front_is_what_nothing_dominates(points):
    is_lower = [True, False, True][: points.shape[1]]
    costs = np.where(is_lower, points, -points)

    front = leaderboard.pareto_front(points, is_lower)

    for i, cost in enumerate(costs):
        dominated = any((o <= cost).all() and (o < cost).any() for o in costs)
        assert front[i] == (not dominated and not np.isnan(cost).any())

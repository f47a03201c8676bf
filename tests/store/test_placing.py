"""Lines of boards follow every change, whoever makes it."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from databoard.services import events, leaderboards, marks, submissions
from databoard.store import placing
from databoard.store.models import Standing, Submission
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
)


@pytest.fixture
def place(session):
    return make_event_team(session, make_event(session))


def lines(session):
    rows = session.execute(
        select(
            Standing.submission_id,
            Standing.board,
            Standing.key,
            Standing.is_ranked,
            Standing.submitted_at,
            Standing.event_team_id,
        ).order_by(Standing.submission_id, Standing.board)
    )
    return [tuple(row) for row in rows]


def keys(session, board="public"):
    return [(key, is_ranked) for _, of, key, is_ranked, *_ in lines(session) if of == board]


def test_a_scored_submission_is_on_both_boards_and_no_other_is_on_any(session, place):
    make_submission(session, place)
    scored = make_scored_submission(session, place, score=0.12345)

    assert [line[:4] for line in lines(session)] == [
        (scored.id, "private", -0.123, True),
        (scored.id, "public", -0.123, True),
    ]


def test_what_leaves_the_board_leaves_no_line(session, place, tmp_path):
    again, gone, replaced = (make_scored_submission(session, place) for _ in range(3))

    submissions.retry(session, again, now=NOON)
    submissions.delete(session, gone, submissions_dir=tmp_path)
    replaced.withdrawn_at = NOON
    session.flush()

    assert lines(session) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda session, one: marks.mark_submission(
            session, one, by=None, now=NOON, is_baseline=True
        ),
        lambda session, one: marks.mark_submission(
            session, one, by=None, now=NOON, disqualification="a copy"
        ),
        lambda session, one: marks.mark_team(
            session, one.event_team, by=None, now=NOON, disqualification="cheats"
        ),
        lambda _session, one: setattr(one, "is_late", True),
    ],
)
def test_who_does_not_compete_keeps_the_line_and_loses_the_rank(session, place, change):
    one = make_scored_submission(session, place, score=0.5)

    change(session, one)
    session.flush()

    assert keys(session) == [(-0.5, False)]


def test_a_score_that_is_held_back_stands_last(session, place):
    one = make_scored_submission(session, place, score=0.5)
    one.scores[0].public = None
    session.flush()

    assert keys(session) == [(math.inf, False)]
    assert keys(session, "private") == [(-0.5, True)]


def test_another_precision_or_another_way_of_ranking_moves_all_lines(session, place):
    one = make_scored_submission(session, place, score=0.777)
    one.scores[0].valid_mean = 0.6
    place.event.score_types[0].precision = 1
    session.flush()
    rounded = keys(session)
    events.update(session, place.event, ranking="mean")

    assert rounded == [(-0.8, True)]
    assert keys(session) == [(-0.6, True)]


def test_lines_that_were_lost_are_derived_again(session, place):
    for score in (0.1, 0.2, 0.3):
        make_scored_submission(session, place, score=score)
    before = lines(session)
    session.execute(delete(Standing))

    placing.place(session, Submission.event_id == place.event_id)

    assert lines(session) == before


def test_many_lines_are_ranked_as_the_rule_says(session, place):  # R17
    from databoard.domain import leaderboard

    for number in range(40):
        make_scored_submission(
            session,
            place,
            score=round(0.5 + number % 7 / 100 + number / 1e5, 6),
            submitted_at=NOON + timedelta(minutes=number * 7 % 40),
            is_late=number % 11 == 0,
        )
    whole = leaderboards.build(session, place.event, "public", now=NOON)
    entries = [
        leaderboard.Entry(
            one.id, 1, one.scores[0].public, one.submitted_at, "late" if one.is_late else ""
        )
        for one in session.scalars(select(Submission))
    ]
    rule = leaderboard.rank(entries, is_lower_the_better=False, precision=3)
    hashes = {one.id: one.hash_ for one in session.scalars(select(Submission))}

    assert [(row.hash_, row.rank) for row in whole.rows] == [
        (hashes[row.entry.key], row.rank) for row in rule
    ]
    # Any page, in any order, has the same ranks.
    ranks = {row.hash_: row.rank for row in whole.rows}
    for choice in (
        leaderboards.Choice(page=3, size=7),
        leaderboards.Choice(order="submitted", is_descending=True, size=9),
        leaderboards.Choice(words=("submission",), size=5, page=2),
    ):
        page = leaderboards.build(session, place.event, "public", now=NOON, choice=choice)
        assert page.n_rows == 40
        assert page.n_ranked == sum(rank is not None for rank in ranks.values())
        assert page.rows
        assert all(row.rank == ranks[row.hash_] for row in page.rows)

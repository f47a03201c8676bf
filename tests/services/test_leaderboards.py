"""Boards: from rows, in order, ties shared, and nobody's place taken by what does not compete."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event

from databoard.errors import NotFoundError
from databoard.services import events, leaderboards, submissions
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_score_type,
    make_scored_submission,
    make_submission,
    make_team,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def event(session):
    return make_event(session, "parity")


def place_of(session, event, name, **fields):
    return make_event_team(session, event, make_team(session, name), **fields)


def board(session, event, kind="public"):
    return leaderboards.build(session, event, kind, now=NOON)


def lines(session, event, kind="public"):
    return [(row.rank, row.team, row.submission) for row in board(session, event, kind).rows]


def test_better_scores_stand_higher_and_ties_share_a_rank(session, event):
    one, two = place_of(session, event, "one"), place_of(session, event, "two")
    make_scored_submission(session, one, "late", score=0.9, submitted_at=NOON + MINUTE)
    make_scored_submission(session, two, "early", score=0.9004, submitted_at=NOON)
    make_scored_submission(session, one, "best", score=0.95)
    make_scored_submission(session, two, "last", score=0.1)

    assert lines(session, event) == [
        (1, "one", "best"),
        (2, "two", "early"),
        (2, "one", "late"),
        (4, "two", "last"),
    ]


def test_of_some_scores_less_is_better(session):
    event = make_event(
        session, score_types=[make_score_type(session, "nll", is_lower_the_better=True)]
    )
    place = place_of(session, event, "one")
    make_scored_submission(session, place, "bad", score=0.9)
    make_scored_submission(session, place, "good", score=0.1)

    assert [name for _, _, name in lines(session, event)] == ["good", "bad"]


def test_what_does_not_compete_is_listed_without_a_rank(session, event):
    place = place_of(session, event, "one")
    out = place_of(session, event, "cheats", disqualified_at=NOON)
    make_scored_submission(session, place, "baseline", score=0.99, is_baseline=True)
    make_scored_submission(session, place, "late", score=0.98, is_late=True)
    make_scored_submission(session, place, "copied", score=0.97, disqualification="a copy")
    make_scored_submission(session, out, "copied", score=0.96)
    make_scored_submission(session, place, "honest", score=0.5)

    rows = board(session, event).rows

    assert [row.rank for row in rows] == [None, None, None, None, 1]
    assert [row.off_rank for row in rows] == [
        "baseline",
        "late",
        "disqualified",
        "disqualified",
        "",
    ]


def test_the_competition_has_each_teams_best(session, event):
    for team, scores in (("one", (0.5, 0.9)), ("two", (0.8, 0.2))):
        place = place_of(session, event, team)
        for score in scores:
            make_scored_submission(session, place, f"s{score}", score=score)

    assert lines(session, event, "competition") == [(1, "one", "s0.9"), (2, "two", "s0.8")]


def test_the_private_board_ranks_by_test_scores(session, event):
    place = place_of(session, event, "one")
    overfitted = make_scored_submission(session, place, "overfitted", score=0.9)
    make_scored_submission(session, place, "honest", score=0.8)
    overfitted.scores[0].private = 0.1
    overfitted.scores[0].test_std = 0.3

    assert [name for _, _, name in lines(session, event)] == ["overfitted", "honest"]
    private = board(session, event, "private")
    assert [row.submission for row in private.rows] == ["honest", "overfitted"]
    assert [row.scores["accuracy"] for row in private.rows] == [0.8, 0.1]
    assert [row.spread for row in private.rows] == [0.0, 0.3]
    # Nothing of the test rows on a board of validation scores.
    assert {row.scores["accuracy"] for row in board(session, event).rows} == {0.9, 0.8}


def test_scores_are_kept_whole_and_shown_as_the_event_says(session, event):
    event.score_types[0].precision = 2
    make_scored_submission(session, place_of(session, event, "one"), score=2 / 3)

    row = board(session, event).rows[0]

    assert row.scores == {"accuracy": 2 / 3}
    assert row.shown == {"accuracy": "0.67"}


def test_the_official_score_comes_first_wherever_it_was_listed(session):
    scores = [
        make_score_type(session, "acc"),
        make_score_type(session, "nll", is_lower_the_better=True),
    ]
    event = make_event(session, score_types=scores)
    event.score_types[0].is_official, event.score_types[1].is_official = False, True
    session.flush()

    result = board(session, event)

    assert [column.name for column in result.columns] == ["nll", "acc"]
    assert result.official.name == "nll"


def test_a_submission_without_an_official_score_stands_last_without_a_rank(session, event):
    place = place_of(session, event, "one")
    broken = make_scored_submission(session, place, "broken", score=0.9)
    broken.scores[0].public = None
    make_scored_submission(session, place, "good", score=0.1)

    assert lines(session, event) == [(1, "one", "good"), (None, "one", "broken")]


def test_other_boards_list_what_failed_and_what_waits_newest_first(session, event):
    place = place_of(session, event, "one")
    for i, state in enumerate(("new", "training", "training_error", "cancelled", "quarantined")):
        made = make_submission(session, place, state, state=state, submitted_at=NOON + i * MINUTE)
        for run in made.fold_runs:
            run.state = "new" if state in ("new", "training") else "cancelled"
    make_submission(session, place, "replaced", withdrawn_at=NOON)
    make_scored_submission(session, place)

    assert [row.submission for row in board(session, event, "new").rows] == ["training", "new"]
    assert [row.submission for row in board(session, event, "failed").rows] == [
        "quarantined",
        "cancelled",
        "training_error",
    ]


def test_there_are_no_other_boards(session, event):  # W11
    with pytest.raises(NotFoundError):
        board(session, event, "public; DROP TABLE users")


def test_an_empty_board_is_a_board(session, event):
    for kind in leaderboards.BOARDS:
        assert board(session, event, kind).rows == ()


def test_a_board_knows_only_its_event_and_its_version(session, event):
    make_scored_submission(session)
    version = board(session, event).version

    events.touch(session, event.id)
    session.commit()
    session.refresh(event)

    assert board(session, event).rows == ()
    assert board(session, event).version == version + 1


def test_a_board_is_what_the_rows_say_after_any_change(session, event, submissions_dir):  # R17
    place = place_of(session, event, "one")
    kept = make_scored_submission(session, place, "kept", score=0.5)
    again = make_scored_submission(session, place, "again", score=0.6)
    gone = make_scored_submission(session, place, "gone", score=0.7)

    submissions.retry(session, again, now=NOON)
    submissions.delete(session, gone, submissions_dir=submissions_dir)

    assert [row.hash_ for row in board(session, event).rows] == [kept.hash_]
    assert board(session, event).rows[0].n_tries == 2


def test_all_lines_of_a_team_tell_its_tries_and_its_trend(session, event):
    for name, n in (("one", 3), ("two", 2)):
        place = place_of(session, event, name)
        for i in range(n):
            make_scored_submission(session, place, score=0.1 * i)

    a_page = leaderboards.Choice(size=100)
    rows = leaderboards.build(session, event, "public", now=NOON, choice=a_page).rows

    assert sorted(row.n_tries for row in rows) == [2, 2, 3, 3, 3]
    assert {len(row.trend.scores) for row in rows if row.team == "one"} == {3}
    assert {len(row.trend.scores) for row in rows if row.team == "two"} == {2}


def test_a_board_of_many_asks_as_often_as_a_board_of_one(session, event):
    def n_statements():
        statements = []
        bind = session.get_bind()
        listener = lambda *args: statements.append(args[2])  # noqa: E731
        sql_event.listen(bind, "before_cursor_execute", listener)
        board(session, event)
        sql_event.remove(bind, "before_cursor_execute", listener)
        return len(statements)

    place = place_of(session, event, "one")
    make_scored_submission(session, place)
    one = n_statements()
    for _ in range(20):
        make_scored_submission(session, place)

    assert n_statements() == one <= 5

"""Two teams become one in an event: both agree, and nothing is gained but company."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from databoard.errors import DuplicateError, ForbiddenError, InvalidError, NotFoundError, QuotaError
from databoard.services import leaderboards, merging, submissions, teams
from databoard.store.models import (
    EventTeam,
    Job,
    OutgoingMail,
    SandboxFile,
    Standing,
    Submission,
)
from databoard.store.queries import merging as queries
from databoard.store.queries import submissions as submission_queries
from databoard.store.queries import teams as team_queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def event(session):
    return make_event(session, "iris", can_merge_teams=True, max_members_per_team=2)


@pytest.fixture
def ada(session):
    return make_user(session, "ada")


@pytest.fixture
def bob(session):
    return make_user(session, "bob")


@pytest.fixture
def first(session, event, ada):
    return make_event_team(session, event, make_team(session, "ones", [ada]))


@pytest.fixture
def second(session, event, bob):
    return make_event_team(session, event, make_team(session, "twos", [bob]))


@pytest.fixture
def merge(session, first, second, ada):
    return merging.propose(session, first, "twos", "both", ada, now=NOON)


def test_both_founders_agree_and_one_team_goes_on(session, event, ada, bob, first, second, merge):
    (letter,) = session.scalars(select(OutgoingMail))
    assert letter.to == "bob@example.org"

    place = merging.accept(session, merge, bob, now=NOON)

    assert place.team.name == "both"
    assert team_queries.members(session, place.team_id) == [ada, bob]
    assert [one.team.name for one in team_queries.in_event(session, event)] == ["both"]
    assert team_queries.event_team_of(session, event, bob).id == place.id
    assert queries.by_key(session, merge.id) is None
    assert merge.is_accepted


def test_what_both_made_is_the_new_teams_and_counts_for_it(
    session, event, bob, first, second, merge
):
    event.max_per_day = 3
    made = [
        make_scored_submission(session, first, "forest", submitted_at=NOON, is_final=True),
        make_submission(session, second, "forest", submitted_at=NOON, has_job=True),
        make_submission(session, second, "old", withdrawn_at=NOON, submitted_at=NOON),
    ]
    session.add(
        SandboxFile(event_team_id=first.id, filename="a.py", content=b"ones", updated_at=NOON)
    )
    session.add(
        SandboxFile(event_team_id=second.id, filename="a.py", content=b"twos", updated_at=NOON)
    )
    session.flush()

    place = merging.accept(session, merge, bob, now=NOON)

    rows = session.scalars(select(Submission).order_by(Submission.id)).all()
    assert [one.event_team_id for one in rows] == [place.id] * len(made)
    assert [one.name for one in rows] == ["forest", "forest_twos", "old"]
    assert not any(one.is_final for one in rows)
    assert session.scalars(select(Job.event_team_id)).all() == [place.id]
    assert [file.content for file in place.sandbox] == [b"ones"]
    assert len(submission_queries.counted_times(session, place.id)) == 3
    with pytest.raises(QuotaError):
        submissions.check_allowance(session, place, NOON + HOUR)


@pytest.mark.parametrize("is_agreed", [True, False])
def test_a_team_that_went_on_as_another_does_not_sign_up_again_for_fresh_quotas(
    session, event, ada, bob, first, second, merge, tmp_path, is_agreed
):
    if is_agreed:
        place = merging.accept(session, merge, bob, now=NOON)
    else:
        place = merging.merge_places(session, first, second, "both", now=NOON)
    teams.remove_member(session, place.team, bob, now=NOON)

    with pytest.raises(ForbiddenError, match="twos went on as both"):
        teams.sign_up(session, event, second.team, problems_dir=tmp_path, now=NOON)

    assert second.left_at == NOON
    assert place.team.name == "both"


def test_the_lines_of_the_boards_go_with_what_was_submitted(
    session, event, bob, first, second, merge
):
    for old, score in ((first, 0.5), (first, 0.7), (second, 0.9)):
        make_scored_submission(session, old, score=score)
    asked = select(Standing.submission_id, Standing.board, Standing.key, Standing.is_ranked)
    asked = asked.order_by(Standing.submission_id, Standing.board)
    before = session.execute(asked).all()

    place = merging.accept(session, merge, bob, now=NOON)

    assert set(session.scalars(select(Standing.event_team_id))) == {place.id}
    assert session.execute(asked).all() == before
    board = leaderboards.build(session, event, "public", now=NOON)
    assert [(row.rank, row.team) for row in board.rows] == [(1, "both"), (2, "both"), (3, "both")]


def test_extensions_last_only_where_both_have_them(session, bob, first, second, merge):
    first.extra_closing_at, first.extra_per_day = NOON + HOUR, 2
    second.extra_per_day = 1

    place = merging.accept(session, merge, bob, now=NOON)

    assert (place.extra_closing_at, place.extra_per_day) == (None, 1)


def test_only_who_was_asked_accepts(session, ada, bob, merge):
    with pytest.raises(ForbiddenError):
        merging.accept(session, merge, ada, now=NOON)
    with pytest.raises(NotFoundError):
        merging.find(session, merge.id, make_user(session))

    merging.decline(session, merging.find(session, merge.id, bob), now=NOON)

    with pytest.raises(NotFoundError):
        merging.find(session, merge.id, bob)


@pytest.mark.parametrize(
    "fields",
    [
        {"can_merge_teams": False},
        {"merging_ends_at": NOON},
        {"closing_at": NOON},
        {"archived_at": NOON - HOUR},
    ],
)
def test_an_event_ends_merging(session, event, ada, bob, first, second, merge, fields):
    for name, value in fields.items():
        setattr(event, name, value)

    with pytest.raises(ForbiddenError):
        merging.propose(session, first, "twos", "us", ada, now=NOON)
    with pytest.raises(ForbiddenError):
        merging.accept(session, merge, bob, now=NOON)
    # An organiser may still.
    assert merging.merge_places(session, first, second, "us", now=NOON).team.name == "us"


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"max_members_per_team": 1}, "together you are 2"), ({"max_submissions": 1}, "Together you")],
)
def test_the_limits_of_one_team_hold_for_both(
    session, event, bob, first, second, merge, fields, words
):
    make_scored_submission(session, first)
    make_scored_submission(session, second)
    for name, value in fields.items():
        setattr(event, name, value)

    with pytest.raises(InvalidError, match=words):
        merging.accept(session, merge, bob, now=NOON)

    assert session.scalars(select(EventTeam.left_at)).all() == [None, None]


def test_a_proposal_is_for_another_team_of_the_event_under_a_free_name(
    session, ada, bob, first, second
):
    make_team(session, "elsewhere")
    for other, name, error in [
        ("ones", "us", InvalidError),
        ("elsewhere", "us", InvalidError),
        ("twos", "TWOS", DuplicateError),
        ("twos", "x", InvalidError),
    ]:
        with pytest.raises(error):
            merging.propose(session, first, other, name, ada, now=NOON)
    with pytest.raises(ForbiddenError):
        merging.propose(session, first, "twos", "us", bob, now=NOON)

    merging.propose(session, first, "twos", "us", ada, now=NOON)
    with pytest.raises(DuplicateError):
        merging.propose(session, first, "twos", "we", ada, now=NOON)

"""Events: made whole, with the kit's folds and scores, and changed within their rules."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

from databoard.errors import DuplicateError, InvalidError, KitError, NotFoundError
from databoard.services import events, problems
from databoard.store.models import Event, Fold, ScoreType, Submission
from databoard.store.queries import events as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_job,
    make_scored_submission,
    make_user,
)

DAY = timedelta(days=1)


@pytest.fixture
def add(session, make_kit, problems_dir):
    make_kit()
    problems.add_problem(session, "parity", problems_dir=problems_dir, now=NOON)

    def make(name="parity_2026", problem="parity", **fields):
        return events.add_event(
            session, name, problems_dir=problems_dir, now=NOON, problem=problem, **fields
        )

    return make


def test_an_event_on_a_bare_kit_has_its_title_scores_and_folds(session, add):  # checklist 35
    event = add()

    session.expire_all()
    assert (event.name, event.title, event.problem.name) == (
        "parity_2026",
        "Tell even from odd",
        "parity",
    )
    assert [
        (s.name, s.precision, s.is_official, s.is_lower_the_better, s.minimum, s.maximum)
        for s in event.score_types
    ] == [("acc", 2, True, False, 0.0, 1.0), ("nll", 3, False, True, 0.0, math.inf)]
    rows = np.arange(12)
    folds = queries.folds(session, event.id, with_rows=True)
    assert len(folds) == 3
    for k, fold in enumerate(folds):
        np.testing.assert_array_equal(fold.train_is, rows[rows % 3 != k])
        np.testing.assert_array_equal(fold.valid_is, rows[rows % 3 == k])
    assert event.data_hash == event.problem.data_hash
    assert len(event.folds_hash) == 64
    assert (event.opening_at, event.closing_at) == (None, None)


def test_an_event_may_be_called_like_its_problem(session, add):
    assert add("parity", None).problem.name == "parity"


def test_the_same_kit_gives_the_same_folds(session, add):
    assert add("first").folds_hash == add("second").folds_hash
    assert session.scalar(select(func.count()).select_from(ScoreType)) == 2


def test_an_event_needs_a_problem(session, add, make_kit):
    make_kit("not_added")

    with pytest.raises(NotFoundError, match="fab add_problem:not_added"):
        add("new", "not_added")
    with pytest.raises(KitError):
        add("new", "nowhere")
    with pytest.raises(InvalidError):
        add("Not A Name")


def test_a_kit_whose_folds_fail_makes_no_event(session, make_kit, problems_dir):
    make_kit("bad", **{"for k in range(3):": "for k in range(0):"})
    problems.add_problem(session, "bad", problems_dir=problems_dir, now=NOON)
    session.commit()

    with pytest.raises(KitError, match="no folds"):
        events.add_event(session, "bad", problems_dir=problems_dir, now=NOON)
    session.rollback()

    assert queries.by_name(session, "bad") is None
    assert session.scalar(select(func.count()).select_from(Fold)) == 0


def test_force_replaces_an_event_and_all_in_it(session, add):  # checklist 33
    old = add()
    other = add("other")
    made = make_scored_submission(session, make_event_team(session, old))
    make_job(session, made, state="done")

    with pytest.raises(DuplicateError, match="force=True"):
        add()
    assert events.what_goes_with_event(session, old) == (
        "event parity_2026, sign-ups of teams: 1, submissions: 1"
    )
    new = add(force=True)

    assert new is not old
    assert session.scalar(select(func.count()).select_from(Submission)) == 0
    assert set(session.scalars(select(Event.name))) == {"parity_2026", other.name}


def test_an_event_that_is_not_there_is_not_removed(session):
    with pytest.raises(NotFoundError):
        events.remove_event(session, "nowhere")


def test_organisers_come_and_go(session):
    event, ada = make_event(session), make_user(session)

    for _ in range(2):
        events.make_admin(session, event, ada)
    assert queries.admins(session, event) == [ada]
    assert queries.is_admin(session, event, ada)
    assert queries.administered(session, ada) == [event]
    for _ in range(2):
        events.remove_admin(session, event, ada)
    assert not queries.is_admin(session, event, ada)
    assert queries.is_admin(session, event, make_user(session, access_level="admin"))


def test_settings_change_and_make_a_new_version(session):
    event = make_event(session)
    version = queries.version(session, event.id)

    events.update(session, event, closing_at=NOON + DAY, pause_s=60, max_per_day=None)
    session.commit()

    assert (event.closing_at, event.pause_s) == (NOON + DAY, 60)
    assert queries.version(session, event.id) == version + 1
    assert queries.versions(session)[event.name] == version + 1


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 7},
        {"version": 1},
        {"data_hash": ""},
        {"opening_at": NOON, "closing_at": NOON - DAY},
        {"fold_seconds": 0},
        {"max_members_per_team": 0},
        {"pause_s": -1},
        {"max_per_day": -1},
        {"log_policy": "secret"},
        {"ranking": "luck"},
        {"title": ""},
        {"title": "x" * 201},
        {"freeze_at": NOON},  # until a closing that there is not
    ],
)
def test_a_wrong_setting_changes_nothing(session, fields):  # W14
    event = make_event(session, title="Before")
    before = {name: getattr(event, name) for name in (*fields, "title")}

    with pytest.raises(InvalidError):
        events.update(session, event, **fields)

    assert {name: getattr(event, name) for name in before} == before


def test_who_sees_which_events(session):  # W10
    public = make_event(session, "public")
    hidden = make_event(session, "hidden", is_public=False)
    organiser, member, stranger = (make_user(session) for _ in range(3))
    events.make_admin(session, hidden, organiser)
    place = make_event_team(session, hidden)
    place.team.members.append(type(place.team.members[0])(user=member, joined_at=NOON))
    session.flush()
    admin = make_user(session, access_level="admin")

    assert queries.visible(session, None) == [public]
    assert queries.visible(session, stranger) == [public]
    for user in (organiser, member, admin):
        assert {e.name for e in queries.visible(session, user)} == {"public", "hidden"}
    place.left_at = NOON
    assert queries.visible(session, member) == [public]
    assert queries.administered(session, stranger) == []
    assert len(queries.administered(session, admin)) == 2

"""How much errors tell a team where the data is private (L11)."""

from __future__ import annotations

import json

import pytest

from databoard.domain.rules import MAX_BYTES_TOLD
from databoard.services import jobs, results
from databoard.services.results import Ending
from databoard.services.telling import USED_UP
from databoard.store.models import Job
from tests.builders import NOON, make_event, make_event_team, make_submission


@pytest.fixture
def place(session):
    return make_event_team(session, make_event(session, log_policy="limited"))


def fail(session, place, name, message, **fields):
    """Have a submission of the team fail; what its page says."""
    submission = make_submission(session, place, name, has_job=True)
    job = jobs.claim(session, "trainer", now=NOON)
    ending = Ending(state="training_error", fault="team", message=message, **fields)
    assert results.finish(session, job.id, job.token, ending, now=NOON)
    session.refresh(place)
    return submission.message


def test_what_errors_quote_is_counted_and_ends_at_the_budget(session, place):  # L11
    said = "ValueError: " + "0110" * 47  # the labels, as far as they fit
    n_fit = MAX_BYTES_TOLD // len(said)

    told = [fail(session, place, f"leak-{i}", said, is_quoted=True) for i in range(n_fit + 2)]

    assert told == [said] * n_fit + [USED_UP] * 2
    assert place.log_bytes_shown == n_fit * len(said) <= MAX_BYTES_TOLD
    assert "ask the organisers" in USED_UP


def test_words_of_ours_are_told_whatever_was_used_up(session, place):
    place.log_bytes_shown = MAX_BYTES_TOLD
    session.flush()
    said = "memory: 2,048 MB limit reached in fold 3"

    assert fail(session, place, "large", said) == said
    assert fail(session, place, "chatty", "KeyError: 3", is_quoted=True) == USED_UP
    assert place.log_bytes_shown == MAX_BYTES_TOLD


def test_where_logs_are_shown_nothing_is_counted(session):
    place = make_event_team(session, make_event(session, log_policy="full"))

    assert fail(session, place, "open", "KeyError: 3", is_quoted=True) == "KeyError: 3"
    assert place.log_bytes_shown == 0


def test_bytes_are_counted_not_characters(session, place):
    fail(session, place, "wide", "🂡" * 10, is_quoted=True)

    assert place.log_bytes_shown == 40


def test_checks_use_the_same_budget(session, place):
    told = []
    for shown in (0, MAX_BYTES_TOLD):
        place.log_bytes_shown = shown
        check = Job(
            event_id=place.event_id,
            event_team_id=place.id,
            lane="check",
            folder="check_1",
            due_at=NOON,
            created_at=NOON,
        )
        session.add(check)
        session.flush()
        job = jobs.claim(session, "trainer", now=NOON, lane="check")
        answer = {"ok": False, "message": "KeyError: 3", "is_quoted": True}
        assert jobs.answer_check(session, job.id, job.token, answer, now=NOON)
        session.refresh(place)
        told.append((json.loads(job.answer), place.log_bytes_shown))

    assert told == [
        ({"ok": False, "message": "KeyError: 3"}, 11),
        ({"ok": False, "message": USED_UP}, MAX_BYTES_TOLD),
    ]

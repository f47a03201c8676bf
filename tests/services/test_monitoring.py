"""A task that is late or failed and a trainer that fell silent are told once, not every hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.services import monitoring, tasks
from databoard.store.models import Trainer
from databoard.store.queries import outbox
from tests.builders import NOON, make_user

HOUR = timedelta(hours=1)
DAILY = {"backup": timedelta(days=1)}


@pytest.fixture
def root(session):
    return make_user(session, "root", access_level="admin")


def ran(session, at, *, ok=True, message="done"):
    run = tasks.start(session, "backup", now=at)
    tasks.finish(session, run, ok=ok, message=message, now=at)


def check(session, now, schedule=DAILY):
    return monitoring.sound(session, monitoring.alarms(session, schedule, now=now), now=now)


def state(session, now, schedule=DAILY):
    (standing,) = monitoring.standings(session, schedule, now=now)
    return standing.state


def test_a_backup_that_did_not_happen_is_one_letter_not_one_per_hour(session, root):
    ran(session, NOON)
    assert check(session, NOON + 25 * HOUR) == 0

    assert [check(session, NOON + hours * HOUR) for hours in (26, 27, 28)] == [1, 0, 0]

    (letter,) = outbox.newest(session)
    assert "backup is late" in letter.subject
    assert "2026-11-22 12:00 UTC" in letter.body


def test_after_it_went_well_the_next_trouble_is_told_again(session, root):
    ran(session, NOON)
    check(session, NOON + 26 * HOUR)
    ran(session, NOON + 27 * HOUR)
    assert check(session, NOON + 27 * HOUR) == 0

    assert check(session, NOON + 53 * HOUR) == 1


def test_failures_in_a_row_are_one_letter_with_the_reason(session, root):
    ran(session, NOON, ok=False, message="writing\nNo space left on device")
    assert check(session, NOON) == 1
    ran(session, NOON + HOUR, ok=False, message="No space left on device")

    assert check(session, NOON + HOUR) == 0
    assert "No space left on device" in outbox.newest(session)[0].body


def test_a_task_that_never_ran_is_late_from_the_first_account_on(session, root):
    assert state(session, NOON + HOUR) == "never"
    assert state(session, NOON + 26 * HOUR) == "late"


def test_a_task_without_a_schedule_is_never_late(session, root):
    ran(session, NOON)

    assert state(session, NOON + 999 * HOUR, {}) == "ok"


def test_a_silent_trainer_is_told_once_and_a_stopped_one_not(session, root):
    for name, condition in (("silent", "running"), ("off", "stopped")):
        session.add(Trainer(name=name, state=condition, started_at=NOON, seen_at=NOON))
    session.flush()

    assert check(session, NOON + timedelta(minutes=5), {}) == 0
    assert check(session, NOON + timedelta(minutes=6), {}) == 1
    assert check(session, NOON + HOUR, {}) == 0
    assert "silent" in outbox.newest(session)[0].subject

"""The queue: claimed once, given back when a lease ends, fair, and never for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.services import jobs, results, submissions
from databoard.services.results import Ending, FoldOutcome
from databoard.store.models import Job
from databoard.store.queries import jobs as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_job,
    make_scored_submission,
    make_submission,
)
from tests.invariants import violations

SECOND = timedelta(seconds=1)
LATER = NOON + jobs.LEASE + SECOND


@pytest.fixture
def place(session):
    return make_event_team(session)


def claim(session, *, now=NOON, **fields):
    return jobs.claim(session, "trainer", now=now, **fields)


def claimed_names(session, n, *, end=False):
    names = []
    for i in range(n):
        job = claim(session, now=NOON + (i + 1) * SECOND)
        names.append(job.submission.name if job else None)
        if job and end:
            jobs.cancelled(session, job.id, job.token, now=NOON)
    return names


def test_a_claim_leases_the_job_and_starts_the_submission(session, place):
    submission = make_submission(session, place, has_job=True)

    job = claim(session)

    assert (job.state, job.owner, job.token, job.attempts) == ("running", "trainer", 1, 1)
    assert job.lease_until == NOON + jobs.LEASE
    assert submission.state == "training"
    assert claim(session) is None
    assert violations(session, now=NOON) == []


def test_what_is_not_due_yet_waits(session, place):
    make_job(session, make_submission(session, place), due_at=NOON + SECOND)

    assert claim(session) is None
    assert claim(session, now=NOON + SECOND)


def test_a_paused_event_is_not_trained(session):
    event = make_event(session, is_paused=True)
    make_submission(session, make_event_team(session, event), has_job=True)

    assert claim(session) is None
    event.is_paused = False
    assert claim(session)


def test_higher_priority_comes_first(session, place):
    for name, priority in (("low", 0), ("high", 5)):
        make_job(session, make_submission(session, place, name), priority=priority)

    assert claimed_names(session, 2) == ["high", "low"]


def test_only_named_submissions_are_claimed_if_asked(session, place):
    make_submission(session, place, "a", has_job=True)
    wanted = make_submission(session, place, "b", has_job=True)

    assert claim(session, submission_ids=[wanted.id]).submission is wanted
    assert claim(session, submission_ids=[wanted.id]) is None
    assert claim(session, submission_ids=[]) is None


@pytest.fixture
def greedy_and_modest(session):
    event = make_event(session)
    greedy, modest = make_event_team(session, event), make_event_team(session, event)
    many = [
        make_submission(
            session, greedy, f"many{i}", has_job=True, submitted_at=NOON - (10 - i) * SECOND
        )
        for i in range(4)
    ]
    return many, make_submission(session, modest, "one", has_job=True, submitted_at=NOON)


@pytest.mark.parametrize("end", [False, True], ids=["two slots", "one slot"])
def test_a_team_that_sends_many_does_not_delay_one_that_sends_one(session, greedy_and_modest, end):
    assert claimed_names(session, 6, end=end) == [  # R19
        "many0",
        "one",
        "many1",
        "many2",
        "many3",
        None,
    ]


def test_the_place_shown_is_the_place_in_turn(session, greedy_and_modest):
    many, one = greedy_and_modest

    places = [jobs.place(session, submission, now=NOON).ahead for submission in (*many, one)]

    assert places == [0, 2, 3, 4, 1]


def test_a_higher_priority_goes_ahead_in_the_place_too(session, place):
    low = make_submission(session, place, has_job=True)
    make_job(session, make_submission(session, make_event_team(session)), priority=1)

    assert jobs.place(session, low, now=NOON).ahead == 1


def test_the_check_lane_is_a_queue_of_its_own(session, place):
    make_submission(session, place, has_job=True)
    check = Job(
        event_id=place.event_id,
        event_team_id=place.id,
        lane="check",
        due_at=NOON,
        created_at=NOON,
    )
    session.add(check)
    session.flush()

    assert claim(session, lane="check") is check
    assert claim(session, lane="check") is None
    assert queries.n_due(session) == queries.n_due(session, "train") == 1
    assert jobs.release(session, check.id, check.token, now=NOON)


@pytest.mark.parametrize("lane", ["train", "check"])
def test_a_team_has_one_job_at_once_in_a_strict_event(session, place, lane):
    place.event.is_strict = True
    other = make_event_team(session, place.event)
    for one in (place, place, other):
        make_submission(session, one, has_job=True)
    if lane == "check":
        check = Job(
            event_id=place.event_id,
            event_team_id=place.id,
            lane="check",
            due_at=NOON,
            created_at=NOON,
        )
        session.add(check)
        session.flush()
        assert claim(session, lane="check") is check

    claimed = []
    while (job := claim(session)) is not None:
        claimed.append(job)

    teams = [place.id, other.id] if lane == "train" else [other.id]
    assert [job.event_team_id for job in claimed] == teams
    jobs.cancelled(session, claimed[0].id, claimed[0].token, now=NOON)
    assert (claim(session) is not None) == (lane == "train")


def test_a_beat_prolongs_what_is_ones_own(session, place):
    make_submission(session, place, has_job=True)
    job = claim(session)

    assert jobs.beat(session, "trainer", {job.id: 1}, now=NOON + 20 * SECOND) == (set(), set())
    assert job.lease_until == NOON + 20 * SECOND + jobs.LEASE
    assert jobs.beat(session, "trainer", {job.id: 7, 999: 1}, now=NOON) == ({job.id, 999}, set())


def test_a_lost_trainer_gives_its_jobs_back_without_blame(session, place):  # R1
    submission = make_submission(session, place, has_job=True)
    job = claim(session)

    assert jobs.sweep(session, now=NOON + jobs.LEASE) == []
    assert jobs.sweep(session, now=LATER) == [job.id]
    assert jobs.sweep(session, now=LATER) == []

    assert (job.state, job.owner, job.lease_until, job.crashes) == ("due", None, None, 0)
    assert submission.state == "new"
    again = claim(session, now=LATER)
    assert (again.id, again.token, again.attempts) == (job.id, 2, 2)


def test_what_a_lost_trainer_reports_late_is_refused(session, place):  # R8, R11
    submission = make_submission(session, place, has_job=True)
    job = claim(session)
    old = job.token
    jobs.sweep(session, now=LATER)
    claim(session, now=LATER)

    outcome = FoldOutcome("scored", scores={"valid": {"accuracy": 1.0}})
    assert not results.record_fold(session, job.id, old, 0, outcome, now=LATER)
    assert not results.progress(session, job.id, old, 0, "trained", now=LATER)
    assert not results.finish(session, job.id, old, Ending(state="scored"), now=LATER)
    assert not jobs.finish(session, job.id, old, now=LATER)
    assert not jobs.cancelled(session, job.id, old, now=LATER)
    assert not jobs.release(session, job.id, old, now=LATER, crashed=True)

    assert {run.state for run in submission.fold_runs} == {"new"}
    assert (job.state, job.crashes, submission.state) == ("running", 0, "training")
    assert results.progress(session, job.id, job.token, 0, "trained", now=LATER)


def test_folds_that_were_scored_are_not_trained_again(session, place):
    submission = make_submission(session, place, has_job=True)
    job = claim(session)
    outcome = FoldOutcome("scored", scores={"valid": {"accuracy": 1.0}})
    results.record_fold(session, job.id, 1, 0, outcome, now=NOON)
    results.progress(session, job.id, 1, 1, "trained", now=NOON)

    jobs.release(session, job.id, 1, now=NOON)

    assert [run.state for run in submission.fold_runs] == ["scored", "new"]
    assert submission.fold_runs[1].started_at is None


def test_a_release_may_wait_before_the_next_try(session, place):
    make_submission(session, place, has_job=True)
    job = claim(session)

    jobs.release(session, job.id, 1, now=NOON, delay=5 * SECOND, error="database away")

    assert claim(session, now=NOON + 4 * SECOND) is None
    assert claim(session, now=NOON + 5 * SECOND).error == "database away"


def test_three_crashes_set_a_submission_aside_and_others_go_on(session, place):  # R9
    poison = make_submission(session, place, "poison", has_job=True)
    for i in range(3):
        job = claim(session)
        assert job.attempts == i + 1
        jobs.release(session, job.id, job.token, now=NOON, crashed=True, error="box died")
    make_submission(session, place, "honest", has_job=True)

    assert (poison.state, poison.fault) == ("quarantined", "ours")
    assert "3 attempts ended in a crash" in poison.message
    assert (job.state, job.error) == ("quarantined", "box died")
    assert claim(session).submission.name == "honest"
    # Visible and reversible.
    submissions.retry(session, poison, now=NOON, reason="a second look")
    assert claim(session).submission is poison


def test_two_crashes_and_a_restart_are_no_quarantine(session, place):  # R10
    submission = make_submission(session, place, has_job=True)
    for crashed in (True, False, True, False, False):
        job = claim(session)
        jobs.release(session, job.id, job.token, now=NOON, crashed=crashed)

    assert (submission.state, job.crashes) == ("new", 2)


def test_what_loses_every_trainer_ends_too(session, place):
    submission = make_submission(session, place, has_job=True)
    now = NOON
    for _ in range(jobs.MAX_ATTEMPTS):
        assert claim(session, now=now)
        now += jobs.LEASE + SECOND
        jobs.sweep(session, now=now)

    assert submission.state == "quarantined"
    assert "came to no end" in submission.message


def test_a_job_that_was_to_be_cancelled_is_not_given_back(session, place):
    submission = make_submission(session, place, has_job=True)
    job = claim(session)
    submissions.cancel(session, submission, now=NOON)

    jobs.sweep(session, now=LATER)

    assert (job.state, submission.state) == ("cancelled", "cancelled")
    assert claim(session, now=LATER) is None


def test_expected_times_come_from_measured_ones(session, place):
    make_scored_submission(session, place)  # two folds of 1.2 s
    first = make_submission(session, place, has_job=True)
    second = make_submission(session, place, has_job=True)

    assert jobs.place(session, second, now=NOON).expected_start is None  # nobody trains

    jobs.register(
        session, "t", host="h", pid=1, slots=2, isolation="full", notes="", version="1", now=NOON
    )
    waiting = jobs.place(session, second, now=NOON)
    assert waiting.ahead == 1
    assert waiting.expected_start == NOON + timedelta(seconds=2.4 / 2)
    assert waiting.expected_end == NOON + timedelta(seconds=2.4)

    claim(session)
    running = jobs.place(session, first, now=NOON)
    assert (running.ahead, running.expected_start) == (0, NOON)
    assert jobs.place(session, make_scored_submission(session), now=NOON) is None


def test_trainers_are_seen_and_told_what_to_do(session):
    for name in ("a", "a", "b"):
        jobs.register(
            session, name, host="h", pid=1, slots=2, isolation="ns", notes="", version="1", now=NOON
        )
    much_later = NOON + 2 * jobs.TRAINER_IS_LOST

    jobs.beat(session, "a", {}, now=much_later)
    jobs.set_trainer_state(session, "b", "paused", now=NOON)
    jobs.set_trainer_state(session, "nobody", "paused", now=NOON)
    # Not to be seen for long is no order to stop: its computer may have slept.
    jobs.sweep(session, now=much_later)

    assert [t.name for t in queries.live_trainers(session, NOON + jobs.TRAINER_IS_LOST)] == ["a"]
    assert queries.trainer_state(session, "a") == "running"
    assert queries.trainer_state(session, "b") == "paused"

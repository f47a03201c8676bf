"""The queue: rows that are due, leased by trainers, and given back when a lease ends.

A claim is one conditional update, so that two trainers never get the same job; every claim gives
the job a new token, and what comes back with an older one is refused.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from databoard.errors import UnsafeError
from databoard.kits.deposits import accept_files
from databoard.kits.protocol import Element
from databoard.phrases import phrase
from databoard.services import events, telling
from databoard.store.files import Files
from databoard.store.models import EventTeam, Job, Submission, Trainer, User
from databoard.store.queries import jobs as queries

LEASE = timedelta(seconds=30)
MAX_CRASHES = 3
# Trainers may be killed while an innocent submission runs; not this often.
MAX_ATTEMPTS = 20
#: A trainer that isolates nothing says so, unless a setting names the risk.
REFUSING = "refusing to run submissions"
#: A trainer that has not been seen for as long is none any more: it looks every few seconds.
TRAINER_IS_LOST = timedelta(minutes=1)


@dataclass(frozen=True)
class Place:
    """Where a submission stands in the queue."""

    ahead: int
    expected_start: datetime | None
    expected_end: datetime | None


def enqueue(
    session: Session, submission: Submission, *, now: datetime, priority: int = 0, reason: str = ""
) -> Job:
    """Make a submission due."""
    job = Job(
        submission_id=submission.id,
        event_id=submission.event_id,
        event_team_id=submission.event_team_id,
        lane="train",
        priority=priority,
        due_at=now,
        created_at=now,
        reason=reason[:200],
    )
    session.add(job)
    session.flush()
    queries.wake(session)
    return job


def claim(
    session: Session,
    owner: str,
    *,
    now: datetime,
    lane: str = "train",
    lease: timedelta = LEASE,
    submission_ids: Sequence[int] | None = None,
    but_problems: Collection[int] = (),
) -> Job | None:
    """Take the next job that is due: higher priority first, then fair between teams.

    A team that has fewer jobs running comes before one that has more; among equals the older job
    comes first. So a team that sends a hundred waits for its second as long as everybody else.

    Parameters
    ----------
    but_problems : collection of int
        Keys of the problems whose jobs have to wait.

    Returns
    -------
    Job or None
        With a new ``token``, or None if nothing is due.
    """
    job = queries.claim(
        session,
        owner,
        now=now,
        lane=lane,
        until=now + lease,
        submission_ids=submission_ids,
        but_problems=but_problems,
    )
    if job is None or job.submission is None:
        return job
    submission = job.submission
    submission.state = "training"
    _renew(submission)
    events.touch(session, job.event_id, board=False)
    session.flush()
    return job


def _renew(submission: Submission) -> None:
    """Make new again what an interrupted attempt left; folds that were scored stay so."""
    for fold_run in submission.fold_runs:
        is_as_new = fold_run.state == "new" and fold_run.started_at is None
        if fold_run.state != "scored" and not is_as_new:
            fold_run.state, fold_run.fault, fold_run.message = "new", "", ""
            fold_run.started_at = fold_run.ended_at = None


def beat(
    session: Session,
    owner: str,
    tokens: dict[int, int],
    *,
    now: datetime,
    lease: timedelta = LEASE,
    slots: int | None = None,
) -> tuple[set[int], set[int]]:
    """Prolong the leases of what a trainer runs.

    Parameters
    ----------
    tokens : dict of int to int
        Token of the claim by key of the job.
    slots : int, optional
        How many folds it can run now: workers of a cluster come and go.

    Returns
    -------
    lost : set of int
        Jobs that are no longer this trainer's: stop them and report nothing.
    cancelled : set of int
        Jobs that somebody wants stopped.
    """
    held = queries.prolong(session, tokens, now + lease)
    queries.trainer_seen(session, owner, now, slots)
    cancelled = {job_id for job_id, job in held.items() if job.cancel_asked_at is not None}
    return tokens.keys() - held.keys(), cancelled


def release(
    session: Session,
    job_id: int,
    token: int,
    *,
    now: datetime,
    delay: timedelta = timedelta(0),
    crashed: bool = False,
    counts: bool = True,
    error: str = "",
) -> bool:
    """Give a job back, for a restart or after a fault of ours.

    Parameters
    ----------
    crashed : bool
        Whether the submission took its box's keeper down; after three of these it is held back.
    counts : bool
        False for a restart in good order: then there was no attempt.

    Returns
    -------
    bool
        False if the job was no longer the caller's.
    """
    job = queries.locked(session, job_id, token)
    if job is None:
        return False
    if job.cancel_asked_at is not None:
        _end(job, "cancelled", now)
        _mark_cancelled(session, job, now)
        return True
    job.crashes += int(crashed)
    job.attempts -= int(not counts)
    if job.crashes >= MAX_CRASHES:
        _quarantine(session, job, now, f"{MAX_CRASHES} attempts ended in a crash of the box", error)
        return True
    if job.attempts >= MAX_ATTEMPTS:
        _quarantine(session, job, now, f"{job.attempts} attempts came to no end", error)
        return True
    job.state, job.owner, job.lease_until = "due", None, None
    job.due_at, job.error = now + delay, error[:2000]
    if job.submission is not None:
        job.submission.state = "new"
        _renew(job.submission)
    events.touch(session, job.event_id, board=False)
    session.flush()
    queries.wake(session)
    return True


def _end(job: Job, state: str, now: datetime) -> None:
    job.state, job.ended_at, job.lease_until = state, now, None


def _quarantine(session: Session, job: Job, now: datetime, why: str, error: str) -> None:
    _end(job, "quarantined", now)
    job.error = error[:2000]
    submission = job.submission
    if submission is not None:
        submission.state, submission.fault, submission.ended_at = "quarantined", "ours", now
        submission.message = f"Held back: {why}. The organisers can look at it and release it."
    events.touch(session, job.event_id, board=False)
    session.flush()


def finish(session: Session, job_id: int, token: int, *, now: datetime) -> bool:
    """End a job; False if it was no longer the caller's, and then nothing may be recorded."""
    job = queries.locked(session, job_id, token)
    if job is None:
        return False
    _end(job, "done", now)
    session.flush()
    return True


def enqueue_check(
    session: Session,
    place: EventTeam,
    files: Mapping[str, bytes],
    *,
    submissions_dir: Path,
    now: datetime,
    user: User | None = None,
) -> Job:
    """Make a quick look at a team's code due: on a few public rows, free, with the full log.

    A team has one check at a time: a new one takes the place of one that has not ended. The
    answer is written by `answer_check`; read it with `read_answer`.

    Raises
    ------
    UploadError
        If the files are not what the workflow asks for.
    """
    rows = place.event.problem.workflow.elements
    elements = [Element(row.name, row.type, row.filename) for row in rows]  # type: ignore[arg-type]
    accepted = accept_files(elements, files, max_bytes=place.event.max_upload_kb * 1024)
    for old in queries.open_checks(session, place.id):
        old.cancel_asked_at = now
        if old.state == "due":
            _end(old, "cancelled", now)
    job = Job(
        event_id=place.event_id,
        event_team_id=place.id,
        lane="check",
        due_at=now,
        created_at=now,
        reason=f"asked by {user.name}"[:200] if user else "",
        folder=f"check_{secrets.token_hex(20)}",
    )
    session.add(job)
    session.flush()
    queries.wake(session)
    # Last, so that what fails above leaves no folder.
    Files(submissions_dir).write_sources(job.folder, accepted)
    return job


def answer_check(
    session: Session, job_id: int, token: int, answer: Mapping[str, Any], *, now: datetime
) -> bool:
    """End a check with what came of it; False if it was no longer the caller's."""
    job = queries.locked(session, job_id, token)
    if job is None:
        return False
    answer = dict(answer)
    if answer.pop("is_quoted", False) and (place := session.get(EventTeam, job.event_team_id)):
        answer["message"] = telling.counted(place, str(answer["message"]))
    job.answer = json.dumps(answer)
    _end(job, "cancelled" if job.cancel_asked_at else "done", now)
    session.flush()
    return True


def read_answer(job: Job) -> dict[str, Any]:
    """Read what came of a check; empty as long as it has not ended.

    Returns
    -------
    dict
        ``ok``, ``message``, ``file``, ``line``, ``traceback``, ``log``, ``seconds`` (by step),
        ``peak_mb``, ``limit``, ``fault``, ``rows`` (words about the data).
    """
    answer: dict[str, Any] = json.loads(job.answer) if job.answer else {}
    return answer


def cancel(session: Session, submission: Submission, *, now: datetime) -> bool:
    """Ask for a submission's job to stop.

    Returns
    -------
    bool
        True if it was not running, and so has stopped already.
    """
    is_stopped = True
    for job in queries.open_of(session, submission.id):
        job.cancel_asked_at = now
        if job.state == "due":
            _end(job, "cancelled", now)
        else:
            is_stopped = False
    session.flush()
    queries.wake(session)
    return is_stopped


def cancelled(session: Session, job_id: int, token: int, *, now: datetime) -> bool:
    """Record that a running job was stopped because somebody asked."""
    job = queries.locked(session, job_id, token)
    if job is None:
        return False
    _end(job, "cancelled", now)
    _mark_cancelled(session, job, now)
    return True


def _mark_cancelled(session: Session, job: Job, now: datetime) -> None:
    submission = job.submission
    if submission is not None and not submission.is_ended:
        submission.state, submission.ended_at = "cancelled", now
        submission.message = "Cancelled."
        for fold_run in submission.fold_runs:
            if fold_run.state != "scored":
                fold_run.state = "cancelled"
    events.touch(session, job.event_id, board=False)
    session.flush()


def sweep(session: Session, *, now: datetime) -> list[int]:
    """Give back what lost its trainer.

    What is lost is computed from rows, so one sweep after any crash finds everything.

    Returns
    -------
    list of int
        Keys of the jobs that were given back.
    """
    return [
        job.id
        for job in queries.expired(session, now)
        if release(session, job.id, job.token, now=now, error="The trainer was lost.")
    ]


def register(
    session: Session,
    name: str,
    *,
    host: str,
    pid: int,
    slots: int,
    isolation: str,
    notes: str,
    version: str,
    now: datetime,
    environment_hash: str = "",
) -> Trainer:
    """Announce a trainer."""
    trainer = queries.trainer(session, name) or Trainer(name=name)
    trainer.host, trainer.pid, trainer.slots = host[:80], pid, slots
    trainer.isolation, trainer.notes, trainer.version = isolation, notes, version
    trainer.environment_hash = environment_hash
    trainer.state, trainer.started_at, trainer.seen_at = "running", now, now
    session.add(trainer)
    session.flush()
    return trainer


def check_isolation(session: Session, user: User | None, *, now: datetime) -> None:
    """Refuse submissions of others than administrators while no trainer can isolate them.

    Raises
    ------
    UnsafeError
        With the reasons; a setting may name the risk, then submissions run and are taken.
    """
    alive = queries.live_trainers(session, now - TRAINER_IS_LOST)
    words = [trainer.notes.split("\n", 1)[0] for trainer in alive]
    is_refused = bool(alive) and all(
        trainer.isolation == "none" and REFUSING in said
        for trainer, said in zip(alive, words, strict=True)
    )
    if is_refused and not (user is not None and user.access_level == "admin"):
        sentence = phrase(
            "Submissions are not taken: this server cannot isolate them. %(why)s", why=words[0]
        )
        raise UnsafeError(sentence)


def set_trainer_state(session: Session, name: str, state: str, *, now: datetime) -> None:
    """Pause, drain, start again or sign off a trainer."""
    trainer = queries.trainer(session, name)
    if trainer is not None:
        trainer.state = state
        session.flush()
        queries.wake(session)


def note_trouble(session: Session, name: str, words: str) -> None:
    """Say why a trainer takes nothing, for the organisers' page; "" when it does again."""
    trainer = queries.trainer(session, name)
    if trainer is not None:
        trainer.last_error = words[:2000]
        session.flush()


def place(session: Session, submission: Submission, *, now: datetime) -> Place | None:
    """Tell where a queued submission stands, and when it should start and end.

    The expectation is Little's: what is ahead, times what a submission of the event took lately,
    shared by the slots of the trainers that are alive.
    """
    if submission.state not in ("new", "training"):
        return None
    ahead = queries.n_ahead(session, submission)
    slots = sum(t.slots for t in queries.live_trainers(session, now - TRAINER_IS_LOST))
    seconds = queries.typical_seconds(session, submission.event_id)
    if not slots or seconds is None:
        return Place(ahead, None, None)
    n_folds = max(1, len(submission.fold_runs))
    alone = seconds / min(slots, n_folds)
    start = now + timedelta(seconds=seconds * ahead / slots)
    if submission.state == "training":
        start = now
    return Place(ahead, start, start + timedelta(seconds=alone))

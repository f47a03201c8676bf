"""Submissions: made, cancelled, trained again, removed."""

from __future__ import annotations

import errno
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.event import listens_for
from sqlalchemy.orm import Session

from databoard.domain import rules, states
from databoard.errors import (
    ClosedError,
    DataboardError,
    DuplicateError,
    ForbiddenError,
    FullError,
    InvalidError,
    QuotaError,
    TooSoonError,
)
from databoard.kits.deposits import accept_files
from databoard.kits.protocol import Element
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import activity, events, jobs, outbox, reruns
from databoard.store.files import Files
from databoard.store.models import (
    EventTeam,
    FoldRun,
    Submission,
    SubmissionFile,
    User,
)
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import submissions as queries
from databoard.store.queries import teams as team_queries

DAY = timedelta(days=1)
LEFT_OVER = timedelta(hours=1)
#: Where a session keeps which folders go when it commits.
REMOVED = "databoard_removed_folders"
MAX_KEY = 80


@dataclass(frozen=True)
class Allowance:
    """Whether a team may submit now, and if not, why and when it may again."""

    may_submit: bool
    why: str = ""
    free_at: datetime | None = None
    used_today: int = 0
    per_day: int | None = None


def code_hash(files: Mapping[str, bytes]) -> str:
    """Sum up names and bytes of a submission's files, whatever their order."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


def elements_of(place: EventTeam) -> tuple[Element, ...]:
    """List the elements of a submission to the event."""
    rows = place.event.problem.workflow.elements
    return tuple(Element(row.name, row.type, row.filename) for row in rows)  # type: ignore[arg-type]


def check_allowance(session: Session, place: EventTeam, now: datetime) -> None:
    """Refuse a submission that is too early, too late, too soon or one too many.

    Raises
    ------
    ForbiddenError, ClosedError, TooSoonError, QuotaError
        Saying what to do.
    """
    event = place.event
    if not place.may_submit:
        raise ForbiddenError(phrase("Your team waits for the organisers' approval."))
    if event.is_paused:
        why = phrase("The organisers paused submissions. %(why)s", why=event.pause_reason)
        raise ClosedError(
            why if event.pause_reason else phrase("The organisers paused submissions.")
        )
    if event.archived_at is not None:
        raise ClosedError(phrase("The event is archived; it takes no more submissions."))
    closing = place.closing_at
    takes_late = closing is not None and now < closing + timedelta(seconds=event.late_s)
    rules.check_phase(now, event.opening_at, closing, accepts_late=takes_late)
    times = queries.counted_times(session, place.id)
    rules.check_pause(times[-1] if times else None, now, timedelta(seconds=event.pause_s))
    per_day = _per_day(place)
    rules.check_quota(times, now, limit=per_day, window=DAY)
    rules.check_quota(times, now, limit=event.max_submissions)
    if event.max_pending is not None:
        n_pending = queries.n_pending(session, place.id)
        if n_pending >= event.max_pending:
            raise QuotaError(
                phrase(
                    "Your team has %(n)s submissions in the queue, which is as many as it may have "
                    "at once. Wait for one to end, or cancel one.",
                    n=n_pending,
                )
            )


def is_late(place: EventTeam, now: datetime) -> bool:
    """Tell whether what a team submits now stands off the ranks."""
    closing = place.closing_at
    return closing is not None and now >= closing


def _per_day(place: EventTeam) -> int | None:
    per_day = place.event.max_per_day
    return None if per_day is None else per_day + (place.extra_per_day or 0)


def allowance(session: Session, place: EventTeam, now: datetime) -> Allowance:
    """Tell a team whether it may submit now."""
    used = sum(time > now - DAY for time in queries.counted_times(session, place.id))
    try:
        check_allowance(session, place, now)
    except TooSoonError as error:
        return Allowance(
            False, error.message, now + timedelta(seconds=error.wait_s), used, _per_day(place)
        )
    except QuotaError as error:
        return Allowance(False, error.message, error.free_at, used, _per_day(place))
    except DataboardError as error:
        return Allowance(False, error.message, None, used, _per_day(place))
    return Allowance(True, used_today=used, per_day=_per_day(place))


def submit(
    session: Session,
    place: EventTeam,
    name: str,
    files: Mapping[str, bytes],
    *,
    submissions_dir: Path,
    now: datetime,
    user: User | None = None,
    comment: str = "",
    key: str | None = None,
    as_admin: bool = False,
) -> Submission:
    """Take a submission: its files, its rows and its job, together or not at all.

    Parameters
    ----------
    files : mapping of str to bytes
        By file name; exactly those of the workflow.
    key : str, optional
        What makes a repeated request the same one: it gets the same submission.
    as_admin : bool
        Skip dates, pause and quota.

    Raises
    ------
    SubmissionError
        Or one of its kinds, saying what is wrong, where, and what to do.
    FullError
        If the disk has no room for the files.
    """
    name = name.strip()
    rules.check_name(name)
    if key is not None and not 1 <= len(key) <= MAX_KEY:
        raise InvalidError(
            phrase("An idempotency key has 1 to %(most)s characters.", most=MAX_KEY), "key"
        )
    event = place.event
    team_queries.lock(session, place)  # what is found below stays true until the commit
    if key is not None:
        same = queries.by_key(session, place.id, key)
        if same is not None:
            return same
    if not as_admin:
        jobs.check_isolation(session, user, now=now)
        check_allowance(session, place, now)
    accepted = accept_files(elements_of(place), files, max_bytes=event.max_upload_kb * 1024)
    _free_name(session, place, name, now)
    submission = Submission(
        hash_=secrets.token_hex(20),
        event_id=event.id,
        event_team_id=place.id,
        user_id=user.id if user else None,
        name=name,
        comment=comment.strip()[:2000],
        key=key or secrets.token_hex(16),
        submitted_at=now,
        is_late=not as_admin and is_late(place, now),
        code_hash=code_hash(accepted),
    )
    for element in elements_of(place):
        content = accepted.get(element.filename)
        if content is not None:
            submission.files.append(
                SubmissionFile(
                    position=len(submission.files),
                    filename=element.filename,
                    type=element.type,
                    n_bytes=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                )
            )
    session.add(submission)
    for fold in event_queries.folds(session, event.id):
        submission.fold_runs.append(FoldRun(fold_id=fold.id, number=fold.number))
    session.flush()
    jobs.enqueue(session, submission, now=now)
    activity.note(
        session,
        "submit",
        user_id=user.id if user else None,
        now=now,
        event_id=event.id,
        event_team_id=place.id,
        submission_id=submission.id,
    )
    _tell_organisers(session, place, submission, now)
    events.touch(session, event.id)
    # Last, so that what fails above leaves no folder; a folder without its row is swept.
    try:
        Files(submissions_dir).write_sources(submission.folder, accepted)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise FullError(
            phrase(
                "The server's disk is full, so your files were not taken. Tell the organisers, "
                "and submit again later."
            )
        ) from error
    return submission


def _free_name(session: Session, place: EventTeam, name: str, now: datetime) -> None:
    """Withdraw what stands under the name, if it is new or failed (checklist 77)."""
    old = queries.named(session, place.id, name)
    if old is None:
        return
    if not states.may_resubmit(old.state):
        raise DuplicateError(
            phrase(
                "Your team has a submission called %(name)s that is %(state)s; choose another "
                "name.",
                name=name,
                state=phrase(states.LABELS[old.state]),
            ),
            "name",
        )
    if old.state == "new":
        cancel(session, old, now=now)
    old.withdrawn_at = now
    session.flush()


def _tell_organisers(
    session: Session, place: EventTeam, submission: Submission, now: datetime
) -> None:
    event = place.event
    if not event.sends_submitted_mails:
        return
    letter = letters.submitted(event.name, place.team.name, submission.name, f"/{submission.hash_}")
    for email in event_queries.addresses_of_organisers(session, event):
        key = f"submitted:{submission.id}:{submission.run}:{email}"
        outbox.write(session, key, email, letter.subject, letter.body, now=now)


def cancel(
    session: Session, submission: Submission, *, now: datetime, by: User | None = None
) -> None:
    """Stop a submission that has not ended; a running one ends as soon as its trainer hears it.

    Raises
    ------
    InvalidError
        If it has ended.
    """
    is_stopped = jobs.cancel(session, submission, now=now)
    queries.lock(session, submission)
    if submission.is_ended:
        raise InvalidError(
            phrase(
                "%(submission)s has ended; there is nothing to cancel.", submission=submission.name
            )
        )
    if is_stopped:
        submission.state, submission.ended_at = "cancelled", now
        submission.message = f"Cancelled by {by.name}." if by else "Cancelled."
        for fold_run in submission.fold_runs:
            if fold_run.state != "scored":
                fold_run.state = "cancelled"
    events.touch(session, submission.event_id)
    session.flush()


def retry(
    session: Session,
    submission: Submission,
    *,
    now: datetime,
    by: User | None = None,
    reason: str = "",
) -> None:
    """Train a submission anew from its stored files; its old results go.

    Raises
    ------
    InvalidError
        If it is in the queue already.
    """
    queries.lock(session, submission)
    if not submission.is_ended:
        raise InvalidError(
            phrase("%(submission)s is in the queue already.", submission=submission.name)
        )
    if submission.withdrawal:
        raise InvalidError(
            phrase("%(submission)s is withdrawn; put it back first.", submission=submission.name)
        )
    if submission.withdrawn_at is not None:
        raise InvalidError(
            phrase(
                "%(submission)s was replaced by a newer one of its name.",
                submission=submission.name,
            )
        )
    memory = reruns.memory_of(submission)
    reset(session, submission)
    submission.run += 1
    jobs.enqueue(session, submission, now=now, reason=reason).answer = memory
    activity.audit(
        session,
        by,
        "retry",
        submission.name,
        now=now,
        event_id=submission.event_id,
        reason=reason,
        run=submission.run,
    )
    events.touch(session, submission.event_id, analyse=True)
    session.flush()


def reset(session: Session, submission: Submission) -> None:
    """Forget what was measured of a submission."""
    submission.state, submission.fault, submission.message = "new", "", ""
    submission.error_file, submission.error_text = "", ""
    submission.error_line = submission.error_fold = submission.ended_at = None
    submission.train_s = submission.valid_s = submission.test_s = submission.peak_mb = None
    submission.is_stale, submission.contributivity = False, 0.0
    submission.historical_contributivity = 0.0
    submission.blend_without = submission.blend_with = None
    submission.reproduces = None
    submission.scores.clear()
    submission.bagged.clear()
    submission.fold_runs.clear()
    session.flush()
    for fold in event_queries.folds(session, submission.event_id):
        submission.fold_runs.append(FoldRun(fold_id=fold.id, number=fold.number))
    session.flush()


def delete(session: Session, submission: Submission, *, submissions_dir: Path) -> None:
    """Remove a submission and its scores for good, and its files once that is committed."""
    event_id, folder = submission.event_id, submission.folder
    job_queries.open_of(session, submission.id)  # locked first, as whoever records results does
    session.delete(submission)
    session.flush()
    events.touch(session, event_id, analyse=True)
    session.info.setdefault(REMOVED, []).append((submissions_dir, folder))


@listens_for(Session, "after_commit")
def _remove_folders(session: Session) -> None:
    """Files cannot be rolled back; what a crash leaves here is swept (`sweep_folders`)."""
    if not session.in_nested_transaction():
        for submissions_dir, folder in session.info.pop(REMOVED, []):
            Files(submissions_dir).remove(folder)


@listens_for(Session, "after_rollback")
def _keep_folders(session: Session) -> None:
    session.info.pop(REMOVED, None)


def sweep_folders(session: Session, *, submissions_dir: Path, now: datetime) -> list[str]:
    """Remove what a crash in the middle of an upload or a check left beside the database.

    Returns
    -------
    list of str
        Names of the folders that went: none that is younger than an hour, since its row may be
        about to be committed. Of submissions that have ended, what was being written into
        their folders goes.
    """
    kept = {f"submission_{hash_}" for hash_ in queries.hashes(session)}
    kept |= job_queries.folders_of_open_checks(session)
    limit = (now - LEFT_OVER).timestamp()
    gone = [
        path.name
        for path in submissions_dir.iterdir()
        if path.name.lstrip(".").startswith(("submission_", "check_"))
        and path.name not in kept
        and path.stat().st_mtime < limit
    ]
    for name in gone:
        Files(submissions_dir).remove(name)
    for hash_ in queries.hashes(session, ended=True):
        Files(submissions_dir).remove_parts(f"submission_{hash_}", before=limit)
    return gone

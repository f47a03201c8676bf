"""The sandbox: what a team is writing before it submits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, InvalidError, TooLargeError
from databoard.phrases import phrase
from databoard.services import activity, jobs
from databoard.store.files import Files
from databoard.store.models import EventTeam, Job, SandboxFile, Submission, User
from databoard.store.queries import sandbox as queries


def files(session: Session, place: EventTeam) -> list[SandboxFile]:
    """List the files in the order of the workflow's elements."""
    order = {e.filename: e.position for e in place.event.problem.workflow.elements}
    rows = queries.of_event_team(session, place.id)
    return sorted(rows, key=lambda row: order.get(row.filename, len(order)))


def save(
    session: Session,
    place: EventTeam,
    filename: str,
    content: bytes,
    *,
    base_version: int | None,
    user: User | None,
    now: datetime,
) -> SandboxFile:
    """Keep a draft of one file.

    Parameters
    ----------
    base_version : int or None
        The version that the writer began from; None overwrites whatever is there.

    Raises
    ------
    DuplicateError
        If somebody saved since then: nothing is overwritten.
    InvalidError, TooLargeError
        If the workflow has no such file, or it is too large.
    """
    event = place.event
    if filename not in {e.filename for e in event.problem.workflow.elements}:
        raise InvalidError(
            phrase(
                "A submission to %(event)s has no file %(filename)s.",
                event=event.title,
                filename=repr(filename),
            ),
            filename,
        )
    if len(content) > event.max_upload_kb * 1024:
        raise TooLargeError(
            phrase(
                "%(filename)s has %(size)s kB; at most %(most)s kB are taken.",
                filename=filename,
                size=f"{len(content) // 1024:,}",
                most=f"{event.max_upload_kb:,}",
            ),
            filename,
        )
    row = queries.file(session, place.id, filename)
    if row is None:
        row = SandboxFile(
            event_team_id=place.id, filename=filename, content=content, version=1, updated_at=now
        )
        session.add(row)
    elif base_version is not None and base_version != row.version and row.content != content:
        raise DuplicateError(
            phrase(
                "%(filename)s was saved elsewhere at %(time)s UTC, in another tab or by a team "
                "mate. Load that version, or overwrite it.",
                filename=filename,
                time=f"{row.updated_at:%H:%M:%S}",
            ),
            filename,
        )
    elif row.content != content:
        row.content, row.version, row.updated_at = content, row.version + 1, now
    else:
        return row
    row.updated_by_id = user.id if user else None
    session.flush()
    return row


def import_submission(
    session: Session,
    place: EventTeam,
    submission: Submission,
    *,
    submissions_dir: Path,
    user: User | None,
    now: datetime,
) -> None:
    """Put a submission's files into the sandbox; the caller has checked that it may be seen."""
    store = Files(submissions_dir)
    for file in submission.files:
        content = store.read_source(submission.folder, file.filename)
        save(session, place, file.filename, content, base_version=None, user=user, now=now)
    activity.note(
        session,
        "import",
        user_id=user.id if user else None,
        now=now,
        event_id=place.event_id,
        event_team_id=place.id,
        submission_id=submission.id,
    )


def check(
    session: Session,
    place: EventTeam,
    files: Mapping[str, bytes],
    *,
    submissions_dir: Path,
    user: User | None,
    now: datetime,
) -> Job:
    """Ask for a quick run on a few public rows: free, and in place of one that has not ended.

    Raises
    ------
    ClosedError
        If the event has not opened yet or is over.
    UploadError
        If the files are not what the workflow asks for.
    """
    event = place.event
    rules.check_phase(now, event.opening_at, place.closing_at)
    return jobs.enqueue_check(
        session, place, files, submissions_dir=submissions_dir, now=now, user=user
    )

"""Numbers for those who watch the server from outside."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.store.models import FoldRun, Job, OutgoingMail, Submission


def n_jobs(session: Session) -> dict[tuple[str, str], int]:
    """Count the jobs that have not ended, by lane and state."""
    rows = session.execute(
        select(Job.lane, Job.state, func.count(Job.id))
        .where(Job.state.in_(("due", "running", "quarantined")))
        .group_by(Job.lane, Job.state)
    )
    return {(lane, state): number for lane, state, number in rows}


def outcomes(session: Session) -> dict[tuple[str, str], int]:
    """Count submissions by state and whose fault it was."""
    rows = session.execute(
        select(Submission.state, Submission.fault, func.count(Submission.id)).group_by(
            Submission.state, Submission.fault
        )
    )
    return {(state, fault): number for state, fault, number in rows}


def fold_seconds(session: Session) -> tuple[int, float, float]:
    """Count the folds that were trained, with their seconds of training in all and at most."""
    number, total, longest = session.execute(
        select(func.count(FoldRun.id), func.sum(FoldRun.train_s), func.max(FoldRun.train_s)).where(
            FoldRun.train_s.is_not(None)
        )
    ).one()
    return number, float(total or 0), float(longest or 0)


def n_letters(session: Session) -> int:
    """Count the letters that have not left."""
    query = select(func.count(OutgoingMail.id)).where(OutgoingMail.sent_at.is_(None))
    return session.scalar(query) or 0

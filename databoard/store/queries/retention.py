"""Which submissions nobody needs the predictions of any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from databoard.store.models import Credit, Job, Submission

OPEN = ("new", "training")


def superseded(session: Session, before: datetime) -> list[Submission]:
    """List what ended before this moment by failing, being cancelled, or being replaced.

    What an organiser withdrew may be put back. What is scored and not replaced is on a board; what
    is starred, credited, queued or running is somebody's.
    """
    has_failed = and_(
        Submission.state.not_in((*OPEN, "scored")),
        Submission.ended_at < before,
    )
    was_replaced = and_(Submission.state.not_in(OPEN), Submission.withdrawn_at < before)
    is_credited = exists().where(
        or_(Credit.source_id == Submission.id, Credit.submission_id == Submission.id)
    )
    is_queued = exists().where(
        Job.submission_id == Submission.id, Job.state.in_(("due", "running"))
    )
    return list(
        session.scalars(
            select(Submission)
            .where(
                or_(has_failed, was_replaced),
                Submission.withdrawal == "",
                Submission.is_starred.is_(False),
                Submission.is_final.is_(False),
                ~is_credited,
                ~is_queued,
            )
            .order_by(Submission.id)
        )
    )

"""Questions about remarks on submissions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import Comment


def of_submission(session: Session, submission_id: int) -> list[Comment]:
    """List the remarks on a submission that were not taken out, oldest first."""
    return list(
        session.scalars(
            select(Comment)
            .where(Comment.submission_id == submission_id, Comment.deleted_at.is_(None))
            .options(joinedload(Comment.user))
            .order_by(Comment.at, Comment.id)
        )
    )


def by_key(session: Session, submission_id: int, key: int) -> Comment | None:
    """Remark of this key, if it is one on this submission and still there."""
    comment = session.get(Comment, key)
    if comment is None or comment.submission_id != submission_id or comment.deleted_at:
        return None
    return comment


def last_but(session: Session, user_id: int, number: int) -> datetime | None:
    """Tell when a user wrote the comment before so many newer ones, taken out or not."""
    return session.scalar(
        select(Comment.at)
        .where(Comment.user_id == user_id)
        .order_by(Comment.at.desc())
        .offset(number)
        .limit(1)
    )

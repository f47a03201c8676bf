"""Questions about news for single users."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.store.models import Notification


def of_user(
    session: Session, user_id: int, *, limit: int = 50, offset: int = 0
) -> list[Notification]:
    """List a user's news, newest first."""
    return list(
        session.scalars(
            select(Notification)
            .where(Notification.user_id == user_id)
            .order_by(Notification.at.desc(), Notification.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def n_of_user(session: Session, user_id: int) -> int:
    """Count a user's news."""
    query = select(func.count(Notification.id)).where(Notification.user_id == user_id)
    return session.scalar(query) or 0


def unread(session: Session, user_id: int) -> list[Notification]:
    """List what a user has not read yet."""
    return list(
        session.scalars(
            select(Notification).where(
                Notification.user_id == user_id, Notification.read_at.is_(None)
            )
        )
    )


def n_unread(session: Session, user_id: int) -> int:
    """Count what a user has not read yet."""
    query = select(func.count(Notification.id)).where(
        Notification.user_id == user_id, Notification.read_at.is_(None)
    )
    return session.scalar(query) or 0


def was_told(session: Session, kind: str, text: str, url: str) -> bool:
    """Tell whether anybody was told exactly this."""
    query = select(Notification.id).where(
        Notification.kind == kind, Notification.text == text, Notification.url == url
    )
    return session.scalar(query.limit(1)) is not None


def of_key(session: Session, user_id: int, key: int) -> Notification | None:
    """Piece of a user's own news."""
    news = session.get(Notification, key)
    return news if news is not None and news.user_id == user_id else None

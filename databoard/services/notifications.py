"""News for single users, shown on the site until they are read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.store.models import Notification, User
from databoard.store.queries import notifications as queries


def notify(
    session: Session, user: User, kind: str, text: str, *, now: datetime, url: str = ""
) -> Notification:
    """Tell a user something.

    Parameters
    ----------
    kind : str
        What it is about: "ended", "invited", "joined_team", "approved", "comment".
    url : str
        Path on this site where more about it stands.
    """
    news = Notification(user_id=user.id, kind=kind, text=text, url=url[:200], at=now)
    session.add(news)
    session.flush()
    return news


def mark_read(session: Session, user: User, *, now: datetime, key: int | None = None) -> None:
    """Mark one piece of a user's news as read, or all of it; again changes nothing."""
    for news in queries.unread(session, user.id):
        if key is None or news.id == key:
            news.read_at = now
    session.flush()

"""What organisers announce: a banner on the pages, and a letter to those whom it concerns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.errors import InvalidError
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import notifications
from databoard.store.models import Announcement, Event, User
from databoard.store.queries import announcements as queries

LEVELS = ("info", "warning")
MAX_LENGTH = 1000


def announce(
    session: Session,
    by: User,
    text: str,
    *,
    now: datetime,
    event: Event | None = None,
    level: str = "info",
    until: datetime | None = None,
    by_mail: bool = False,
) -> Announcement:
    """Put a banner on an event's pages, or on all without an event.

    Raises
    ------
    InvalidError
        If the text is empty or too long, or would never be shown.
    """
    text = text.strip()
    if not 1 <= len(text) <= MAX_LENGTH:
        raise InvalidError(
            phrase("An announcement has 1 to %(most)s characters.", most=MAX_LENGTH), "text"
        )
    if level not in LEVELS:
        raise InvalidError(
            phrase("The level must be one of %(names)s.", names=", ".join(LEVELS)), "level"
        )
    if until is not None and until <= now:
        raise InvalidError(phrase("This end has passed."), "until")
    announcement = Announcement(
        event_id=event.id if event else None,
        by_id=by.id,
        text=text,
        level=level,
        at=now,
        until=until,
    )
    session.add(announcement)
    session.flush()
    if by_mail:
        _write_letters(session, announcement, event, now)
    return announcement


def _write_letters(
    session: Session, announcement: Announcement, event: Event | None, now: datetime
) -> None:
    url = f"/events/{event.name}" if event else "/"
    for user in queries.readers(session, event):
        letter = letters.announcement(
            user,
            announcement.text,
            event.title if event else "",
            url,
        )
        notifications.notify(session, user, "announcement", announcement.text, now=now, url=url)
        key = f"announcement:{announcement.id}:{user.id}"
        notifications.write(session, user, "announcement", letter, key, now=now)


def withdraw(session: Session, announcement: Announcement, *, now: datetime) -> None:
    """Take a banner down; letters that have left stay where they are."""
    if announcement.until is None or announcement.until > now:
        announcement.until = now
    session.flush()

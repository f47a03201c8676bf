"""More time and more submissions for one team."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.errors import InvalidError
from databoard.phrases import phrase
from databoard.services import events
from databoard.store.models import EventTeam

MAX_EXTRA = 1000


def extend(
    session: Session,
    place: EventTeam,
    *,
    closing_at: datetime | None,
    per_day: int | None,
) -> None:
    """Give a team its own closing time and further submissions per day; None takes them back.

    Raises
    ------
    InvalidError
        If it would be less than what every team has.
    """
    event = place.event
    if closing_at is not None and event.closing_at is None:
        raise InvalidError(
            phrase("This event never closes; there is nothing to extend."), "closing_at"
        )
    if closing_at is not None and event.closing_at and closing_at <= event.closing_at:
        raise InvalidError(
            phrase("The extension must end after the event's closing."), "closing_at"
        )
    if per_day is not None and not 0 <= per_day <= MAX_EXTRA:
        raise InvalidError(phrase("Enter 0 to %(most)s.", most=MAX_EXTRA), "per_day")
    place.extra_closing_at, place.extra_per_day = closing_at, per_day or None
    events.touch(session, event.id)
    session.flush()

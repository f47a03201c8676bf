"""Tell teams when their events open and close, once each."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.phrases import Phrase
from databoard.services import notifications
from databoard.services.sentences import say
from databoard.store.models import Event
from databoard.store.queries import announcements, events
from databoard.store.queries import notifications as queries

DAY = timedelta(days=1)


def _news_of(event: Event, now: datetime) -> Phrase | None:
    """Say what happened to an event within the last day, or will within the next."""
    if event.archived_at is not None:
        return None
    if event.closing_at is not None and now >= event.closing_at:
        is_fresh = now < event.closing_at + DAY
        return say("closed", event=event.title) if is_fresh else None
    if event.closing_at is not None and now >= event.closing_at - DAY:
        return say("closes", event=event.title, when=event.closing_at)
    if event.opening_at is not None and event.opening_at <= now < event.opening_at + DAY:
        return say("opened", event=event.title)
    return None


def tell_of_dates(session: Session, *, now: datetime) -> int:
    """Tell the members of each team; return how many events there was news of.

    What was told before is not told again, whoever runs this and however often.
    """
    n_events = 0
    for event in events.around(session, now - DAY, now + DAY):
        text, url = _news_of(event, now), f"/events/{event.name}"
        if text is None or queries.was_told(session, "event", str(text), url):
            continue
        n_events += 1
        for user in announcements.readers(session, event):
            key = f"event:{event.id}:{str(text)[-60:]}:{user.id}"
            notifications.tell(session, user, "event", text, now=now, url=url, key=key)
    return n_events

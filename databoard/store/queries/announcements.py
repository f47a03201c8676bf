"""Questions about what the organisers announce."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from databoard.store.models import Announcement, Event, EventTeam, TeamMember, User


def current(session: Session, now: datetime) -> list[tuple[Announcement, str | None]]:
    """List what is announced now, newest first, with the name of its event."""
    return [
        (announcement, name)
        for announcement, name in session.execute(
            select(Announcement, Event.name)
            .outerjoin(Event, Event.id == Announcement.event_id)
            .where(or_(Announcement.until.is_(None), Announcement.until > now))
            .order_by(Announcement.id.desc())
        )
    ]


def listing(
    session: Session, event_ids: Collection[int] | None, limit: int = 100
) -> list[tuple[Announcement, Event | None]]:
    """List announcements of some events (None: all), newest first."""
    query = (
        select(Announcement, Event)
        .outerjoin(Event, Event.id == Announcement.event_id)
        .order_by(Announcement.id.desc())
        .limit(limit)
    )
    if event_ids is not None:
        query = query.where(Announcement.event_id.in_(event_ids))
    return [(announcement, event) for announcement, event in session.execute(query)]


def by_id(session: Session, key: int) -> Announcement | None:
    """Announcement of this key."""
    return session.get(Announcement, key)


def readers(session: Session, event: Event | None) -> list[User]:
    """List who gets an announcement by mail: an event's participants, or all active accounts."""
    query = select(User).where(
        User.access_level.in_(("user", "admin")),
        User.deleted_at.is_(None),
        User.email_confirmed_at.is_not(None),
    )
    if event is not None:
        members = (
            select(TeamMember.user_id)
            .join(EventTeam, EventTeam.team_id == TeamMember.team_id)
            .where(
                EventTeam.event_id == event.id,
                EventTeam.approved_at.is_not(None),
                EventTeam.left_at.is_(None),
            )
        )
        query = query.where(User.id.in_(members))
    return list(session.scalars(query.order_by(User.id)))

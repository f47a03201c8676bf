"""Questions about events."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, inspect, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from databoard.store.models import (
    Event,
    EventAdmin,
    EventScoreType,
    EventTeam,
    Fold,
    Problem,
    Submission,
    TeamMember,
    User,
)


def by_name(session: Session, name: str) -> Event | None:
    """Event of this name, with its problem, score types and organisers."""
    rows = session.scalars(
        select(Event)
        .where(Event.name == name)
        .options(joinedload(Event.problem), joinedload(Event.score_types), joinedload(Event.admins))
    )
    return rows.unique().one_or_none()


def by_id(session: Session, event_id: int) -> Event | None:
    """Event of this key."""
    return session.get(Event, event_id)


def scored_by(session: Session, event_id: int) -> Event | None:
    """Event of this key with its scores."""
    return session.get(Event, event_id, options=[selectinload(Event.score_types)])


def all_events(session: Session) -> list[Event]:
    """List the events, the newest opening first."""
    return list(
        session.scalars(
            select(Event)
            .options(joinedload(Event.problem).selectinload(Problem.keywords))
            .order_by(Event.opening_at.desc(), Event.name)
        )
    )


def visible(session: Session, user: User | None) -> list[Event]:
    """List the events that a visitor may know of."""
    query = (
        select(Event)
        .options(
            joinedload(Event.problem).selectinload(Problem.keywords),
            selectinload(Event.score_types),
        )
        .order_by(Event.opening_at.desc(), Event.name)
    )
    if user is None:
        query = query.where(Event.is_public)
    elif not user.is_admin:
        takes_part = exists().where(
            EventTeam.event_id == Event.id,
            EventTeam.team_id == TeamMember.team_id,
            EventTeam.left_at.is_(None),
            TeamMember.user_id == user.id,
        )
        organises = exists().where(EventAdmin.event_id == Event.id, EventAdmin.user_id == user.id)
        query = query.where(or_(Event.is_public, takes_part, organises))
    return list(session.scalars(query))


def around(session: Session, start: datetime, end: datetime) -> list[Event]:
    """List the events that open or close between two moments."""
    return list(
        session.scalars(
            select(Event).where(
                or_(Event.opening_at.between(start, end), Event.closing_at.between(start, end))
            )
        )
    )


def administered(session: Session, user: User) -> list[Event]:
    """List the events that a user organises; all of them for a site admin."""
    if user.is_admin:
        return all_events(session)
    return list(
        session.scalars(
            select(Event)
            .join(EventAdmin)
            .where(EventAdmin.user_id == user.id)
            .options(joinedload(Event.problem))
            .order_by(Event.opening_at.desc(), Event.name)
        )
    )


def is_admin(session: Session, event: Event, user: User) -> bool:
    """Tell whether the user may administer the event."""
    if user.is_admin:
        return True
    if "admins" in inspect(event).unloaded:
        return session.get(EventAdmin, (event.id, user.id)) is not None
    return any(row.user_id == user.id for row in event.admins)


def admins(session: Session, event: Event) -> list[User]:
    """List the organisers of an event."""
    return list(
        session.scalars(select(User).join(EventAdmin).where(EventAdmin.event_id == event.id))
    )


def addresses_of_organisers(session: Session, event: Event) -> list[str]:
    """List where the organisers of an event and the site's administrators are written to."""
    of_event = select(EventAdmin.user_id).where(EventAdmin.event_id == event.id)
    is_meant = or_(User.id.in_(of_event), User.access_level == "admin")
    return list(session.scalars(select(User.email).where(is_meant).order_by(User.email)))


def n_teams(session: Session) -> dict[int, int]:
    """Count the teams of each event that were let in, by event."""
    rows = session.execute(
        select(EventTeam.event_id, func.count(EventTeam.id))
        .where(EventTeam.approved_at.is_not(None), EventTeam.left_at.is_(None))
        .group_by(EventTeam.event_id)
    )
    return {row[0]: row[1] for row in rows}


def n_submissions(session: Session) -> dict[int, int]:
    """Count the submissions of each event, by event."""
    rows = session.execute(
        select(Submission.event_id, func.count(Submission.id))
        .where(Submission.withdrawn_at.is_(None))
        .group_by(Submission.event_id)
    )
    return {row[0]: row[1] for row in rows}


def version(session: Session, event_id: int) -> int:
    """Version of an event, 0 if it is gone."""
    return version_pair(session, event_id)[0]


def version_pair(session: Session, event_id: int) -> tuple[int, int]:
    """Version of an event and of its boards, 0 if it is gone."""
    row = session.execute(
        select(Event.version, Event.board_version).where(Event.id == event_id)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else (0, 0)


def versions(session: Session) -> dict[str, int]:
    """Versions of all events by name."""
    rows = session.execute(select(Event.name, Event.version))
    return {row[0]: row[1] for row in rows}


def folds(session: Session, event_id: int, *, with_rows: bool = False) -> list[Fold]:
    """List the folds of an event, with their row numbers if asked."""
    query = select(Fold).where(Fold.event_id == event_id).order_by(Fold.number)
    if with_rows:
        query = query.options(undefer(Fold.train_is), undefer(Fold.valid_is))
    return list(session.scalars(query))


def score_types(session: Session, event_id: int) -> list[EventScoreType]:
    """List the scores of an event in their order."""
    return list(
        session.scalars(
            select(EventScoreType)
            .where(EventScoreType.event_id == event_id)
            .order_by(EventScoreType.position)
        )
    )


def count_up(
    session: Session,
    event_id: int,
    *,
    analyse: bool = False,
    renew: bool = False,
    board: bool = True,
) -> None:
    """Add one to an event's version, whatever it is by now; ask for an analysis if need be."""
    what = {
        "version": True,
        "board_version": board,
        "analysis_asked": analyse,
        "analysis_renewed": renew,
    }
    session.execute(_counting(*(name for name, is_so in what.items() if is_so)), {"key": event_id})


@cache  # putting it together takes longer than doing it
def _counting(*names: str) -> Any:
    table = Event.__table__
    counted = {name: table.c[name] + 1 for name in names}
    return update(table).where(table.c.id == bindparam("key")).values(counted)  # type: ignore[arg-type]


def lock(session: Session, event_id: int) -> None:
    """Lock an event's row; SQLite has locked the whole database at BEGIN already."""
    session.execute(select(Event.id).where(Event.id == event_id).with_for_update(key_share=True))


def forget(session: Session, event_id: int) -> None:
    """Remove an event and, by the foreign keys, all that belongs to it."""
    session.execute(
        delete(Event).where(Event.id == event_id).execution_options(synchronize_session=False)
    )

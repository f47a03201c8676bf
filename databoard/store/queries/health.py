"""Questions about the installation itself: its clock, its schema, how long things wait."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import NullPool, create_engine, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from databoard.store.models import Event, Job, OutgoingMail, User
from databoard.store.queries.outbox import MAX_ATTEMPTS


def answers(session: Session) -> None:
    """Ask the database anything at all; raise what it raises."""
    session.execute(text("SELECT 1"))


def revisions(session: Session) -> set[str]:
    """Name the revisions that the schema is at; none where no migration has run."""
    try:
        with session.begin_nested():
            return set(session.scalars(text("SELECT version_num FROM alembic_version")))
    except DBAPIError:
        return set()


def server_time(session: Session) -> datetime | None:
    """Read the clock of a database server; None for SQLite, which has none of its own."""
    if session.get_bind().dialect.name == "sqlite":
        return None
    moment = session.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)


def server_time_zone(url: str) -> str:
    """Read the zone that a session of this database has unless it asks for another."""
    if url.startswith("sqlite"):
        return "UTC"
    engine = create_engine(make_url(url), poolclass=NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as connection:
        return str(connection.scalar(text("SHOW timezone")))


def oldest_due(session: Session) -> datetime | None:
    """Tell since when the oldest job waits that could be trained now."""
    return session.scalar(
        select(func.min(Job.due_at))
        .join(Event, Event.id == Job.event_id)
        .where(Job.state == "due", Event.is_paused.is_(False))
    )


def oldest_letter(session: Session) -> datetime | None:
    """Tell since when the oldest letter waits that may still be sent."""
    return session.scalar(
        select(func.min(OutgoingMail.due_at)).where(
            OutgoingMail.sent_at.is_(None), OutgoingMail.attempts < MAX_ATTEMPTS
        )
    )


def n_lost_letters(session: Session) -> int:
    """Count the letters that will not be tried again."""
    query = select(func.count(OutgoingMail.id)).where(
        OutgoingMail.sent_at.is_(None), OutgoingMail.attempts >= MAX_ATTEMPTS
    )
    return session.scalar(query) or 0


def installed_at(session: Session) -> datetime | None:
    """Tell when the first account was made, which is when an installation begins."""
    return session.scalar(select(func.min(User.created_at)))

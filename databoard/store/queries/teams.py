"""Questions about teams, and teams in events."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from databoard.store.models import Event, EventTeam, Team, TeamMember, User


def by_name(session: Session, name: str) -> Team | None:
    """Team of this name, in any case."""
    return session.scalar(select(Team).where(func.lower(Team.name) == name.strip().lower()))


def of_user(session: Session, user: User) -> list[Team]:
    """List the teams that a user is a member of, the own one first."""
    return list(
        session.scalars(
            select(Team)
            .join(TeamMember)
            .where(TeamMember.user_id == user.id)
            .order_by(Team.is_individual.desc(), Team.name)
        )
    )


def of_user_with_members(session: Session, user: User) -> list[Team]:
    """List the teams that a user is a member of with who else is, the own one first."""
    return list(
        session.scalars(
            select(Team)
            .join(TeamMember)
            .where(TeamMember.user_id == user.id)
            .options(selectinload(Team.members).joinedload(TeamMember.user))
            .order_by(Team.is_individual.desc(), Team.name)
        )
    )


def individual_of(session: Session, user: User) -> Team | None:
    """Team that the user got with the account."""
    return session.scalar(select(Team).where(Team.admin_id == user.id, Team.is_individual))


def is_member(session: Session, team_id: int, user_id: int) -> bool:
    """Tell whether the user is in the team."""
    return session.get(TeamMember, (team_id, user_id)) is not None


def members(session: Session, team_id: int) -> list[User]:
    """List the members of a team."""
    return list(
        session.scalars(
            select(User)
            .join(TeamMember, TeamMember.user_id == User.id)
            .where(TeamMember.team_id == team_id)
            .order_by(TeamMember.joined_at, User.id)
        )
    )


def everyone(session: Session) -> list[Team]:
    """List all teams with their members."""
    return list(
        session.scalars(
            select(Team)
            .options(selectinload(Team.members).joinedload(TeamMember.user))
            .order_by(Team.name)
        )
    )


def event_team(session: Session, event_id: int, team_id: int) -> EventTeam | None:
    """Place of a team in an event."""
    return session.scalar(
        select(EventTeam)
        .where(EventTeam.event_id == event_id, EventTeam.team_id == team_id)
        .options(joinedload(EventTeam.team), joinedload(EventTeam.event))
    )


def current_events_of(session: Session, team: Team) -> list[Event]:
    """List the events that a team takes part in or waits to."""
    return list(
        session.scalars(
            select(Event)
            .join(EventTeam)
            .where(EventTeam.team_id == team.id, EventTeam.left_at.is_(None))
            .order_by(Event.name)
        )
    )


def lock(session: Session, place: EventTeam) -> None:
    """Let other requests of this team in this event wait until this transaction ends.

    SQLite has locked the whole database at BEGIN already.
    """
    session.execute(
        select(EventTeam.id).where(EventTeam.id == place.id).with_for_update(key_share=True)
    )


def event_team_by_id(session: Session, event_id: int, key: int) -> EventTeam | None:
    """Place of this key, if it is one in this event."""
    return session.scalar(
        select(EventTeam)
        .where(EventTeam.id == key, EventTeam.event_id == event_id)
        .options(joinedload(EventTeam.team), joinedload(EventTeam.event))
    )


def event_team_of(session: Session, event: Event, user: User) -> EventTeam | None:
    """Place of the user's team in an event: the newest that was not left."""
    return session.scalar(
        select(EventTeam)
        .join(TeamMember, TeamMember.team_id == EventTeam.team_id)
        .where(
            EventTeam.event_id == event.id,
            TeamMember.user_id == user.id,
            EventTeam.left_at.is_(None),
        )
        .options(joinedload(EventTeam.team))
        .order_by(EventTeam.approved_at.is_(None), EventTeam.signed_up_at.desc())
        .limit(1)
    )


def waiting(session: Session, event: Event | None = None) -> list[EventTeam]:
    """List the sign-ups that wait for an organiser, oldest first."""
    query = (
        select(EventTeam)
        .where(EventTeam.approved_at.is_(None), EventTeam.left_at.is_(None))
        .options(joinedload(EventTeam.team), joinedload(EventTeam.event))
        .order_by(EventTeam.signed_up_at)
    )
    if event is not None:
        query = query.where(EventTeam.event_id == event.id)
    return list(session.scalars(query))


def in_event(session: Session, event: Event) -> list[EventTeam]:
    """List the teams of an event."""
    return list(
        session.scalars(
            select(EventTeam)
            .where(EventTeam.event_id == event.id, EventTeam.left_at.is_(None))
            .options(joinedload(EventTeam.team).selectinload(Team.members))
            .order_by(EventTeam.signed_up_at)
        )
    )


def places_of(session: Session, user: User) -> list[EventTeam]:
    """List where the user takes part or waits to."""
    return list(
        session.scalars(
            select(EventTeam)
            .join(TeamMember, TeamMember.team_id == EventTeam.team_id)
            .where(TeamMember.user_id == user.id, EventTeam.left_at.is_(None))
            .options(joinedload(EventTeam.event), joinedload(EventTeam.team))
        )
    )


def events_of(session: Session, team: Team) -> list[str]:
    """Names of the events that a team takes or took part in."""
    return list(
        session.scalars(
            select(Event.name)
            .join(EventTeam)
            .where(EventTeam.team_id == team.id)
            .order_by(Event.name)
        )
    )

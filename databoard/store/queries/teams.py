"""Questions about teams, and teams in events."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import bindparam, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from databoard.store.base import UTCDateTime
from databoard.store.models import (
    Event,
    EventTeam,
    FormerMember,
    Submission,
    Team,
    TeamMember,
    User,
)


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
    return list(session.scalars(_members(), {"team": team_id}))


@cache  # putting it together takes longer than asking it
def _members() -> Any:
    return (
        select(User)
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(TeamMember.team_id == bindparam("team"))
        .order_by(TeamMember.joined_at, User.id)
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


def places(session: Session, team: Team) -> list[EventTeam]:
    """List the places of a team in events that it takes part in or waits to."""
    return list(
        session.scalars(
            select(EventTeam)
            .join(EventTeam.event)
            .where(EventTeam.team_id == team.id, EventTeam.left_at.is_(None))
            .options(joinedload(EventTeam.team), contains_eager(EventTeam.event))
            .order_by(Event.name)
        )
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


def used_before(
    session: Session, place: EventTeam, user: User | None = None
) -> list[tuple[str, str]]:
    """List who of a team has used another team's submissions in the event, with that team's name.

    That is who belongs to a team that took part before, or left one, after it had submitted; of
    one user alone, who need not be in the team yet, if one is given.
    """
    own = select(TeamMember.user_id).where(TeamMember.team_id == place.team_id)
    if user is not None:
        own = select(User.id).where(User.id == user.id)
    belong = select(
        TeamMember.team_id, TeamMember.user_id, literal(None, UTCDateTime()).label("left_at")
    )
    left = select(FormerMember.team_id, FormerMember.user_id, FormerMember.left_at)
    times = union_all(belong, left).subquery()
    has_submitted = exists().where(
        Submission.event_team_id == EventTeam.id,
        Submission.is_baseline.is_(False),
        or_(times.c.left_at.is_(None), Submission.submitted_at <= times.c.left_at),
    )
    found = session.execute(
        select(User.name, Team.name)
        .select_from(times)
        .join(User, User.id == times.c.user_id)
        .join(Team, Team.id == times.c.team_id)
        .join(EventTeam, EventTeam.team_id == Team.id)
        .where(
            EventTeam.event_id == place.event_id,
            EventTeam.id != place.id,
            times.c.user_id.in_(own),
            has_submitted,
        )
        .distinct()
        .order_by(User.name, Team.name)
    )
    return [(user, team) for user, team in found]


def inherit_former_members(session: Session, team: Team, from_: Collection[int]) -> None:
    """Let whoever left one of these teams count as a former member of another, too."""
    for one in session.scalars(select(FormerMember).where(FormerMember.team_id.in_(from_))):
        session.merge(FormerMember(team_id=team.id, user_id=one.user_id, left_at=one.left_at))


def waiting(session: Session, event: Event | None = None) -> list[EventTeam]:
    """List the teams that wait for an organiser, oldest first."""
    query = (
        select(EventTeam)
        .where(
            or_(EventTeam.approved_at.is_(None), EventTeam.remark != ""),
            EventTeam.left_at.is_(None),
        )
        .options(joinedload(EventTeam.team).selectinload(Team.members), joinedload(EventTeam.event))
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

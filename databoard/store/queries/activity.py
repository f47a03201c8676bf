"""Questions about what people did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import AuditEntry, EventTeam, Interaction, Submission, Team, User


def _interactions(
    query: Select[Any], event_ids: Collection[int] | None, user: str, kind: str
) -> Select[Any]:
    if event_ids is not None:
        query = query.where(Interaction.event_id.in_(event_ids))
    if user:
        query = query.join(User, User.id == Interaction.user_id).where(
            func.lower(User.name) == user.strip().lower()
        )
    return query.where(Interaction.kind == kind) if kind else query


def interactions(
    session: Session,
    event_ids: Collection[int] | None,
    *,
    user: str = "",
    kind: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[Interaction]:
    """List what was done in some events (None: on the whole site), newest first."""
    query = _interactions(select(Interaction), event_ids, user, kind)
    return list(
        session.scalars(
            query.options(
                joinedload(Interaction.user),
                joinedload(Interaction.submission)
                .joinedload(Submission.event_team)
                .options(joinedload(EventTeam.team), joinedload(EventTeam.event)),
            )
            .order_by(Interaction.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def n_interactions(
    session: Session, event_ids: Collection[int] | None, *, user: str = "", kind: str = ""
) -> int:
    """Count what was done."""
    query = _interactions(select(func.count(Interaction.id)), event_ids, user, kind)
    return session.scalar(query) or 0


def kinds(session: Session) -> list[str]:
    """List the kinds of things that were done."""
    return list(session.scalars(select(Interaction.kind).distinct().order_by(Interaction.kind)))


def joins(session: Session, event_id: int, *, limit: int) -> list[tuple[datetime, str]]:
    """List when which teams were let into an event, newest first."""
    query = (
        select(EventTeam.approved_at, Team.name)
        .join(Team, Team.id == EventTeam.team_id)
        .where(
            EventTeam.event_id == event_id,
            EventTeam.approved_at.is_not(None),
            EventTeam.left_at.is_(None),
        )
        .order_by(EventTeam.approved_at.desc(), EventTeam.id.desc())
        .limit(limit)
    )
    return [(at, name) for at, name in session.execute(query) if at is not None]


def _audited(
    query: Select[Any], event_ids: Collection[int] | None, by: str, action: str
) -> Select[Any]:
    if event_ids is not None:
        query = query.where(AuditEntry.event_id.in_(event_ids))
    if by:
        query = query.where(func.lower(AuditEntry.by) == by.lower())
    return query.where(AuditEntry.action == action) if action else query


def audit_trail(
    session: Session,
    event_ids: Collection[int] | None = None,
    *,
    by: str = "",
    action: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[AuditEntry]:
    """List what administrators did in some events (None: on the whole site), newest first."""
    query = _audited(select(AuditEntry), event_ids, by, action)
    return list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit).offset(offset)))


def n_audited(
    session: Session,
    event_ids: Collection[int] | None = None,
    *,
    by: str = "",
    action: str = "",
) -> int:
    """Count what administrators did."""
    return session.scalar(_audited(select(func.count(AuditEntry.id)), event_ids, by, action)) or 0


def audited_actions(session: Session, event_ids: Collection[int] | None = None) -> list[str]:
    """List the kinds of what administrators did."""
    query = _audited(select(AuditEntry.action).distinct(), event_ids, "", "")
    return list(session.scalars(query.order_by(AuditEntry.action)))

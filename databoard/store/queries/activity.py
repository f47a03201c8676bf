"""Questions about what people did."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import AuditEntry, EventTeam, Interaction, Submission, User


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


def audit_trail(session: Session, *, limit: int = 100, offset: int = 0) -> list[AuditEntry]:
    """List what administrators did, newest first."""
    return list(
        session.scalars(
            select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit).offset(offset)
        )
    )


def n_audited(session: Session) -> int:
    """Count what administrators did."""
    return session.scalar(select(func.count(AuditEntry.id))) or 0

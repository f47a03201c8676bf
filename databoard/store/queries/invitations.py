"""Questions about invitations to teams."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import Team, TeamInvitation


def _open(now: datetime) -> Select[TeamInvitation]:
    """Choose the invitations that were not answered and did not run out."""
    return (
        select(TeamInvitation)
        .where(
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.declined_at.is_(None),
            or_(TeamInvitation.expires_at.is_(None), TeamInvitation.expires_at > now),
        )
        .options(joinedload(TeamInvitation.team), joinedload(TeamInvitation.user))
        .order_by(TeamInvitation.created_at, TeamInvitation.id)
    )


def of_team(session: Session, team_id: int, now: datetime) -> list[TeamInvitation]:
    """List the open invitations of a team."""
    return list(session.scalars(_open(now).where(TeamInvitation.team_id == team_id)))


def of_user(session: Session, user_id: int, now: datetime) -> list[TeamInvitation]:
    """List the open invitations to a user by name."""
    return list(
        session.scalars(
            _open(now).where(TeamInvitation.user_id == user_id, TeamInvitation.token_hash.is_(None))
        )
    )


def by_key(session: Session, key: int, now: datetime) -> TeamInvitation | None:
    """Open invitation of this key."""
    return session.scalar(_open(now).where(TeamInvitation.id == key))


def by_token_hash(session: Session, token_hash: str, now: datetime) -> TeamInvitation | None:
    """Open invitation of the link with this hash."""
    return session.scalar(_open(now).where(TeamInvitation.token_hash == token_hash))


def lock_team(session: Session, team_id: int) -> None:
    """Let other answers to invitations of this team wait until this transaction ends.

    SQLite has locked the whole database at BEGIN already.
    """
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))

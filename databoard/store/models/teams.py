"""Teams: whoever submits together; every user has one of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, Key, Sha256
from databoard.store.models.accounts import User


class Team(Base):
    """A team; ``is_individual`` marks the one that a user gets with the account."""

    __tablename__ = "teams"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    is_individual: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    admin: Mapped[User | None] = relationship()
    members: Mapped[list[TeamMember]] = relationship(
        back_populates="team", cascade="all, delete-orphan"
    )
    invitations: Mapped[list[TeamInvitation]] = relationship(
        back_populates="team", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 2 AND 40", name="name_length"),
        Index("uq_teams_lower_name", text("lower(name)"), unique=True),
    )


class TeamMember(Base):
    """A user in a team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    joined_at: Mapped[datetime]

    team: Mapped[Team] = relationship(back_populates="members")
    user: Mapped[User] = relationship()


class FormerMember(Base):
    """A user who left a team, the last time that it happened."""

    __tablename__ = "former_members"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    left_at: Mapped[datetime]


class TeamInvitation(Base):
    """An invitation to a team, to one user or to whoever has its link."""

    __tablename__ = "team_invitations"

    id: Mapped[Key]
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    token_hash: Mapped[Sha256 | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship(back_populates="invitations")
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])

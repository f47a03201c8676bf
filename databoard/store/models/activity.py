"""What people did: credits, looks, comments, news, and what admins and cron did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, BigKey, Key, Name, Short
from databoard.store.models.accounts import User
from databoard.store.models.submissions import Submission


class Credit(Base):
    """The share of a submission that its team credits to a source, itself included; sums to 100."""

    __tablename__ = "credits"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    source_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    percent: Mapped[float] = mapped_column(Float(53))
    given_at: Mapped[datetime]
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    submission: Mapped[Submission] = relationship(foreign_keys=[submission_id])
    source: Mapped[Submission] = relationship(foreign_keys=[source_id])

    __table_args__ = (CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),)


class Interaction(Base):
    """Something a user looked at or did: opened a page, saw code, imported, submitted."""

    __tablename__ = "interactions"

    id: Mapped[BigKey]
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    event_team_id: Mapped[int | None] = mapped_column(
        ForeignKey("event_teams.id", ondelete="CASCADE")
    )
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), index=True
    )
    filename: Mapped[Name] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")

    user: Mapped[User | None] = relationship()
    submission: Mapped[Submission | None] = relationship()

    __table_args__ = (Index(None, "event_id", "at"), Index(None, "event_team_id", "kind"))


class Comment(Base):
    """A remark on a submission, for those who may see it."""

    __tablename__ = "comments"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    text: Mapped[str]
    at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


class Notification(Base):
    """News for one user, shown in the menu until read.

    ``text`` is the whole sentence in English; ``parts`` holds the sentence without its values, and
    these, where pages can translate it.
    """

    __tablename__ = "notifications"

    id: Mapped[BigKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str]
    parts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    url: Mapped[Short] = mapped_column(default="")
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "user_id", "read_at", "at"),)


class Announcement(Base):
    """A banner of the organisers, on one event or everywhere."""

    __tablename__ = "announcements"

    id: Mapped[Key]
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    text: Mapped[str]
    level: Mapped[str] = mapped_column(String(10), default="info")
    at: Mapped[datetime]
    until: Mapped[datetime | None]


class AuditEntry(Base):
    """What an admin did, to what, and why; ``about_id`` where the object carries a user's name."""

    __tablename__ = "audit_entries"

    id: Mapped[BigKey]
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    by: Mapped[Name]
    action: Mapped[Name]
    object: Mapped[Short]
    about_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("events.id", ondelete="SET NULL"), index=True
    )
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class TaskRun(Base):
    """One run of a recurrent task: backup, housekeeping, rehearsal, clean-up."""

    __tablename__ = "task_runs"

    id: Mapped[BigKey]
    name: Mapped[Name]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ok: Mapped[bool | None]
    message: Mapped[str] = mapped_column(default="")

    __table_args__ = (Index(None, "name", "started_at"),)

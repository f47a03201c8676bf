"""The queue: what is due to be trained, and who trains it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, BigKey, Key, Name, Sha256, Short
from databoard.store.models.submissions import Submission


class Job(Base):
    """One run of a submission, or one check of a sandbox.

    ``token`` grows with every claim: a result that comes with an older one is refused, so that a
    trainer that was thought dead cannot overwrite its successor.
    """

    __tablename__ = "jobs"

    id: Mapped[BigKey]
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), index=True
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    event_team_id: Mapped[int] = mapped_column(
        ForeignKey("event_teams.id", ondelete="CASCADE"), index=True
    )
    lane: Mapped[str] = mapped_column(String(10), default="train")
    priority: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default="due")
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(80))
    token: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    cancel_asked_at: Mapped[datetime | None]
    reason: Mapped[Short] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    # The check lane keeps its question and its answer here; a check is never a submission. A
    # job that trains a scored submission again keeps here what the run before predicted.
    folder: Mapped[Name] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")

    submission: Mapped[Submission | None] = relationship()

    __table_args__ = (
        CheckConstraint(
            "state IN ('due', 'running', 'done', 'cancelled', 'quarantined')", name="state"
        ),
        CheckConstraint("lane IN ('train', 'check')", name="lane"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint(
            "(lane = 'train') = (submission_id IS NOT NULL)", name="train_has_submission"
        ),
        Index(None, "state", "lane", "priority", "due_at"),
        Index(None, "event_team_id", "lane", "state"),
        Index(None, "state", "lease_until"),
        # A trainer may still hold the key of a job that was deleted: it is never given again.
        {"sqlite_autoincrement": True},
    )


class Trainer(Base):
    """A trainer process that has been seen; its heartbeat is ``seen_at``."""

    __tablename__ = "trainers"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    host: Mapped[Name] = mapped_column(default="")
    pid: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="running")
    isolation: Mapped[str] = mapped_column(String(20), default="")
    notes: Mapped[str] = mapped_column(default="")
    slots: Mapped[int] = mapped_column(default=1)
    environment_hash: Mapped[Sha256] = mapped_column(default="")
    version: Mapped[Name] = mapped_column(default="")
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        CheckConstraint("state IN ('running', 'draining', 'paused', 'stopped')", name="state"),
    )

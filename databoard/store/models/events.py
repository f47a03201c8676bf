"""Events: a problem that is open to teams for a time, with its rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, IntArray, Key, Name, Sha256, Short
from databoard.store.models.accounts import User
from databoard.store.models.problems import Problem, ScoreType
from databoard.store.models.teams import Team


class Event(Base):
    """An event.

    ``version`` grows with every change of its submissions, ``board_version`` only with what a
    board of scores could show: folds that come and go leave the boards as they are.
    """

    __tablename__ = "events"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    title: Mapped[Short]
    problem_id: Mapped[int] = mapped_column(ForeignKey("problems.id"), index=True)
    description_html: Mapped[str] = mapped_column(default="")
    rules_html: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    board_version: Mapped[int] = mapped_column(default=1, server_default="1")

    # When
    opening_at: Mapped[datetime | None]
    public_opening_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    # For so long after the closing submissions are kept, trained and marked late, without a rank.
    late_s: Mapped[int] = mapped_column(default=0, server_default="0")
    freeze_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    # Who
    is_public: Mapped[bool] = mapped_column(default=True)
    is_controlled_signup: Mapped[bool] = mapped_column(default=False)
    allowed_emails: Mapped[str] = mapped_column(default="")
    max_members_per_team: Mapped[int] = mapped_column(default=1)
    can_merge_teams: Mapped[bool] = mapped_column(default=False)
    merging_ends_at: Mapped[datetime | None]
    is_anonymous: Mapped[bool] = mapped_column(default=False)

    # How often
    pause_s: Mapped[int] = mapped_column(default=0)
    max_per_day: Mapped[int | None]
    max_submissions: Mapped[int | None]
    max_pending: Mapped[int | None]
    is_paused: Mapped[bool] = mapped_column(default=False)
    pause_reason: Mapped[str] = mapped_column(default="")

    # Limits of a fold
    fold_seconds: Mapped[int] = mapped_column(default=600)
    fold_memory_mb: Mapped[int] = mapped_column(default=2048)
    fold_cores: Mapped[int] = mapped_column(default=1)
    fold_disk_mb: Mapped[int] = mapped_column(default=64)
    fold_output_kb: Mapped[int] = mapped_column(default=64)
    max_upload_kb: Mapped[int] = mapped_column(default=2048)

    # What is shown and how it is judged
    log_policy: Mapped[str] = mapped_column(String(10), default="limited")
    is_strict: Mapped[bool] = mapped_column(default=False)
    can_reuse_results: Mapped[bool] = mapped_column(default=False)
    ranking: Mapped[str] = mapped_column(String(10), default="bagged")
    has_ladder: Mapped[bool] = mapped_column(default=False)
    has_cv_board: Mapped[bool] = mapped_column(default=True)
    n_final: Mapped[int] = mapped_column(default=1)
    max_n_ensemble: Mapped[int] = mapped_column(default=80)

    # Letters
    sends_submitted_mails: Mapped[bool] = mapped_column(default=False)
    sends_trained_mails: Mapped[bool] = mapped_column(default=False)

    # What the results were made with
    data_hash: Mapped[Sha256] = mapped_column(default="")
    folds_hash: Mapped[Sha256] = mapped_column(default="")
    combined: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # What stands on its boards is to be analysed while more was asked for than is done.
    analysis_asked: Mapped[int] = mapped_column(default=0)
    analysis_done: Mapped[int] = mapped_column(default=0)
    # Grows with what was asked for because of anything but a new result.
    analysis_renewed: Mapped[int] = mapped_column(default=0, server_default="0")
    # Hash of what the places on its boards were found from
    standings_of: Mapped[Sha256] = mapped_column(default="", server_default=text("''"))

    problem: Mapped[Problem] = relationship()
    score_types: Mapped[list[EventScoreType]] = relationship(
        back_populates="event",
        cascade="all, delete-orphan",
        order_by="EventScoreType.position",
    )
    folds: Mapped[list[Fold]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="Fold.number"
    )
    admins: Mapped[list[EventAdmin]] = relationship(
        back_populates="event", cascade="all, delete-orphan"
    )
    teams: Mapped[list[EventTeam]] = relationship(
        back_populates="event", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint(
            "closing_at IS NULL OR opening_at IS NULL OR opening_at <= closing_at",
            name="opens_before_it_closes",
        ),
        CheckConstraint("log_policy IN ('full', 'limited')", name="log_policy"),
        CheckConstraint("ranking IN ('bagged', 'mean')", name="ranking"),
        CheckConstraint("pause_s >= 0", name="pause"),
        CheckConstraint("max_members_per_team >= 1", name="max_members"),
        CheckConstraint(
            "fold_seconds > 0 AND fold_memory_mb > 0 AND fold_cores > 0", name="limits"
        ),
    )

    @property
    def official_score(self) -> EventScoreType:
        """The score that ranks."""
        return next(s for s in self.score_types if s.is_official)


class EventScoreType(Base):
    """A score of an event; the type's direction and range are copied for the board's queries."""

    __tablename__ = "event_score_types"

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    score_type_id: Mapped[int] = mapped_column(ForeignKey("score_types.id"), index=True)
    name: Mapped[Name]
    position: Mapped[int]
    precision: Mapped[int] = mapped_column(default=3)
    is_official: Mapped[bool] = mapped_column(default=False)
    is_lower_the_better: Mapped[bool]
    minimum: Mapped[float] = mapped_column(Float(53))
    maximum: Mapped[float] = mapped_column(Float(53))

    event: Mapped[Event] = relationship(back_populates="score_types")
    score_type: Mapped[ScoreType] = relationship()

    __table_args__ = (
        UniqueConstraint("event_id", "name"),
        UniqueConstraint("event_id", "position"),
    )


class Fold(Base):
    """A cross-validation fold: row numbers to train on and to validate on, fixed at the start."""

    __tablename__ = "folds"

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    number: Mapped[int]
    train_is: Mapped[Any] = mapped_column(IntArray, deferred=True)
    valid_is: Mapped[Any] = mapped_column(IntArray, deferred=True)

    event: Mapped[Event] = relationship(back_populates="folds")

    __table_args__ = (UniqueConstraint("event_id", "number"),)


class EventAdmin(Base):
    """A user who organises an event."""

    __tablename__ = "event_admins"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    event: Mapped[Event] = relationship(back_populates="admins")
    user: Mapped[User] = relationship()


class EventTeam(Base):
    """A team in an event; it submits once ``approved_at`` is set, while there is no ``remark``.

    ``remark`` says why it waits where others need not, also after it was let in.
    """

    __tablename__ = "event_teams"

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    signed_up_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    extra_closing_at: Mapped[datetime | None]
    extra_per_day: Mapped[int | None]
    section: Mapped[Name] = mapped_column(default="")
    disqualified_at: Mapped[datetime | None]
    disqualification: Mapped[str] = mapped_column(default="")
    log_bytes_shown: Mapped[int] = mapped_column(default=0)
    remark: Mapped[str] = mapped_column(default="", server_default=text("''"))

    event: Mapped[Event] = relationship(back_populates="teams")
    team: Mapped[Team] = relationship()
    sandbox: Mapped[list[SandboxFile]] = relationship(
        back_populates="event_team", cascade="all, delete-orphan"
    )

    __table_args__ = (
        UniqueConstraint("event_id", "team_id"),
        Index(None, "event_id", "approved_at"),
    )

    @property
    def closing_at(self) -> datetime | None:
        """When the event closes for this team: with all others, or later by its extension."""
        common = self.event.closing_at
        return common and max(common, self.extra_closing_at or common)

    @property
    def is_approved(self) -> bool:
        """Does the team take part?"""
        return self.approved_at is not None and self.left_at is None

    @property
    def may_submit(self) -> bool:
        """Does it take part, and wait for nothing?"""
        return self.is_approved and not self.remark

    @property
    def waits_since(self) -> datetime:
        """Since when it waits for the organisers: its sign-up, or its newest member's joining."""
        if self.approved_at is None:
            return self.signed_up_at
        return max((one.joined_at for one in self.team.members), default=self.signed_up_at)


class TeamMerge(Base):
    """One team's proposal to another to go on in an event as one team under a new name."""

    __tablename__ = "team_merges"

    id: Mapped[Key]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    asking_id: Mapped[int] = mapped_column(ForeignKey("event_teams.id", ondelete="CASCADE"))
    asked_id: Mapped[int] = mapped_column(ForeignKey("event_teams.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None]
    is_accepted: Mapped[bool] = mapped_column(default=False)

    event: Mapped[Event] = relationship()
    asking: Mapped[EventTeam] = relationship(foreign_keys=[asking_id])
    asked: Mapped[EventTeam] = relationship(foreign_keys=[asked_id])
    proposed_by: Mapped[User | None] = relationship()

    __table_args__ = (Index(None, "asked_id", "answered_at"), Index(None, "asking_id"))


class SandboxFile(Base):
    """What a team is writing; ``version`` tells an old browser tab from the newest text."""

    __tablename__ = "sandbox_files"

    id: Mapped[Key]
    event_team_id: Mapped[int] = mapped_column(ForeignKey("event_teams.id", ondelete="CASCADE"))
    filename: Mapped[Name]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    event_team: Mapped[EventTeam] = relationship(back_populates="sandbox")

    __table_args__ = (UniqueConstraint("event_team_id", "filename"),)

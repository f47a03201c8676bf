"""Submissions, what became of each fold, and their scores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from databoard.store.base import Base, BigInt, BigKey, Key, Name, Sha256
from databoard.store.models.accounts import User
from databoard.store.models.events import EventScoreType, EventTeam, Fold

_STATES = (
    "'new', 'training', 'scored', 'checking_error', 'training_error', 'validating_error', "
    "'testing_error', 'scoring_error', 'cancelled', 'quarantined'"
)
_FOLD_STATES = (
    "'new', 'training', 'trained', 'validated', 'tested', 'scored', 'training_error', "
    "'validating_error', 'testing_error', 'scoring_error', 'cancelled'"
)


class Submission(Base):
    """A named version of a team's code in an event.

    ``event_id`` repeats the team's event, so that boards read one index. ``run`` counts how often
    it was trained anew; only results of the newest run are current. ``hash_`` is the random public
    name of pages and folders.
    """

    __tablename__ = "submissions"

    id: Mapped[Key]
    hash_: Mapped[str] = mapped_column("hash", String(40), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    event_team_id: Mapped[int] = mapped_column(ForeignKey("event_teams.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[Name]
    comment: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(String(80))
    submitted_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), default="new")
    run: Mapped[int] = mapped_column(default=1)

    # How it ended
    ended_at: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(10), default="")
    message: Mapped[str] = mapped_column(default="")
    error_file: Mapped[Name] = mapped_column(default="")
    error_line: Mapped[int | None]
    error_fold: Mapped[int | None]
    error_text: Mapped[str] = mapped_column(default="")
    isolation: Mapped[str] = mapped_column(String(20), default="")

    # Sums for the board
    train_s: Mapped[float | None] = mapped_column(Float(53))
    valid_s: Mapped[float | None] = mapped_column(Float(53))
    test_s: Mapped[float | None] = mapped_column(Float(53))
    peak_mb: Mapped[float | None] = mapped_column(Float(53))
    contributivity: Mapped[float] = mapped_column(Float(53), default=0.0)
    historical_contributivity: Mapped[float] = mapped_column(Float(53), default=0.0)
    # What the best combination of all scored before it arrived, and with it
    blend_without: Mapped[float | None] = mapped_column(Float(53))
    blend_with: Mapped[float | None] = mapped_column(Float(53))

    # Marks
    is_baseline: Mapped[bool] = mapped_column(default=False)
    is_late: Mapped[bool] = mapped_column(default=False)
    is_final: Mapped[bool] = mapped_column(default=False)
    is_starred: Mapped[bool] = mapped_column(default=False)
    is_stale: Mapped[bool] = mapped_column(default=False)
    #: Whether it was scored and what follows from that is not known yet.
    awaits_analysis: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Whether it moved what the ladder shows of its team.
    is_rung: Mapped[bool] = mapped_column(default=False, server_default=false())
    withdrawn_at: Mapped[datetime | None]
    #: Why an organiser took it off; empty if a newer one of its name took its place.
    withdrawal: Mapped[str] = mapped_column(default="", server_default=text("''"))
    disqualification: Mapped[str] = mapped_column(default="")

    # What it was made with
    code_hash: Mapped[Sha256] = mapped_column(default="")
    data_hash: Mapped[Sha256] = mapped_column(default="")
    folds_hash: Mapped[Sha256] = mapped_column(default="")
    kit_hash: Mapped[Sha256] = mapped_column(default="")
    environment_hash: Mapped[Sha256] = mapped_column(default="")
    reproduces: Mapped[bool | None]

    event_team: Mapped[EventTeam] = relationship()
    user: Mapped[User | None] = relationship()
    files: Mapped[list[SubmissionFile]] = relationship(
        back_populates="submission",
        cascade="all, delete-orphan",
        order_by="SubmissionFile.position",
    )
    fold_runs: Mapped[list[FoldRun]] = relationship(
        back_populates="submission", cascade="all, delete-orphan", order_by="FoldRun.number"
    )
    scores: Mapped[list[SubmissionScore]] = relationship(
        back_populates="submission", cascade="all, delete-orphan"
    )
    bagged: Mapped[list[BaggedScore]] = relationship(
        back_populates="submission", cascade="all, delete-orphan"
    )

    __table_args__ = (
        UniqueConstraint("event_team_id", "key"),
        # A failed or queued submission gives its name free by being withdrawn.
        Index(
            "uq_submissions_event_team_id_name",
            "event_team_id",
            "name",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("fault IN ('', 'team', 'organiser', 'ours')", name="fault"),
        Index(None, "event_id", "state", "submitted_at"),
        Index(None, "event_id", "submitted_at"),
        Index(None, "event_team_id", "submitted_at"),
        Index(None, "code_hash"),
        # Small indexes of what is rare. They hold all that is asked of them, or SQLite, which
        # cannot know that they are small, may walk along a large one.
        Index(
            "ix_submissions_shares",
            "event_id",
            "contributivity",
            "historical_contributivity",
            sqlite_where=text("contributivity <> 0 OR historical_contributivity <> 0"),
            postgresql_where=text("contributivity <> 0 OR historical_contributivity <> 0"),
        ),
        Index(
            "ix_submissions_references",
            "event_id",
            "is_baseline",
            "is_starred",
            sqlite_where=text("is_baseline = true OR is_starred = true"),
            postgresql_where=text("is_baseline = true OR is_starred = true"),
        ),
        Index(
            "ix_submissions_awaiting",
            "event_id",
            "awaits_analysis",
            sqlite_where=text("awaits_analysis = true"),
            postgresql_where=text("awaits_analysis = true"),
        ),
        Index(
            "ix_submissions_rungs",
            "event_id",
            "is_rung",
            sqlite_where=text("is_rung = true"),
            postgresql_where=text("is_rung = true"),
        ),
        Index(
            "ix_submissions_rungs_of_team",
            "event_team_id",
            "is_rung",
            sqlite_where=text("is_rung = true"),
            postgresql_where=text("is_rung = true"),
        ),
        # Letters are told apart by the key of their submission: it is never given again.
        {"sqlite_autoincrement": True},
    )

    @property
    def folder(self) -> str:
        """Name of its folder below the submissions."""
        return f"submission_{self.hash_}"

    @property
    def is_ended(self) -> bool:
        """Has it reached a state that only a new run can leave?"""
        return self.state not in ("new", "training")

    @property
    def is_error(self) -> bool:
        """Did it fail?"""
        return self.state.endswith("_error") or self.state == "quarantined"


class SubmissionFile(Base):
    """A file of a submission; its bytes lie in the submission's folder."""

    __tablename__ = "submission_files"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"))
    position: Mapped[int]
    filename: Mapped[Name]
    type: Mapped[str] = mapped_column(String(10), default="code")
    n_bytes: Mapped[int]
    sha256: Mapped[Sha256]

    submission: Mapped[Submission] = relationship(back_populates="files")

    __table_args__ = (UniqueConstraint("submission_id", "filename"),)


class FoldRun(Base):
    """What became of one fold of a submission in its newest run."""

    __tablename__ = "fold_runs"

    id: Mapped[BigKey]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"))
    fold_id: Mapped[int] = mapped_column(ForeignKey("folds.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="new")
    fault: Mapped[str] = mapped_column(String(10), default="")
    message: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    train_s: Mapped[float | None] = mapped_column(Float(53))
    valid_s: Mapped[float | None] = mapped_column(Float(53))
    test_s: Mapped[float | None] = mapped_column(Float(53))
    peak_mb: Mapped[float | None] = mapped_column(Float(53))
    isolation: Mapped[str] = mapped_column(String(20), default="")
    train_sha256: Mapped[Sha256] = mapped_column(default="")
    test_sha256: Mapped[Sha256] = mapped_column(default="")

    submission: Mapped[Submission] = relationship(back_populates="fold_runs")
    fold: Mapped[Fold] = relationship()
    scores: Mapped[list[FoldScore]] = relationship(
        back_populates="fold_run", cascade="all, delete-orphan"
    )

    __table_args__ = (
        UniqueConstraint("submission_id", "fold_id"),
        CheckConstraint(f"state IN ({_FOLD_STATES})", name="state"),
        CheckConstraint(
            "(train_s IS NULL OR train_s >= 0) AND (valid_s IS NULL OR valid_s >= 0) "
            "AND (test_s IS NULL OR test_s >= 0)",
            name="times",
        ),
    )


class FoldScore(Base):
    """Scores of one fold, by one score type, at full precision."""

    __tablename__ = "fold_scores"

    fold_run_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("fold_runs.id", ondelete="CASCADE"), primary_key=True
    )
    event_score_type_id: Mapped[int] = mapped_column(
        ForeignKey("event_score_types.id", ondelete="CASCADE"), primary_key=True
    )
    train: Mapped[float | None] = mapped_column(Float(53))
    valid: Mapped[float | None] = mapped_column(Float(53))
    test: Mapped[float | None] = mapped_column(Float(53))

    fold_run: Mapped[FoldRun] = relationship(back_populates="scores")
    event_score_type: Mapped[EventScoreType] = relationship()


class SubmissionScore(Base):
    """Scores of a submission by one score type: bagged, and mean and spread over folds.

    ``public`` is what the public board ranks by (bagged or mean validation score, or what the
    Ladder lets out); ``private`` likewise on the test rows.
    """

    __tablename__ = "submission_scores"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    event_score_type_id: Mapped[int] = mapped_column(
        ForeignKey("event_score_types.id", ondelete="CASCADE"), primary_key=True
    )
    public: Mapped[float | None] = mapped_column(Float(53))
    private: Mapped[float | None] = mapped_column(Float(53))
    valid_bag: Mapped[float | None] = mapped_column(Float(53))
    test_bag: Mapped[float | None] = mapped_column(Float(53))
    train_mean: Mapped[float | None] = mapped_column(Float(53))
    valid_mean: Mapped[float | None] = mapped_column(Float(53))
    test_mean: Mapped[float | None] = mapped_column(Float(53))
    train_std: Mapped[float | None] = mapped_column(Float(53))
    valid_std: Mapped[float | None] = mapped_column(Float(53))
    test_std: Mapped[float | None] = mapped_column(Float(53))

    submission: Mapped[Submission] = relationship(back_populates="scores")
    event_score_type: Mapped[EventScoreType] = relationship()

    __table_args__ = (
        Index(None, "event_score_type_id", "public"),
        Index(None, "event_score_type_id", "private"),
    )


class BaggedScore(Base):
    """Bagged scores after the first ``n_folds`` folds."""

    __tablename__ = "bagged_scores"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    event_score_type_id: Mapped[int] = mapped_column(
        ForeignKey("event_score_types.id", ondelete="CASCADE"), primary_key=True
    )
    n_folds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid: Mapped[float | None] = mapped_column(Float(53))
    test: Mapped[float | None] = mapped_column(Float(53))

    submission: Mapped[Submission] = relationship(back_populates="bagged")
    event_score_type: Mapped[EventScoreType] = relationship()

"""Where submissions stand on the boards of an event, with what is known of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from databoard.store.base import Base


class Standing(Base):
    """A line of a board: what orders it, and what is known of its place.

    There is one for each board that a scored submission is on. What orders it follows from the
    submission, its team and its scores (`databoard.store.placing`), so that a page of a board is
    a few steps along an index. The rest is made by `databoard.services.analysis` after results
    have come; it is empty while that is not done, or too far down a long board.
    """

    __tablename__ = "standings"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    board: Mapped[str] = mapped_column(String(10), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    event_team_id: Mapped[int] = mapped_column(ForeignKey("event_teams.id", ondelete="CASCADE"))
    #: The official score as it is shown, negated if more is better; infinite if there is none.
    key: Mapped[float] = mapped_column(Float(53))
    submitted_at: Mapped[datetime]
    #: Whether it takes a rank: it has a score, and is not a baseline, late or disqualified.
    is_ranked: Mapped[bool]

    rank_low: Mapped[int | None]
    rank_high: Mapped[int | None]
    tie_group: Mapped[int | None]
    p_best: Mapped[float | None] = mapped_column(Float(53))
    #: From this difference on it would surely stand apart from its band.
    gap: Mapped[float | None] = mapped_column(Float(53))
    #: Chances of its team at the closing, by this submission and the team's other final ones.
    p_win: Mapped[float | None] = mapped_column(Float(53))
    p_podium: Mapped[float | None] = mapped_column(Float(53))
    #: Its score minus the reference's, with the interval of that and what it means.
    delta: Mapped[float | None] = mapped_column(Float(53))
    delta_low: Mapped[float | None] = mapped_column(Float(53))
    delta_high: Mapped[float | None] = mapped_column(Float(53))
    verdict: Mapped[str] = mapped_column(String(20), default="")

    __table_args__ = (
        CheckConstraint("board IN ('public', 'private')", name="board"),
        # Everything that ordering, ranking and counting asks for.
        Index(
            "ix_standings_order",
            "event_id",
            "board",
            "key",
            "submitted_at",
            "submission_id",
            "is_ranked",
            "event_team_id",
        ),
        # The last scores of a team, without a look at the lines themselves.
        Index(
            "ix_standings_trend",
            "event_team_id",
            "board",
            "submitted_at",
            "key",
            "submission_id",
        ),
        Index(
            "ix_standings_placed",
            "event_id",
            "board",
            sqlite_where=text("rank_low IS NOT NULL"),
            postgresql_where=text("rank_low IS NOT NULL"),
        ),
    )

"""Where submissions stand on the boards of an event, with what is known of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from databoard.store.base import Base


class Standing(Base):
    """A submission's rank interval on a board, its tie band and its chances.

    Made by `databoard.services.analysis` after results have come; a submission without one has
    not been analysed yet, or is too far down a long board.
    """

    __tablename__ = "standings"

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    board: Mapped[str] = mapped_column(String(10), primary_key=True)
    rank_low: Mapped[int]
    rank_high: Mapped[int]
    tie_group: Mapped[int]
    p_best: Mapped[float] = mapped_column(Float(53))
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

    __table_args__ = (CheckConstraint("board IN ('public', 'private')", name="board"),)

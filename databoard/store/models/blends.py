"""Blends that visitors ask about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from databoard.store.base import Base, BigKey, Short


class BlendQuestion(Base):
    """What would these submissions score together? A trainer answers, beside the labels.

    ``parts`` says how often each submission counts, by its key; ``answer`` holds bagged validation
    scores by name.
    """

    __tablename__ = "blend_questions"

    id: Mapped[BigKey]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    parts: Mapped[dict[str, int]] = mapped_column(JSON)
    #: Tells the same question of the same runs.
    digest: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[Short] = mapped_column(default="")

    __table_args__ = (Index(None, "event_id", "digest"),)

"""Letters that wait to be sent, or were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from databoard.store.base import Base, BigKey, Short


class OutgoingMail(Base):
    """A letter; ``key`` keeps the same news from being written twice."""

    __tablename__ = "outgoing_mails"

    id: Mapped[BigKey]
    key: Mapped[Short] = mapped_column(unique=True)
    to: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")

    __table_args__ = (Index(None, "sent_at", "due_at"),)

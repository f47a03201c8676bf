"""What results were computed with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from databoard.store.base import Base, Name, Sha256


class Environment(Base):
    """Python and all packages that something ran with, by the sha256 of their list."""

    __tablename__ = "environments"

    hash_: Mapped[str] = mapped_column("hash", String(64), primary_key=True)
    packages: Mapped[list[Any]] = mapped_column(JSON)
    seen_at: Mapped[datetime]


class ProblemEnvironment(Base):
    """How the environment of a problem's own stands, as a trainer said it last.

    ``key`` names the requirements that it is about; ``hash_`` is of what was ready last.
    """

    __tablename__ = "problem_environments"

    problem_id: Mapped[int] = mapped_column(
        ForeignKey("problems.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[Name] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(default="")
    line: Mapped[int | None]
    trainer: Mapped[Name] = mapped_column(default="")
    hash_: Mapped[Sha256] = mapped_column("hash", default="")
    changed_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'building', 'ready', 'failed')", name="state"),
    )

"""Recurrent tasks leave a row: when they ran, and how it ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.store.models import TaskRun

MESSAGE_LENGTH = 4000


def start(session: Session, name: str, *, now: datetime) -> TaskRun:
    """Note that a task begins."""
    run = TaskRun(name=name[:200], started_at=now)
    session.add(run)
    session.flush()
    return run


def finish(session: Session, run: TaskRun, *, ok: bool, message: str, now: datetime) -> None:
    """Note how a task ended; of a long message the end is kept, where errors stand."""
    run.ended_at, run.ok, run.message = now, ok, message[-MESSAGE_LENGTH:]
    session.add(run)
    session.flush()

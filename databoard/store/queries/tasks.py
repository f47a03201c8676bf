"""Questions about the runs of recurrent tasks."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.store.models import TaskRun


def names(session: Session) -> list[str]:
    """Name the tasks that ever ran."""
    return list(session.scalars(select(TaskRun.name).distinct().order_by(TaskRun.name)))


def last(session: Session, name: str, *, ok: bool | None = None) -> TaskRun | None:
    """Find the newest run of a task, or the newest one that ended so."""
    query = select(TaskRun).where(TaskRun.name == name)
    if ok is not None:
        query = query.where(TaskRun.ok.is_(ok))
    return session.scalar(query.order_by(TaskRun.started_at.desc(), TaskRun.id.desc()).limit(1))


def last_of_each(session: Session, start: str) -> list[TaskRun]:
    """List the newest run of each task whose name starts so, by name."""
    newest = (
        select(func.max(TaskRun.id))
        .where(TaskRun.name.startswith(start, autoescape=True))
        .group_by(TaskRun.name)
    )
    return list(
        session.scalars(select(TaskRun).where(TaskRun.id.in_(newest)).order_by(TaskRun.name))
    )


def listing(
    session: Session, name: str = "", *, limit: int = 100, offset: int = 0
) -> list[TaskRun]:
    """List runs, newest first."""
    query = select(TaskRun).order_by(TaskRun.id.desc()).limit(limit).offset(offset)
    return list(session.scalars(query.where(TaskRun.name == name) if name else query))


def number(session: Session, name: str = "") -> int:
    """Count runs."""
    query = select(func.count(TaskRun.id))
    return session.scalar(query.where(TaskRun.name == name) if name else query) or 0

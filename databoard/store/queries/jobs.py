"""Questions about the queue, and the few conditional updates that make it safe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session, aliased, joinedload

from databoard.store.models import Event, FoldRun, Job, Submission, Trainer

CHANNEL = "databoard_jobs"


def wake(session: Session) -> None:
    """Tell waiting trainers, when this commits, that something is due (PostgreSQL only)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


def claim(
    session: Session,
    owner: str,
    *,
    now: datetime,
    lane: str,
    until: datetime,
    submission_ids: Sequence[int] | None = None,
) -> Job | None:
    """Lease the next due job; safe among any number of trainers."""
    other = aliased(Job)
    n_running = (
        select(func.count(other.id))
        .where(
            other.event_team_id == Job.event_team_id,
            other.lane == lane,
            other.state == "running",
        )
        .correlate(Job)
        .scalar_subquery()
    )
    query = (
        select(Job.id)
        .join(Event, Event.id == Job.event_id)
        .where(Job.state == "due", Job.lane == lane, Job.due_at <= now, Event.is_paused.is_(False))
        .order_by(Job.priority.desc(), n_running, Job.due_at, Job.id)
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
    if submission_ids is not None:
        query = query.where(Job.submission_id.in_(submission_ids))
    job_id = session.scalar(query)
    if job_id is None:
        return None
    taken = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "due")
        .values(
            state="running",
            owner=owner,
            lease_until=until,
            started_at=now,
            token=Job.token + 1,
            attempts=Job.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    job = session.get(Job, job_id, options=[joinedload(Job.submission)])
    session.refresh(job)
    return job


def locked(session: Session, job_id: int, token: int) -> Job | None:
    """Job of this key, locked, if it is still running under this token."""
    return session.scalar(
        select(Job)
        .where(Job.id == job_id, Job.token == token, Job.state == "running")
        .with_for_update(of=Job)
        .execution_options(populate_existing=True)
    )


def prolong(session: Session, job_id: int, token: int, until: datetime) -> Job | None:
    """Give a running job more time; None if it is no longer this claim's."""
    job = locked(session, job_id, token)
    if job is not None:
        job.lease_until = until
        session.flush()
    return job


def open_of(session: Session, submission_id: int) -> list[Job]:
    """List the jobs of a submission that are due or running."""
    return list(
        session.scalars(
            select(Job).where(Job.submission_id == submission_id, Job.state.in_(("due", "running")))
        )
    )


def expired(session: Session, now: datetime) -> list[Job]:
    """List the running jobs whose lease has ended."""
    return list(
        session.scalars(
            select(Job)
            .where(Job.state == "running", Job.lease_until < now)
            .with_for_update(of=Job, skip_locked=True)
        )
    )


def n_due(session: Session, lane: str | None = None) -> int:
    """Count what waits."""
    query = select(func.count(Job.id)).where(Job.state == "due")
    if lane is not None:
        query = query.where(Job.lane == lane)
    return session.scalar(query) or 0


def next_due(session: Session) -> datetime | None:
    """When the next job becomes due."""
    return session.scalar(select(func.min(Job.due_at)).where(Job.state == "due"))


def n_ahead(session: Session, submission: Submission) -> int:
    """Count the submissions that were due before this one and have not started."""
    own = session.scalar(select(Job).where(Job.submission_id == submission.id, Job.state == "due"))
    if own is None:
        return 0
    return (
        session.scalar(
            select(func.count(Job.id)).where(
                Job.state == "due",
                Job.lane == own.lane,
                or_(
                    Job.priority > own.priority,
                    (Job.priority == own.priority)
                    & or_(Job.due_at < own.due_at, (Job.due_at == own.due_at) & (Job.id < own.id)),
                ),
            )
        )
        or 0
    )


def typical_seconds(session: Session, event_id: int, n_last: int = 20) -> float | None:
    """Mean seconds of work of the last submissions of an event, over all their folds."""
    last = (
        select(Submission.id)
        .where(Submission.event_id == event_id, Submission.ended_at.is_not(None))
        .order_by(Submission.ended_at.desc())
        .limit(n_last)
        .subquery()
    )
    work = select(
        func.sum(
            func.coalesce(FoldRun.train_s, 0.0)
            + func.coalesce(FoldRun.valid_s, 0.0)
            + func.coalesce(FoldRun.test_s, 0.0)
        ),
        func.count(func.distinct(FoldRun.submission_id)),
    ).where(FoldRun.submission_id.in_(select(last.c.id)))
    seconds, number = session.execute(work).one()
    return float(seconds) / number if number and seconds is not None else None


def trainer(session: Session, name: str) -> Trainer | None:
    """Trainer of this name."""
    return session.scalar(select(Trainer).where(Trainer.name == name))


def trainers(session: Session) -> list[Trainer]:
    """List the trainers that were ever seen, the newest first."""
    return list(session.scalars(select(Trainer).order_by(Trainer.seen_at.desc())))


def live_trainers(session: Session, since: datetime) -> list[Trainer]:
    """List the trainers that were seen lately."""
    return list(
        session.scalars(select(Trainer).where(Trainer.seen_at >= since, Trainer.state != "stopped"))
    )


def trainer_seen(session: Session, name: str, now: datetime) -> None:
    """Keep that a trainer is alive."""
    session.execute(
        update(Trainer)
        .where(Trainer.name == name)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def trainer_state(session: Session, name: str) -> str:
    """What a trainer should do: running, draining, paused or stopped."""
    return session.scalar(select(Trainer.state).where(Trainer.name == name)) or "running"


def listing(
    session: Session, *, states: Sequence[str] | None = None, limit: int = 200
) -> list[Job]:
    """List jobs, the newest first, with what they are about."""
    query = select(Job).options(joinedload(Job.submission)).order_by(Job.id.desc()).limit(limit)
    if states is not None:
        query = query.where(Job.state.in_(states))
    return list(session.scalars(query))

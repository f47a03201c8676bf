"""Questions about the queue, and the few conditional updates that make it safe."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload

from databoard.store.base import UTCDateTime
from databoard.store.memory import keep
from databoard.store.models import Event, EventTeam, FoldRun, Job, Submission, Trainer

CHANNEL = "databoard_jobs"
#: No lease is as long, and no job is put off as far: a time beyond this was written by a clock
#: that has been set back since.
FAR = timedelta(minutes=5)
#: Who owns the jobs that a datarun server has. It tells nothing by itself, so its leases are long.
DATARUN = "datarun server"


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(Job.due_at <= now, Job.due_at > now + FAR)


def wake(session: Session) -> None:
    """Tell waiting trainers, when this commits, that something is due (PostgreSQL only)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


def _turns(lane: str) -> Subquery:
    """Tell whose turn it is: per team that waits, what it has running and when it had one last."""
    waiting = select(Job.event_team_id).where(Job.state == "due", Job.lane == lane)
    return (
        select(
            Job.event_team_id,
            func.sum(case((Job.state == "running", 1), else_=0)).label("n_running"),
            func.max(Job.started_at).label("served_at"),
        )
        .where(Job.event_team_id.in_(waiting), Job.lane == lane)
        .group_by(Job.event_team_id)
        .subquery()
    )


def _may_start() -> ColumnElement[bool]:
    """Tell whether a job's team may have one more at once: in strict events it has one only.

    What runs feels how busy the machine is, and a check would tell its team at once.
    """
    running = aliased(Job)
    others = exists().where(running.event_team_id == Job.event_team_id, running.state == "running")
    return or_(Event.is_strict.is_(False), not_(others))


@cache  # putting it together takes longer than asking it
def _next_due(lane: str, are_named: bool, must_wait: bool) -> Any:
    """Ask for the job whose turn it is, among named submissions, but for those of problems."""
    turns = _turns(lane)
    now, far = bindparam("now", type_=UTCDateTime()), bindparam("far", type_=UTCDateTime())
    query = (
        select(Job.id, Job.event_team_id, Event.is_strict)
        .join(Event, Event.id == Job.event_id)
        .join(turns, turns.c.event_team_id == Job.event_team_id)
        .where(
            Job.state == "due",
            Job.lane == lane,
            or_(Job.due_at <= now, Job.due_at > far),
            _may_start(),
        )
        .order_by(
            Job.priority.desc(),
            turns.c.n_running,
            turns.c.served_at.asc().nulls_first(),
            Job.due_at,
            Job.id,
        )
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
    if are_named:
        # Whoever names submissions wants them trained, even while the event's queue is stopped.
        query = query.where(Job.submission_id.in_(bindparam("submissions", expanding=True)))
    else:
        query = query.where(Event.is_paused.is_(False))
    if must_wait:
        query = query.where(Event.problem_id.not_in(bindparam("problems", expanding=True)))
    return query


def claim(
    session: Session,
    owner: str,
    *,
    now: datetime,
    lane: str,
    until: datetime,
    submission_ids: Sequence[int] | None = None,
    but_problems: Collection[int] = (),
) -> Job | None:
    """Lease the next due job; safe among any number of trainers."""
    values: dict[str, Any] = {"now": now, "far": now + FAR}
    if submission_ids is not None:
        values["submissions"] = list(submission_ids)
    if but_problems:
        values["problems"] = list(but_problems)
    query = _next_due(lane, submission_ids is not None, bool(but_problems))
    due = session.execute(query, values).one_or_none()
    if due is None:
        return None
    job_id, team_id, is_strict = due
    if is_strict:
        # Another trainer may be taking the team's other job at this very moment: it holds the
        # team, or what it has taken is seen from now on.
        team = select(EventTeam.id).where(EventTeam.id == team_id)
        if session.scalar(team.with_for_update(skip_locked=True)) is None:
            return None
    which = {"key": job_id, "team": team_id} if is_strict else {"key": job_id}
    taken = session.execute(
        _lease(is_strict), {**which, "owner": owner, "lease_until": until, "started_at": now}
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    job: Job | None = session.scalar(_with_folds(), {"key": job_id})
    return job


@cache
def _lease(is_strict: bool) -> Any:
    """Give a job that is still due to a trainer; in a strict event, if its team has none."""
    table = Job.__table__
    query = update(table).where(table.c.id == bindparam("key"), table.c.state == "due")  # type: ignore[arg-type]
    if is_strict:
        others = table.alias()
        query = query.where(
            ~exists().where(
                others.c.event_team_id == bindparam("team"), others.c.state == "running"
            )
        )
    return query.values(state="running", token=table.c.token + 1, attempts=table.c.attempts + 1)


@cache
def _with_folds() -> Any:
    """Ask for a job as it is now, with the folds of its submission."""
    return (
        select(Job)
        .where(Job.id == bindparam("key"))
        .options(joinedload(Job.submission).selectinload(Submission.fold_runs))
        .execution_options(populate_existing=True)
    )


def locked(session: Session, job_id: int, token: int) -> Job | None:
    """Job of this key, locked, if it is still running under this token."""
    job = keep(session, (Job, job_id, token), lambda: _lock(session, job_id, token))
    # A transaction that has locked it may itself have ended it since.
    is_held = job is not None and job.state == "running" and job.token == token
    return job if is_held else None


def _lock(session: Session, job_id: int, token: int) -> Job | None:
    job: Job | None = session.scalar(_held(), {"key": job_id, "token": token})
    return job


@cache
def _held() -> Any:
    """Ask for a running job by its key and token, and lock it."""
    return (
        select(Job)
        .where(Job.id == bindparam("key"), Job.token == bindparam("token"), Job.state == "running")
        .with_for_update(of=Job)
        .execution_options(populate_existing=True)
    )


def prolong(session: Session, tokens: Mapping[int, int], until: datetime) -> dict[int, Job]:
    """Give the jobs that still run under these tokens more time; by their keys."""
    if not tokens:
        return {}
    held = session.scalars(
        select(Job)
        .where(Job.id.in_(tokens), Job.state == "running")
        .order_by(Job.id)
        .with_for_update(of=Job)
        .execution_options(populate_existing=True)
    )
    jobs = {job.id: job for job in held if job.token == tokens[job.id]}
    for job in jobs.values():
        job.lease_until = until
    session.flush()
    return jobs


def open_of(session: Session, submission_id: int) -> list[Job]:
    """List the jobs of a submission that are due or running, locked."""
    return list(
        session.scalars(
            select(Job)
            .where(Job.submission_id == submission_id, Job.state.in_(("due", "running")))
            .with_for_update(of=Job)
            .execution_options(populate_existing=True)
        )
    )


def expired(session: Session, now: datetime) -> list[Job]:
    """List the running jobs whose lease has ended, or is none that a clock of today gave."""
    is_of_no_clock = and_(Job.lease_until > now + FAR, Job.owner != DATARUN)
    has_ended = or_(Job.lease_until < now, is_of_no_clock)
    return list(
        session.scalars(
            select(Job)
            .where(Job.state == "running", has_ended)
            .with_for_update(of=Job, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )


def open_checks(session: Session, event_team_id: int) -> list[Job]:
    """List the checks of a team that have not ended, locked."""
    return list(
        session.scalars(
            select(Job)
            .where(
                Job.event_team_id == event_team_id,
                Job.lane == "check",
                Job.state.in_(("due", "running")),
            )
            .with_for_update(of=Job)
            .execution_options(populate_existing=True)
        )
    )


def last_check(session: Session, event_team_id: int) -> Job | None:
    """Find the newest check of a team."""
    return session.scalar(
        select(Job)
        .where(Job.event_team_id == event_team_id, Job.lane == "check")
        .order_by(Job.id.desc())
        .limit(1)
    )


def n_checks_ahead(session: Session, job: Job) -> int:
    """Count the checks that were asked for before this one and have not begun."""
    query = select(func.count(Job.id)).where(
        Job.lane == "check", Job.state == "due", Job.id < job.id
    )
    return session.scalar(query) or 0


def folders_of_open_checks(session: Session) -> set[str]:
    """Name the folders of the checks that have not ended."""
    return set(
        session.scalars(
            select(Job.folder).where(Job.lane == "check", Job.state.in_(("due", "running")))
        )
    )


def by_id(session: Session, job_id: int) -> Job | None:
    """Job of this key."""
    return session.get(Job, job_id)


def at_datarun(session: Session) -> list[Job]:
    """List the jobs that a datarun server has, in the order in which they were sent."""
    query = select(Job).where(Job.state == "running", Job.owner == DATARUN)
    return list(session.scalars(query.order_by(Job.started_at, Job.id)))


def n_open_of(session: Session, submission_ids: Sequence[int]) -> int:
    """Count the jobs of these submissions that have not ended."""
    query = select(func.count(Job.id)).where(
        Job.submission_id.in_(submission_ids), Job.state.in_(("due", "running"))
    )
    return session.scalar(query) or 0


@dataclass(frozen=True)
class Glance:
    """What a trainer wants to know when something has changed.

    Attributes
    ----------
    state : str
        What it should do: running, draining, paused or stopped.
    lanes : set of str
        Lanes in which something is due.
    held : set of int
        Jobs that are still its own.
    cancelled : set of int
        Those of them that somebody wants stopped.
    """

    state: str
    lanes: set[str]
    held: set[int]
    cancelled: set[int]


def glance(session: Session, owner: str, now: datetime) -> Glance:
    """Look what is new for a trainer, without writing anything."""
    due = select(Job.lane).where(Job.state == "due", _is_due(now)).distinct()
    own = select(Job.id, Job.cancel_asked_at).where(Job.state == "running", Job.owner == owner)
    held = {row[0]: row[1] for row in session.execute(own)}
    return Glance(
        trainer_state(session, owner),
        set(session.scalars(due)),
        set(held),
        {job_id for job_id, asked_at in held.items() if asked_at is not None},
    )


def n_due(session: Session, lane: str | None = None) -> int:
    """Count what waits and may be claimed, now or later."""
    query = (
        select(func.count(Job.id))
        .join(Event, Event.id == Job.event_id)
        .where(Job.state == "due", Event.is_paused.is_(False))
    )
    if lane is not None:
        query = query.where(Job.lane == lane)
    return session.scalar(query) or 0


def n_ahead(session: Session, submission: Submission) -> int:
    """Count the submissions that will be claimed before this one, as far as is known now.

    Teams take turns, so of another team at most as many as this team has before its own, and one
    more where that team's turn comes first.
    """
    own = session.scalar(select(Job).where(Job.submission_id == submission.id, Job.state == "due"))
    if own is None:
        return 0
    due = (Job.state == "due", Job.lane == own.lane)
    ahead = session.scalar(select(func.count(Job.id)).where(*due, Job.priority > own.priority)) or 0
    is_before = or_(Job.due_at < own.due_at, (Job.due_at == own.due_at) & (Job.id < own.id))
    turns = _turns(own.lane)
    rows = session.execute(
        select(
            Job.event_team_id,
            func.count(Job.id),
            func.sum(case((is_before, 1), else_=0)),
            func.row_number().over(
                order_by=(
                    turns.c.n_running,
                    turns.c.served_at.asc().nulls_first(),
                    func.min(Job.due_at),
                    func.min(Job.id),
                )
            ),
        )
        .join(turns, turns.c.event_team_id == Job.event_team_id)
        .where(*due, Job.priority == own.priority)
        .group_by(Job.event_team_id, turns.c.n_running, turns.c.served_at)
    ).all()
    own_before, own_turn = next(row[2:] for row in rows if row[0] == own.event_team_id)
    for team_id, n_due_of_team, _, turn in rows:
        if team_id != own.event_team_id:
            ahead += min(n_due_of_team, own_before + int(turn < own_turn))
    return int(ahead + own_before)


def typical_seconds(session: Session, event_id: int, n_last: int = 20) -> float | None:
    """Mean seconds of work of the last scored submissions of an event, over all their folds."""
    last = (
        select(Submission.id)
        .where(Submission.event_id == event_id, Submission.state == "scored")
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


def trainer_seen(session: Session, name: str, now: datetime, slots: int | None = None) -> None:
    """Keep that a trainer is alive, and how much it can do."""
    session.execute(
        update(Trainer)
        .where(Trainer.name == name)
        .values(seen_at=now, **({} if slots is None else {"slots": slots}))
        .execution_options(synchronize_session=False)
    )


def trainer_state(session: Session, name: str) -> str:
    """Tell what a trainer should do: running, draining, paused or stopped."""
    return session.scalar(select(Trainer.state).where(Trainer.name == name)) or "running"


@dataclass(frozen=True)
class Lane:
    """How busy one lane of the queue is.

    Attributes
    ----------
    name : str
        ``check`` or ``train``.
    n_due, n_running : int
        What waits, and what a trainer has.
    oldest : datetime or None
        Since when the longest waiting is due; None if nothing waits.
    typical_wait_s : float or None
        Mean wait of the last jobs that were begun, in seconds.
    """

    name: str
    n_due: int
    n_running: int
    oldest: datetime | None
    typical_wait_s: float | None


def lanes(session: Session, now: datetime, *, n_last: int = 50) -> list[Lane]:
    """Tell how busy each lane is; what is due later does not wait yet."""
    counts = {
        (lane, state): (number, oldest)
        for lane, state, number, oldest in session.execute(
            select(Job.lane, Job.state, func.count(Job.id), func.min(Job.due_at))
            .where(or_(Job.state == "running", (Job.state == "due") & (Job.due_at <= now)))
            .group_by(Job.lane, Job.state)
        )
    }
    found = []
    for name in ("check", "train"):
        n_due, oldest = counts.get((name, "due"), (0, None))
        n_running, _ = counts.get((name, "running"), (0, None))
        begun = session.execute(
            select(Job.due_at, Job.started_at)
            .where(Job.lane == name, Job.started_at.is_not(None))
            .order_by(Job.started_at.desc())
            .limit(n_last)
        )
        # What was given back is due after it was begun.
        waits = [(start - due).total_seconds() for due, start in begun if start and due <= start]
        typical = sum(waits) / len(waits) if waits else None
        found.append(Lane(name, n_due, n_running, oldest, typical))
    return found


def listing(
    session: Session, *, states: Sequence[str] | None = None, limit: int = 200
) -> list[Job]:
    """List jobs, the newest first, with what they are about."""
    query = select(Job).options(joinedload(Job.submission)).order_by(Job.id.desc()).limit(limit)
    if states is not None:
        query = query.where(Job.state.in_(states))
    return list(session.scalars(query))

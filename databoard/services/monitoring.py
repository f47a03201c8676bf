"""Alarms: a task that is late or failed, a trainer that fell silent; each told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.mail import letters
from databoard.services import outbox
from databoard.store.queries import accounts, health, jobs
from databoard.store.queries import outbox as outbox_queries
from databoard.store.queries import tasks as queries

#: A task may start a little late and take its time.
GRACE = timedelta(minutes=15)
#: After so long administrators hear of a silent trainer, and after so long no more.
TRAINER_IS_SILENT = timedelta(minutes=5)
FORGOTTEN = timedelta(days=7)


@dataclass(frozen=True)
class Alarm:
    """Something that an administrator must look at.

    Attributes
    ----------
    key : str
        The same for as long as the trouble lasts.
    what, mend : str
        What happened, and what to do.
    """

    key: str
    what: str
    mend: str


@dataclass(frozen=True)
class Standing:
    """How a task stands.

    Attributes
    ----------
    name : str
    state : {"ok", "late", "failed", "running", "never"}
    every : timedelta or None
        How often it should run, if that is known.
    """

    name: str
    state: str
    every: timedelta | None
    last_ok_at: datetime | None
    last_ok_id: int
    message: str


def standings(
    session: Session, schedule: Mapping[str, timedelta | None], *, now: datetime
) -> list[Standing]:
    """Tell how each task stands that is scheduled or ever ran."""
    names = sorted({*schedule, *queries.names(session)})
    return [_standing(session, name, schedule.get(name), now) for name in names]


def _standing(session: Session, name: str, every: timedelta | None, now: datetime) -> Standing:
    run, good = queries.last(session, name), queries.last(session, name, ok=True)
    since = good.started_at if good else health.installed_at(session)
    if run is not None and run.ok is False:
        state = "failed"
    elif every is not None and since is not None and now - since > every + allowance(every):
        state = "late"
    elif run is None:
        state = "never"
    else:
        state = "running" if run.ok is None else "ok"
    return Standing(
        name,
        state,
        every,
        good.started_at if good else None,
        good.id if good else 0,
        run.message if run else "",
    )


def allowance(every: timedelta) -> timedelta:
    """Tell by how much a task may be late before it is an alarm: an hour for a daily one."""
    return max(GRACE, every / 24)


def alarms(
    session: Session, schedule: Mapping[str, timedelta | None], *, now: datetime
) -> list[Alarm]:
    """List what is wrong now."""
    return [*_task_alarms(session, schedule, now), *_trainer_alarms(session, now)]


def _task_alarms(
    session: Session, schedule: Mapping[str, timedelta | None], now: datetime
) -> Iterator[Alarm]:
    for task in standings(session, schedule, now=now):
        if task.state not in ("late", "failed"):
            continue
        when = f"{task.last_ok_at:%Y-%m-%d %H:%M} UTC" if task.last_ok_at else "never"
        last_line = (task.message.strip().splitlines() or [""])[-1][:300]
        what = (
            f"The task {task.name} is late"
            if task.state == "late"
            else (f"The task {task.name} failed: {last_line}")
        )
        yield Alarm(
            f"task:{task.name}:{task.last_ok_id}",
            f"{what}. It last went well: {when}.",
            "See /admin/tasks, and whether cron runs: crontab -l"
            if task.every is not None
            else "See /admin/tasks, and the log of what ran it",
        )


def _trainer_alarms(session: Session, now: datetime) -> Iterator[Alarm]:
    for trainer in jobs.trainers(session):
        silence = now - trainer.seen_at
        if trainer.state == "stopped" or not TRAINER_IS_SILENT < silence < FORGOTTEN:
            continue
        yield Alarm(
            f"trainer:{trainer.name}:{trainer.seen_at:%Y-%m-%dT%H:%M:%S}",
            f"The trainer {trainer.name} on {trainer.host or 'an unknown host'} was last seen at "
            f"{trainer.seen_at:%Y-%m-%d %H:%M} UTC.",
            "See /admin/trainers; start it again: fab train, or systemctl restart "
            "databoard-trainer",
        )


def sound(session: Session, alarms: list[Alarm], *, now: datetime) -> int:
    """Write each alarm to the administrators, once for as long as the trouble lasts.

    Returns
    -------
    int
        How many alarms are new.
    """
    n_new = 0
    for alarm in alarms:
        is_new = False
        for admin in accounts.admins(session):
            key = f"alarm:{admin.id}:{alarm.key}"
            if outbox_queries.by_key(session, key) is None:
                letter = letters.alarm(admin.name, alarm.what, alarm.mend)
                outbox.write(session, key, admin.email, letter.subject, letter.body, now=now)
                is_new = True
        n_new += is_new
    return n_new

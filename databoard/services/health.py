"""What is well and what is not: findings that say how to mend what is red."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from databoard import __version__
from databoard.services.analysis import TASK
from databoard.services.jobs import TRAINER_IS_LOST
from databoard.settings import Settings
from databoard.store.models import Trainer
from databoard.store.queries import health as queries
from databoard.store.queries import jobs, tasks

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
#: A part of the disk that must be free; below the first, trainers take nothing on.
FREE_RED, FREE_YELLOW = 0.05, 0.10
QUEUE_IS_OLD = timedelta(minutes=30)
LETTER_IS_OLD = timedelta(hours=1)
CLOCK_YELLOW, CLOCK_RED = timedelta(seconds=2), timedelta(seconds=30)
MANAGE = "python manage.py"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes
    ----------
    name : str
        What was looked at.
    level : {"green", "yellow", "red"}
    what : str
        What was found.
    mend : str
        What to do; empty where all is well.
    """

    name: str
    level: str
    what: str
    mend: str = ""


def green(name: str, what: str) -> Finding:
    """Find that all is well."""
    return Finding(name, "green", what)


def yellow(name: str, what: str, mend: str) -> Finding:
    """Find what works, but not as it should."""
    return Finding(name, "yellow", what, mend)


def red(name: str, what: str, mend: str) -> Finding:
    """Find what does not work, or is not safe."""
    return Finding(name, "red", what, mend)


def is_well(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing is red."""
    return all(finding.level != "red" for finding in findings)


# ---- the database --------------------------------------------------------------------------------


def check_migrations(session: Session, directory: Path = MIGRATIONS) -> Finding:
    """Compare the schema with the newest migration."""
    name = "migrations"
    heads = set(ScriptDirectory(str(directory)).get_heads())
    known = queries.revisions(session)
    if known == heads:
        return green(name, f"at {', '.join(sorted(heads))}, the newest")
    at = ", ".join(sorted(known)) or "no revision"
    return red(
        name, f"at {at}, the newest is {', '.join(sorted(heads))}", f"run: {MANAGE} db upgrade"
    )


def check_time_zone(url: str) -> Finding:
    """Look which zone the server would answer in if databoard did not ask for UTC."""
    zone = queries.server_time_zone(url)
    if zone.upper() in ("UTC", "ETC/UTC", "GMT"):
        return green("time zone", zone)
    return yellow(
        "time zone",
        f"the database is set to {zone}; databoard asks for UTC, other programs do not",
        "run: ALTER DATABASE <name> SET timezone TO 'UTC'",
    )


def check_clock(session: Session, *, now: datetime) -> Finding:
    """Compare this machine's clock with those of the database and of the trainers."""
    differences = [abs(now - moment) for moment in (queries.server_time(session),) if moment]
    differences += [
        trainer.seen_at - now for trainer in jobs.trainers(session) if trainer.seen_at > now
    ]
    worst = max(differences, default=timedelta())
    if worst <= CLOCK_YELLOW:
        return green("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, as the other machines have it")
    level = red if worst > CLOCK_RED else yellow
    return level(
        "clock",
        f"the machines' clocks differ by {worst.total_seconds():.0f} seconds",
        "keep them right on each machine: apt-get install systemd-timesyncd",
    )


# ---- training ------------------------------------------------------------------------------------


def check_trainers(session: Session, *, now: datetime) -> Iterator[Finding]:
    """Look who trains, in which isolation, with which version."""
    alive = jobs.live_trainers(session, now - TRAINER_IS_LOST)
    if not alive:
        yield red("trainers", "none is alive", "start one: fab train, or its service")
    for trainer in alive:
        yield _check_trainer(trainer)


def _check_trainer(trainer: Trainer) -> Finding:
    name = f"trainer {trainer.name}"
    words = trainer.notes.split("\n", 1)[0] or f"isolation: {trainer.isolation or 'unknown'}"
    if trainer.isolation == "none":
        return red(name, words, "run trainers where namespaces or Landlock are allowed (a VM)")
    if trainer.last_error:
        return red(name, f"takes nothing on: {trainer.last_error.splitlines()[0]}", "see its log")
    if trainer.version != __version__:
        return yellow(
            name,
            f"version {trainer.version or 'unknown'}, this is {__version__}; {words}",
            "restart it with the new release",
        )
    if trainer.state != "running":
        return yellow(name, f"is {trainer.state}; {words}", "let it go on, on /admin/trainers")
    return green(name, f"{trainer.slots} slots; {words}")


def check_queue(session: Session, *, now: datetime) -> Finding:
    """Look how long the oldest job waits."""
    number, oldest = jobs.n_due(session), queries.oldest_due(session)
    if oldest is None or now - oldest <= QUEUE_IS_OLD:
        return green("queue", f"{number} jobs wait")
    minutes = int((now - oldest).total_seconds() // 60)
    return yellow(
        "queue",
        f"{number} jobs wait, the oldest for {minutes} minutes",
        "see /admin/trainers; start more trainers, or raise DATABOARD_WORKERS",
    )


def check_analyses(session: Session) -> Finding:
    """Look whether what follows from results (intervals, blends) could be found out."""
    name = "analyses"
    failed = [run for run in tasks.last_of_each(session, TASK) if run.ok is False]
    if not failed:
        return green(name, "none has failed")
    run = failed[0]
    reason = (run.message.strip().splitlines() or ["no reason told"])[-1][:200]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return yellow(
        name,
        f"the {run.name} failed at {run.started_at:%Y-%m-%d %H:%M} UTC{more}: {reason}",
        "scores are not touched, and it is tried again; the trainer's log has the traceback",
    )


def weakest_isolation(session: Session, *, now: datetime) -> str:
    """Words of the living trainer that isolates nothing; empty while all keep submissions apart."""
    for trainer in jobs.live_trainers(session, now - TRAINER_IS_LOST):
        if trainer.isolation == "none":
            return trainer.notes.split("\n", 1)[0]
    return ""


# ---- the machine and its settings ----------------------------------------------------------------


def check_disk(folder: Path, name: str = "disk") -> Finding:
    """Look how much of a disk is free."""
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    words = f"{usage.free / 1e9:.1f} GB free ({free:.0%}) for {folder}"
    if free >= FREE_YELLOW:
        return green(name, words)
    level = red if free < FREE_RED else yellow
    return level(
        name, words, "make room: fab clean:older_than=90d, tools/housekeeping.sh, or a larger disk"
    )


def check_folders(settings: Settings) -> Iterator[Finding]:
    """Look whether the folders of data can be used, and by nobody else."""
    for path in (settings.submissions_dir, settings.root / "db", settings.problems_dir):
        yield _check_folder(path, must_write=path != settings.problems_dir)
    for path in (settings.root / "db" / "secret_key", settings.root / "env"):
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield red(str(path), "others can read this secret", f"run: chmod 600 {path}")


def _check_folder(path: Path, *, must_write: bool) -> Finding:
    name = f"folder {path.name}"
    if not path.is_dir():
        return red(name, f"{path} is missing", f"run: mkdir -p {path}")
    wanted = os.R_OK | os.X_OK | (os.W_OK if must_write else 0)
    if not os.access(path, wanted):
        verb = "written" if must_write else "read"
        return red(name, f"{path} cannot be {verb}", f"run: chown -R <user of the services> {path}")
    if stat.S_IMODE(path.stat().st_mode) & stat.S_IWOTH:
        return red(name, f"everybody may write into {path}", f"run: chmod o-w {path}")
    return green(name, str(path))


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Look for settings that a server in production must not have."""
    level = red if settings.is_production else yellow
    troubles = list(_troubles(settings))
    for name, what, mend in troubles:
        yield level(name, what, mend)
    if settings.allow_unsafe:
        yield level(
            "isolation",
            "DATABOARD_ALLOW_UNSAFE lets submissions run without any isolation",
            "unset it, unless every participant is trusted with this server",
        )
    if settings.is_production and not troubles:
        yield green("settings", "fit for production")
    elif not settings.is_production:
        yield green("settings", "not in production (DATABOARD_PRODUCTION is off)")


def _troubles(settings: Settings) -> Iterator[tuple[str, str, str]]:
    if len(set(settings.secret_key)) < 10:
        yield (
            "secret key",
            "can be guessed",
            "unset DATABOARD_SECRET_KEY: one is made in db/secret_key",
        )
    if not settings.csrf_enabled:
        yield "forms", "are not protected (WTF_CSRF_ENABLED is False)", "unset WTF_CSRF_ENABLED"
    if not settings.is_production:
        return
    address = urlsplit(settings.public_url)
    if address.scheme != "https" or address.hostname in (None, "localhost", "127.0.0.1"):
        yield (
            "address",
            f"{settings.public_url} is no https address that others reach",
            "set DATABOARD_PUBLIC_URL=https://<host>",
        )
    if settings.is_test:
        yield "database", "the test database is used in production", "unset DATABOARD_TEST"
    if not settings.mail_url.startswith("smtp"):
        yield "mail", "letters go to nobody", "set DATABOARD_MAIL_URL=smtp://..."


def check_letters(session: Session, *, now: datetime) -> Finding:
    """Look whether letters leave."""
    lost, oldest = queries.n_lost_letters(session), queries.oldest_letter(session)
    if oldest is not None and now - oldest > LETTER_IS_OLD:
        hours = (now - oldest).total_seconds() / 3600
        return red(
            "letters",
            f"one waits for {hours:.1f} hours",
            "start the mailer: fab mail, or its service; see /admin/mail",
        )
    if lost:
        return yellow("letters", f"{lost} could not be sent", "see /admin/mail and send them again")
    return green("letters", "none is stuck")


# ---- what asks -----------------------------------------------------------------------------------


def ready(session: Session, settings: Settings) -> list[Finding]:
    """Look whether the site can serve: the database answers, its schema is new, there is room."""
    queries.answers(session)
    return [
        green("database", "answers"),
        check_migrations(session),
        check_disk(settings.root),
    ]


def examine(session: Session, settings: Settings, *, now: datetime) -> list[Finding]:
    """Look at everything that can be seen from here; the database must answer."""
    return [
        *ready(session, settings),
        check_time_zone(settings.database_url),
        check_clock(session, now=now),
        *check_trainers(session, now=now),
        check_queue(session, now=now),
        check_analyses(session),
        check_letters(session, now=now),
        *check_folders(settings),
        *check_settings(settings),
    ]

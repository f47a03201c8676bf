"""The recurrent tasks of a server: run with a row of theirs, and as often as is wanted."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

from databoard.cli import programs
from databoard.cli.words import clock
from databoard.domain import crontab
from databoard.errors import BusyError, InvalidError, ProgramError
from databoard.services import outbox, tasks
from databoard.settings import Settings
from databoard.store.files import write_atomically
from databoard.store.models import TaskRun
from databoard.store.opening import open_session

SHIPPED = Path(__file__).resolve().parents[3] / "tools" / "crontab"


def run_task(
    settings: Settings,
    name: Annotated[str, "what the task is called on the pages: backup, housekeeping, ..."],
    command: Annotated[list[str], "what to run, after --"],
) -> str:
    """Run a command and keep when it ran, how it ended and what it said."""
    run = _start(settings, name)
    code, said = programs.watch(command)
    _finish(settings, run, name, code=code, said=said)
    if code:
        raise ProgramError(f"The task {name} failed with code {code}.")
    return ""


def _start(settings: Settings, name: str) -> TaskRun | None:
    """Note the start; a database that is away must not keep a task from its work."""
    try:
        with open_session(settings.database_url) as session:
            run = tasks.start(session, name, now=clock())
            session.commit()
    except BusyError as error:
        print(f"The start of {name} is not noted: {error.message}", file=sys.stderr)
        return None
    return run


def _finish(settings: Settings, run: TaskRun | None, name: str, *, code: int, said: str) -> None:
    message = said if not code else f"{said}\n(ended with code {code})".strip()
    try:
        with open_session(settings.database_url) as session:
            row = run or tasks.start(session, name, now=clock())
            tasks.finish(session, row, ok=not code, message=message, now=clock())
            session.commit()
    except BusyError as error:
        print(f"The end of {name} is not noted: {error.message}", file=sys.stderr)


def crontab_path(settings: Settings) -> Path:
    """Path of the installation's crontab: the shipped one, once it has been changed."""
    own = settings.root / "crontab"
    return own if own.is_file() else SHIPPED


def backup_every(settings: Settings, interval: Annotated[str, "30m, 1h, 6h, 1d, ..."]) -> str:
    """Change how often a backup is made, for instance during an event."""
    try:
        every = crontab.parse_interval(interval)
        text = crontab.with_interval(crontab_path(settings).read_text(), "backup", every)
    except ValueError as error:
        raise InvalidError(str(error), "interval") from None
    own = settings.root / "crontab"
    write_atomically(own, text.encode())
    if shutil.which("crontab") is None:
        return f"Wrote {own}; there is no cron here: install it with crontab {own}"
    programs.run(["crontab", str(own)])
    return f"A backup is made every {interval}."


def forget_mail(settings: Settings) -> str:
    """Take the letters that have not been sent out of the outbox."""
    with open_session(settings.database_url) as session:
        n_letters = outbox.forget_unsent(session)
        session.commit()
    return f"{n_letters} letters will not be sent."

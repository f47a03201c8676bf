"""A datarun server of 2016 that trains instead of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

from databoard.cli.actions.submissions import chosen
from databoard.cli.words import EventName, ProblemName, SubmissionName, TeamName, found
from databoard.errors import BusyError, DataboardError, InvalidError, SettingsError, TrainingError
from databoard.settings import Settings
from databoard.store.opening import open_session, open_sessions
from databoard.store.queries import problems as problem_queries

if TYPE_CHECKING:
    from databoard.training.datarun.client import Client

Url = Annotated[str, "address of the server, instead of DATARUN_URL"]
Login = Annotated[str, "name there, instead of DATARUN_USERNAME"]
Password = Annotated[
    str, "instead of DATARUN_PASSWORD, which other users of the machine cannot see"
]


def send_data_datarun(
    settings: Settings,
    problem: ProblemName,
    url: Url = "",
    login: Login = "",
    password: Password = "",
) -> str:
    """Send a problem's data, labels and all, to a datarun server, which must be one you trust."""
    from databoard.training.datarun import data  # here: the other commands start faster without

    client = _client(settings, url, login, password)
    with open_session(settings.database_url) as session:
        row = found(
            problem_queries.by_name(session, problem), "problem", problem, "see: fab list_problems"
        )
        what = data.Data.of(row, settings.problems_dir)
    number = data.send(client, what)
    return (
        f"The data of {problem} are number {number} at datarun, named {what.name}; it cuts them "
        "now. Then: fab train_test_datarun:e=<event>"
    )


def train_test_datarun(
    settings: Settings,
    data: Annotated[str, "number of the data at datarun; those that were sent, if empty"] = "",
    url: Url = "",
    login: Login = "",
    password: Password = "",
    event: EventName = "",
    team: TeamName = "",
    submission: SubmissionName = "",
    state: Annotated[str, "only those in this state"] = "",
    force: Annotated[bool, "send also what is there, was scored or has failed"] = False,
    priority: Annotated[str, "L or H: which queue of the server"] = "L",
) -> str:
    """Have a datarun server train what is due or named, where nothing isolates submissions."""
    from databoard.training.datarun.bridge import Bridge  # here: as above

    if data and not data.isdecimal():
        raise InvalidError(f"{data!r} is no number of data; name an event by e={data}.", "data")
    if priority.upper() not in ("L", "H"):
        raise InvalidError(f"The priority is L or H, not {priority!r}.", "priority")
    client = _client(settings, url, login, password)
    with open_sessions(settings.database_url) as sessions, Bridge(settings, sessions, client) as to:
        rows = chosen(settings, event, team, submission, state, force=force)
        ids = [row.id for row in rows if force or row.state != "training"]
        if not ids:
            return "Nothing is due; force=True sends also what was sent or has ended."
        number = int(data) if data else None
        return _each(ids, lambda key: to.send(key, priority.upper(), number))


def get_trained_tested_datarun(
    settings: Settings,
    url: Url = "",
    login: Login = "",
    password: Password = "",
    event: EventName = "",
    team: TeamName = "",
    submission: SubmissionName = "",
    give_back: Annotated[bool, "give up the server: what has not ended is trained here"] = False,
) -> str:
    """Fetch what a datarun server has predicted, score it, and record it."""
    from databoard.training.datarun.bridge import Bridge  # here: as above

    client = _client(settings, url, login, password)
    with open_sessions(settings.database_url) as sessions, Bridge(settings, sessions, client) as to:
        there = to.sent()
        rows = chosen(settings, event, team, submission, "training")
        job_ids = [there[row.id] for row in rows if row.id in there]
        if not job_ids:
            return "Nothing is at datarun."
        if give_back:
            return _each(job_ids, to.take_back)
        try:
            return _each(job_ids, to.fetch)
        finally:
            to.analyse()


def _client(settings: Settings, url: str, login: str, password: str) -> Client:
    from databoard.training.datarun.client import Client

    return Client(
        url or settings.datarun_url,
        login or settings.datarun_username,
        password or settings.datarun_password,
    )


def _each(keys: Iterable[int], do: Callable[[int], str]) -> str:
    """Do something with each, and tell of all; a server that is away is not asked again.

    Raises
    ------
    TrainingError
        Telling of all, if one has failed.
    """
    lines, has_failed = [], False
    for key in keys:
        try:
            lines.append(do(key))
        except DataboardError as error:
            lines.append(error.message)
            has_failed = True
            if isinstance(error, BusyError | SettingsError):
                break
    if has_failed:
        raise TrainingError("\n".join(lines))
    return "\n".join(lines)

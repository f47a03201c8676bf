"""A database that is filled in one go, for a workshop or a trial, and emptied again."""

from __future__ import annotations

import secrets
from typing import Annotated

from databoard.cli import populate as steps
from databoard.cli.actions.submissions import train_test
from databoard.cli.words import Yes, confirm
from databoard.errors import InvalidError
from databoard.kits.loading import load_kit
from databoard.services import problems
from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.opening import open_session, shown

#: Who submits the starting kit to every event, besides those that a problem itself names.
TEAMS = ("lovelace", "gauss")


def populate(
    settings: Settings,
    structure: Annotated[bool, "workflows, their elements, and score types"] = False,
    data: Annotated[bool, "problems, events, and teams with submissions that wait"] = False,
    predictions: Annotated[bool, "train what waits, here and now"] = False,
    small: Annotated[bool, "iris only"] = False,
) -> str:
    """Fill the database with what is shipped: all of it, or the parts that are named."""
    _refuse_production(settings)
    events = {"iris": "iris"} if small else steps.EVENTS
    is_all = not (structure or data or predictions)
    said = []
    if is_all or structure:
        _add_structure(settings, events)
        said.append("workflows and score types are there")
    if is_all or data:
        said.append(_add_data(settings, events))
    if is_all or predictions:
        said.append(train_test(settings))
    return "; ".join(said)


def _add_structure(settings: Settings, events: dict[str, str]) -> None:
    with open_session(settings.database_url) as session:
        for event, problem in events.items():
            bounds = problems.score_bounds(session)
            kit = load_kit(problem, settings.problems_dir, event, score_bounds=bounds)
            problems.ensure_parts(session, kit)
        session.commit()


def _add_data(settings: Settings, events: dict[str, str]) -> str:
    password, n_users, n_new = secrets.token_urlsafe(12), 0, 0
    for event, problem in events.items():
        steps.ensure_problem(settings, problem)
        steps.ensure_event(settings, event, problem)
        examples = steps.examples_of(settings, problem, event, TEAMS[0], with_first=True)
        examples[TEAMS[1], "starting_kit"] = examples[TEAMS[0], "starting_kit"]
        for (team, name), files in examples.items():
            n_users += steps.ensure_new_user(settings, team, password)
            n_new += steps.deposit(settings, event, team, name, files)
    words = f"{len(events)} events, {n_new} new submissions"
    return f"{words}, {n_users} new users with the password {password}" if n_users else words


def depopulate(settings: Settings, yes: Yes = False) -> str:
    """Remove all rows and all files of submissions; the tables stay, at the newest schema."""
    from databoard.cli.database import migrate_to_head  # here: Alembic is slow to import

    _refuse_production(settings)
    url, tables = shown(settings.database_url), ", ".join(sorted(Base.metadata.tables))
    confirm(
        f"All rows of the database {url} go, in the tables {tables}; "
        f"the files of its submissions in {settings.submissions_dir} go, too.",
        yes=yes,
    )
    steps.empty(settings)
    migrate_to_head(settings)
    return f"The database {url} is empty."


def _refuse_production(settings: Settings) -> None:
    if settings.is_production:
        raise InvalidError("This is the production server (DATABOARD_PRODUCTION).")

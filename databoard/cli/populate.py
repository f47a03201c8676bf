"""Fill a database step by step; what is there already stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from databoard.cli.actions.events import add_event
from databoard.cli.actions.problems import add_problem
from databoard.cli.actions.teams import add_team
from databoard.cli.words import clock
from databoard.errors import BusyError
from databoard.kits.deposits import example_submissions, starting_files
from databoard.kits.loading import load_kit
from databoard.services import accounts, submissions, teams
from databoard.settings import Settings
from databoard.store.files import Files as Stored
from databoard.store.opening import drop_tables, open_session
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import problems as problem_queries
from databoard.store.queries import submissions as submission_queries
from databoard.store.queries import teams as team_queries

Files = Mapping[str, bytes]
#: Shipped events by name, and the problems that they are about.
EVENTS = {
    "iris": "iris",
    "digits": "digits",
    "diabetes": "diabetes",
    "variable_stars": "variable_stars",
    "drug_spectra": "drug_spectra",
    "air_passengers_dssp4": "air_passengers",
}


def ensure_problem(settings: Settings, name: str) -> bool:
    """Add a problem; tell whether it was new."""
    with open_session(settings.database_url) as session:
        if problem_queries.by_name(session, name):
            return False
    add_problem(settings, name)
    return True


def ensure_event(settings: Settings, name: str, problem: str) -> bool:
    """Add an event; tell whether it was new."""
    with open_session(settings.database_url) as session:
        if event_queries.by_name(session, name):
            return False
    add_event(settings, name, problem)
    return True


def ensure_user(settings: Settings, name: str, password: str, level: str = "user") -> bool:
    """Make a user, or give it this password; tell whether it was new."""
    with open_session(settings.database_url) as session:
        user = account_queries.by_name(session, name)
        if user is None:
            accounts.create_user(
                session,
                name,
                f"{name}@example.org",
                password,
                now=clock(),
                access_level=level,
            )
        elif not accounts.verify(user.password_hash, password):
            accounts.set_password(session, user, password, now=clock())
        session.commit()
    return user is None


def ensure_new_user(settings: Settings, name: str, password: str) -> bool:
    """Make a user where there is none of this name; tell whether it was new."""
    with open_session(settings.database_url) as session:
        if account_queries.by_name(session, name):
            return False
    return ensure_user(settings, name, password)


def ensure_team(settings: Settings, name: str, members: Sequence[str]) -> None:
    """Make a team of these users."""
    with open_session(settings.database_url) as session:
        if team_queries.by_name(session, name):
            return
    add_team(settings, name, list(members))


def deposit(settings: Settings, event: str, team: str, name: str, files: Files) -> bool:
    """Submit for a team, which takes part from then on; tell whether it was new."""
    with open_session(settings.database_url) as session:
        row = event_queries.by_name(session, event)
        owner = team_queries.by_name(session, team)
        assert row is not None
        assert owner is not None
        if submission_queries.by_name(session, row, team, name):
            return False
        place = teams.sign_up(
            session,
            row,
            owner,
            problems_dir=settings.problems_dir,
            now=clock(),
            approved=True,
            checks=False,
        )
        submissions.submit(
            session,
            place,
            name,
            files,
            submissions_dir=settings.submissions_dir,
            now=clock(),
            as_admin=True,
        )
        session.commit()
    return True


def examples_of(
    settings: Settings, problem: str, event: str, team: str, *, with_first: bool = False
) -> dict[tuple[str, str], Files]:
    """Read the submissions that come with a problem, by team and name.

    ``team`` gets those that name none, and if asked the first one of the sandboxes.
    """
    kit = load_kit(problem, settings.problems_dir, event)
    examples: dict[tuple[str, str], Files] = {
        (owner or team, name): files for (owner, name), files in example_submissions(kit).items()
    }
    if with_first:
        examples[team, "starting_kit"] = starting_files(kit)
    return examples


def n_waiting(settings: Settings) -> dict[str, int]:
    """Count the submissions that have not ended, by event."""
    with open_session(settings.database_url) as session:
        counts = {
            event.name: submission_queries.n_by_state(session, event.id)
            for event in event_queries.all_events(session)
        }
    return {name: by.get("new", 0) + by.get("training", 0) for name, by in counts.items()}


def isolation_of(settings: Settings, trainer: str) -> str:
    """Say in words how well a trainer keeps submissions apart."""
    with open_session(settings.database_url) as session:
        row = job_queries.trainer(session, trainer)
        return row.notes or row.isolation if row else "no trainer"


def empty(settings: Settings) -> None:
    """Remove all tables of the database, and the files that its submissions left."""
    files = Stored(settings.submissions_dir)
    try:
        with open_session(settings.database_url) as session:
            for event in event_queries.all_events(session):
                for submission in submission_queries.of_event(session, event.id):
                    files.remove(submission.folder)
    except BusyError:
        pass  # no tables yet
    drop_tables(settings.database_url)

"""The test database: emptied, filled and trained in one go."""

from __future__ import annotations

import secrets

from databoard.cli import populate
from databoard.cli.actions.submissions import train_test
from databoard.errors import InvalidError
from databoard.settings import Settings

#: Problems and their events, as the original's test: small, one of classes, one of regression.
EVENTS = {"iris": "iris", "diabetes": "diabetes"}


def test_setup(settings: Settings) -> str:
    """Rebuild the test database with problems, events, users and trained submissions."""
    if not settings.is_test:
        raise InvalidError(
            "test_setup rebuilds the test database only: set DATABOARD_TEST=True "
            "and DATABOARD_DB_URL_TEST."
        )
    from databoard.cli.database import migrate_to_head  # here: Alembic is slow to import

    populate.empty(settings)
    migrate_to_head(settings)
    password = secrets.token_urlsafe(12)
    populate.ensure_user(settings, "test_admin", password, level="admin")
    populate.ensure_user(settings, "test_user", password)
    n_submissions = 0
    for problem, event in EVENTS.items():
        print(f"Adding {event} ...", flush=True)
        populate.ensure_problem(settings, problem)
        populate.ensure_event(settings, event, problem)
        for (team, name), files in populate.examples_of(
            settings, problem, event, "test_user"
        ).items():
            populate.ensure_user(settings, team, password)
            populate.deposit(settings, event, team, name, files)
            n_submissions += 1
    print(train_test(settings), flush=True)
    return (
        f"The test database has {len(EVENTS)} events and {n_submissions} trained submissions; "
        f"log in as test_admin or test_user with the password {password}"
    )

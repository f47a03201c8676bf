"""Retention: what nobody needs any more makes room."""

from __future__ import annotations

from typing import Annotated

from databoard.cli import environments
from databoard.cli.words import Yes, clock, confirm, table
from databoard.domain import crontab
from databoard.errors import InvalidError
from databoard.services import retention
from databoard.settings import Settings
from databoard.store.opening import open_session


def clean(
    settings: Settings,
    older_than: Annotated[str, "age from which predictions and logs may go"] = "90d",
    dry_run: Annotated[bool, "list what would go, and remove nothing"] = False,
    yes: Yes = False,
) -> str:
    """Remove what nobody needs: results of old failed or replaced submissions, environments."""
    try:
        before = clock() - crontab.parse_interval(older_than)
    except ValueError as error:
        raise InvalidError(str(error), "older_than") from None
    with open_session(settings.database_url) as session:
        found = retention.leftovers(
            session, before=before, submissions_dir=settings.submissions_dir
        )
        unused = environments.unused(settings, before.timestamp())
        if not found and not unused:
            return f"Nothing that may go is older than {older_than}."
        megabytes = sum(leftover.n_bytes for leftover in found) / 2**20
        rows = [(each.name, each.state, f"{each.n_bytes} bytes") for each in found]
        print(table([*rows, *((path.name, "environment", "unused") for path in unused)], ""))
        size = f"predictions and logs of {len(found)} submissions ({megabytes:.1f} MB)"
        if unused:
            size += f" and {len(unused)} files and folders of environments"
        if dry_run:
            return f"These would go: {size}."
        confirm(f"These go: {size}.", yes=yes)
        for leftover in found:
            retention.remove(leftover)
        environments.remove(unused)
    return f"Removed {size}."

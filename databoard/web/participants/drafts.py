"""What a team is writing, kept while it writes: nothing that somebody else saved is overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import flash, request

from databoard.errors import DuplicateError
from databoard.services import sandbox as services
from databoard.store.models import EventTeam, SandboxFile
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext as _


def version(rows: Sequence[SandboxFile]) -> int:
    """Version of the sandbox as a whole: it grows with every change of a file."""
    return sum(row.version for row in rows)


def save(place: EventTeam, files: Mapping[str, bytes]) -> int:
    """Keep what was sent, unless somebody saved since the page was opened.

    Raises
    ------
    DuplicateError
        Then nothing is overwritten.
    InvalidError
        If a file is not one of the workflow, or too large.
    """
    session = db.session()
    rows = {row.filename: row for row in services.files(session, place)}
    base = request.form.get("draft_version", "")
    is_changed = any(
        name not in rows or rows[name].content != content for name, content in files.items()
    )
    if is_changed and base and base != str(version(list(rows.values()))):
        raise DuplicateError(
            _(
                "Your sandbox was saved elsewhere meanwhile, in another tab or by a team mate. "
                "Save once more to replace that by what you see here."
            )
        )
    for name, content in files.items():
        services.save(
            session,
            place,
            name,
            content,
            base_version=rows[name].version if name in rows else None,
            user=guards.me(),
            now=guards.now(),
        )
    return version(services.files(session, place))


def save_first(place: EventTeam, files: Mapping[str, bytes]) -> None:
    """Keep the draft whatever becomes of it next, and a team mate's newer one too."""
    try:
        save(place, files)
    except DuplicateError:
        db.session.rollback()
        flash(_("The sandbox keeps what was saved there meanwhile; yours was sent."), "info")
        return
    db.session.commit()


def complete(place: EventTeam, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Take from the sandbox what the form did not send: data that was uploaded earlier."""
    stored = {row.filename: row.content for row in services.files(db.session(), place)}
    return stored | dict(files)

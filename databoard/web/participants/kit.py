"""The starting kit, as a zip."""

from __future__ import annotations

from flask import Response, send_file
from flask.typing import ResponseReturnValue

from databoard.errors import NotFoundError
from databoard.kits.bundling import refresh_starting_kit
from databoard.services import environments
from databoard.web import guards
from databoard.web.event_pages import installation
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.participants.blueprint import bp


@bp.get("/events/<event>/starting_kit")
@guards.approved_required
def starting_kit(event: str) -> ResponseReturnValue:
    """Download the starting kit, zipped anew if a file of it changed (checklist 21)."""
    loaded = guards.load_event(event)
    folder = installation().problems_dir / loaded.problem.name
    if not folder.is_dir():
        raise NotFoundError(_("The starting kit is not on this server."))
    response: Response = send_file(
        refresh_starting_kit(folder, environments.pins(db.session(), loaded.problem)),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{loaded.name}_starting_kit.zip",
        conditional=True,
    )
    return response

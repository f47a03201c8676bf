"""Parts of pages that keep themselves current: ``GET part?v=VERSION``.

Nothing new costs an empty 204 out of memory; what is new comes as HTML with its version beside it
(frontend/live.js asks, faster while something of the visitor's own runs).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Response, request

from databoard.store.queries import events
from databoard.web.extensions import db

VERSION_HEADER = "X-Version"
FRESH_S = 0.5

# One row of the database answers all viewers of an event for half a second.
_versions: dict[int, tuple[float, int]] = {}


def known_version(event_id: int) -> int | None:
    """Version of an event if it was asked for in the last half second."""
    known = _versions.get(event_id)
    return known[1] if known is not None and time.monotonic() - known[0] < FRESH_S else None


def event_version(event_id: int) -> int:
    """Version of an event, at most half a second old."""
    version = known_version(event_id)
    if version is None:
        version = events.version(db.session(), event_id)
        _versions[event_id] = (time.monotonic(), version)
    return version


def fresh(version: int | str, render: Callable[[], str]) -> Response:
    """Answer a poll: 204 if the visitor has this version, or else what ``render`` gives."""
    if request.args.get("v") == str(version):
        response = Response(status=204)
    else:
        response = Response(render(), mimetype="text/html")
    response.headers[VERSION_HEADER] = str(version)
    response.headers["Cache-Control"] = "no-store"
    return response

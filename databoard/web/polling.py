"""Parts of pages that keep themselves current: ``GET part?v=VERSION``.

Nothing new costs an empty 204 out of memory; what is new comes as HTML with its version beside it
(frontend/live.js asks, faster while something of the visitor's own runs).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from flask import Response, request

from databoard.store.queries import events
from databoard.web.extensions import db

VERSION_HEADER = "X-Version"
FRESH_S = 0.5

# One row of the database answers all viewers of an event for half a second: when it was read, and
# the versions of the event and of its boards.
_versions: dict[int, tuple[float, tuple[int, int]]] = {}


def known_versions(event_id: int) -> tuple[int, int] | None:
    """Versions of an event and of its boards if they were asked for in the last half second."""
    known = _versions.get(event_id)
    return known[1] if known is not None and time.monotonic() - known[0] < FRESH_S else None


def event_versions(event_id: int) -> tuple[int, int]:
    """Versions of an event and of its boards, at most half a second old."""
    versions = known_versions(event_id)
    if versions is None:
        versions = events.version_pair(db.session(), event_id)
        _versions[event_id] = (time.monotonic(), versions)
    return versions


def event_version(event_id: int) -> int:
    """Version of an event, at most half a second old."""
    return event_versions(event_id)[0]


def digest(text: str) -> str:
    """Version of a part by what it shows, where nothing else tells what changed."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fresh(version: int | str, render: Callable[[], str]) -> Response:
    """Answer a poll: 204 if the visitor has this version, or else what ``render`` gives."""
    if request.args.get("v") == str(version):
        response = Response(status=204)
    else:
        response = Response(render(), mimetype="text/html")
    response.headers[VERSION_HEADER] = str(version)
    response.headers["Cache-Control"] = "no-store"
    return response

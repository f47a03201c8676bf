"""What machines ask: is it alive, which version, what may be crawled."""

from __future__ import annotations

from flask import Response, jsonify

from databoard import __version__
from databoard.store.queries import events
from databoard.web.extensions import db
from databoard.web.pages.blueprint import bp

ROBOTS = """\
User-agent: *
Disallow: /api/
Disallow: /user
Disallow: /admin
Disallow: /login
Disallow: /password/
Disallow: /confirm
"""


@bp.get("/version")
def version() -> Response:
    """Name the version that runs."""
    return jsonify(version=__version__)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer 200 as long as the database answers, else 503; no session, no cookie."""
    events.versions(db.session())
    return jsonify(status="ok")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what is not for them."""
    return Response(ROBOTS, mimetype="text/plain")

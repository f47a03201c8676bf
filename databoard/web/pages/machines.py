"""What machines ask: is it alive, which version, what may be crawled."""

from __future__ import annotations

from flask import Response, jsonify

from databoard import __version__
from databoard.services import health
from databoard.store.queries import events
from databoard.web import guards
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


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer 200 when the site can serve: database, migrations, room on the disk; else 503."""
    findings = health.ready(db.session(), guards.settings())
    is_ready = health.is_well(findings)
    # Levels only: what is wrong, and where, is the doctor's to tell.
    levels = {finding.name: finding.level for finding in findings}
    status = "ok" if is_ready else "not ready"
    return jsonify(status=status, checks=levels), 200 if is_ready else 503


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what is not for them."""
    return Response(ROBOTS, mimetype="text/plain")

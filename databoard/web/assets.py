"""The built front end: names with hashes in them, kept by browsers for good.

``asset("app.js")`` in a template gives the address of the built file, or None where the front end
was not built: every page also works without.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, g, request, send_from_directory, url_for

from databoard.errors import NotFoundError
from databoard.web.language import gettext

STATIC = Path(__file__).resolve().parent.parent / "static"
DIST = STATIC / "dist"
# The browser's order of preference does not matter: br is always the smaller one.
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
FOR_GOOD = "public, max-age=31536000, immutable"

bp = Blueprint("assets", __name__)


@cache
def manifest() -> dict[str, str]:
    """Built names by plain names; empty where nothing was built."""
    try:
        names: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    except (OSError, ValueError):
        return {}
    return names


def asset(name: str) -> str | None:
    """Address of a built file, if there is one; a page asks for that of its icons very often."""
    known: dict[str, str | None] = g.setdefault("assets", {})
    if name not in known:
        built = manifest().get(name)
        known[name] = url_for("assets.dist", filename=built) if built else None
    return known[name]


@bp.get("/static/dist/<filename>")
def dist(filename: str) -> Response:
    """Serve a built file, compressed where the browser can take that."""
    path = DIST / filename
    if filename.startswith(".") or not path.is_file():
        raise NotFoundError(gettext("There is no such file; reload the page."))
    encoding = next((e for e in ENCODINGS if _may_send(path, *e)), None)
    response = send_from_directory(DIST, filename + (encoding[1] if encoding else ""))
    if encoding:
        response.headers["Content-Encoding"] = encoding[0]
        response.mimetype = _mimetype(path)
    del response.headers["Content-Disposition"]  # it would name the compressed file
    response.headers["Cache-Control"] = FOR_GOOD
    response.vary.add("Accept-Encoding")
    return response


def _may_send(path: Path, encoding: str, suffix: str) -> bool:
    is_wanted = request.accept_encodings.quality(encoding) > 0
    return is_wanted and path.with_name(path.name + suffix).is_file()


def _mimetype(path: Path) -> str:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    return types.get(path.suffix, "application/octet-stream")


def init_assets(app: Flask) -> None:
    """Serve the built files and let templates name them."""
    app.register_blueprint(bp)
    app.jinja_env.globals["asset"] = asset

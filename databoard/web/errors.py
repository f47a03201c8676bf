"""Pages for everything that goes wrong: what happened, and what to do now.

Every class of ``databoard.errors`` answers with its own status. Programs that ask for JSON get
``{"error": {...}}``, parts of pages get one line of plain text.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import Rule

from databoard.errors import BusyError, DataboardError, InvalidError, QuotaError, TooSoonError
from databoard.store.outages import CONFLICTS, OUTAGES
from databoard.web.extensions import be_nobody, db
from databoard.web.filters import size
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext, said
from databoard.web.security import request_id

logger = logging.getLogger(__name__)

RETRY_S = 10

# Status: what happened, and what to do.
WORDS = {
    400: (
        lazy_gettext("This request could not be understood"),
        lazy_gettext("Go back, reload the page and try again."),
    ),
    401: (lazy_gettext("Please log in"), lazy_gettext("This page is for people with an account.")),
    403: (
        lazy_gettext("You may not do this"),
        lazy_gettext("If you think that you should, write to the organisers."),
    ),
    404: (
        lazy_gettext("There is nothing here"),
        lazy_gettext(
            "The address may be mistyped, or what was here is gone or not for you to see."
        ),
    ),
    405: (
        lazy_gettext("This is not done this way"),
        lazy_gettext("Go back and use the page's own links and buttons."),
    ),
    408: (
        lazy_gettext("This took too long to arrive"),
        lazy_gettext("Check the connection and send it again."),
    ),
    409: (
        lazy_gettext("This is taken"),
        lazy_gettext("Go back and choose another name, or reload to see what changed."),
    ),
    413: (lazy_gettext("This is too large"), lazy_gettext("Send fewer or smaller files.")),
    415: (
        lazy_gettext("This kind of content is not taken here"),
        lazy_gettext("The help pages say what may be sent."),
    ),
    422: (
        lazy_gettext("Something has to be mended"),
        lazy_gettext("Go back, mend it and send it again."),
    ),
    429: (lazy_gettext("Not so fast"), lazy_gettext("Wait a little, then try again.")),
    500: (
        lazy_gettext("Something went wrong on our side"),
        lazy_gettext(
            "It has been noted. Try again; if it goes on, tell the organisers the number below."
        ),
    ),
    503: (
        lazy_gettext("The server is busy or being worked on"),
        lazy_gettext(
            "Nothing of yours is lost. Try again in a minute; this page does not need to be left."
        ),
    ),
}
#: What may be gone in a moment.
PASSING = (408, 429, 500, 503)
ICONS = {
    401: "lock",
    403: "lock",
    404: "search",
    409: "shuffle",
    413: "file-earmark-zip",
    429: "hourglass-split",
}


def wants_json() -> bool:
    """Tell whether a program asks."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    best = accepted.best_match(["text/html", "application/json"])
    return best == "application/json" and accepted[best] > accepted["text/html"]


def answer(status: int, message: str = "", **more: Any) -> Response:
    """Answer with an error in the form that was asked for.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        What happened, for the person; the status's own words if empty.
    more
        What JSON carries besides: ``field``, ``line``, ``free_at``.
    """
    title, advice = map(str, WORDS.get(status, WORDS[500 if status >= 500 else 400]))
    if wants_json():
        details = {name: value for name, value in more.items() if value is not None}
        error = {"status": status, "message": message or title, "request_id": request_id()}
        response = jsonify(error=error | details)
    elif request.headers.get("HX-Request"):
        response = Response(message or title, mimetype="text/plain")
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            title=title,
            message=message,
            advice=advice,
            icon=ICONS.get(status, "exclamation-triangle"),
            # What was sent by a form is not sent again by a link.
            may_try_again=status in PASSING and request.method == "GET",
            # Where a form was sent from, if only the session was missing.
            came_from=_came_from() if status in (400, 401) else None,
            request_id=request_id(),
        )
        response = Response(page)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _came_from() -> str:
    """Path of this site's page that led here, or none."""
    parts = urlsplit(request.referrer or "")
    return parts.path if parts.netloc == request.host else ""


def _page_above(status: int) -> Response | None:
    """Lead a browser on that asks for an address which only takes forms.

    A refused form leaves its address in the address bar, and logging in leads back to it: the page
    above it is where the form stood.
    """
    is_page = request.method in ("GET", "HEAD") and not request.headers.get("HX-Request")
    # Programs that take anything are no browser, and get the status.
    is_browser = is_page and "text/html" in request.accept_mimetypes.values()
    if status not in (404, 405) or not is_browser or wants_json():
        return None
    path, form = request.path, _answering(request.path, "POST")
    page = _answering(path, "GET")
    if form is None or (page is not None and page[0].rule == form[0].rule):
        return None
    while path := path.rpartition("/")[0]:
        if page := _answering(path, "GET"):
            return redirect(url_for(page[0].endpoint, **page[1]))  # type: ignore[return-value]
    return None


def _answering(path: str, method: str) -> tuple[Rule, Mapping[str, Any]] | None:
    """Find what answers an address, with what it takes from it."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        return adapter.match(path, method=method, return_rule=True)
    except HTTPException:
        return None


def _on_databoard_error(error: DataboardError) -> Response:
    if error.status >= 500:
        logger.error("request %s: %s", request_id(), error, exc_info=error)
    db.session.rollback()
    if above := _page_above(error.status):
        return above
    more: dict[str, Any] = {"fault": error.fault}
    if isinstance(error, InvalidError):
        more |= {"field": error.field, "line": getattr(error, "line", None)}
    response = answer(error.status, _public_message(error), **more)
    wait_s = _wait_s(error)
    if wait_s is not None:
        response.headers["Retry-After"] = str(max(1, round(wait_s)))
    return response


def _public_message(error: DataboardError) -> str:
    """Give the message, unless it tells about the inside of our house."""
    return said(error.message) if error.status < 500 or isinstance(error, BusyError) else ""


def _wait_s(error: DataboardError) -> float | None:
    if isinstance(error, TooSoonError):
        return error.wait_s
    if isinstance(error, QuotaError) and error.free_at is not None:
        return (error.free_at - datetime.now(UTC)).total_seconds()
    return None


def _on_http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    if above := _page_above(error.code):
        return above
    response = answer(error.code, _limit_of_size() if error.code == 413 else "")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _limit_of_size() -> str:
    limit = request.max_content_length
    return _("At most %(size)s may be sent at once.", size=size(limit)) if limit else ""


def _on_wrong_host(_error: SecurityError) -> Response:
    # No page: it could name no address of this site.
    return Response(_("This site has another name."), status=400, mimetype="text/plain")


def _on_csrf_error(_error: CSRFError) -> Response:
    return answer(
        400,
        _("This form is no longer valid: you have logged in or out since its page was opened."),
    )


def _on_outage(error: Exception) -> Response:
    logger.error("request %s: the database does not answer", request_id(), exc_info=error)
    be_nobody()
    return answer(503)


def _on_conflict(error: Exception) -> Response:
    logger.warning("request %s: %s", request_id(), error)
    db.session.rollback()
    return answer(409, _("Somebody was faster, or this was sent twice."))


def _on_anything(error: Exception) -> Response:
    logger.error("request %s: %s", request_id(), request.path, exc_info=error)
    be_nobody()
    return answer(500)


def init_errors(app: Flask) -> None:
    """Register a page for every error."""
    app.register_error_handler(DataboardError, _on_databoard_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(SecurityError, _on_wrong_host)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(500, _on_anything)
    for outage in OUTAGES:
        app.register_error_handler(outage, _on_outage)
    for conflict in CONFLICTS:
        app.register_error_handler(conflict, _on_conflict)

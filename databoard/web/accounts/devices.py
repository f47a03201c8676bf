"""Where a user is logged in."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.services import accounts
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.accounts import logins
from databoard.web.accounts.blueprint import bp
from databoard.web.extensions import db
from databoard.web.language import gettext

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """Name browser and system in words, as far as a browser tells.

    >>> device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    """
    browser = next(
        (name for sign, name in BROWSERS if sign in agent), gettext("An unknown browser")
    )
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    if not system:
        return browser
    return gettext("%(browser)s on %(system)s", browser=browser, system=system)


@bp.get("/user/sessions")
@guards.login_required
def sessions() -> str:
    """List where the user is logged in."""
    rows = queries.sessions_of(db.session(), guards.me().id)
    here = logins.current_session_id()
    return render_template("accounts/sessions.html", sessions=rows, here=here, device=device)


@bp.post("/user/sessions/<session_id>/end")
@guards.login_required
def end_session(session_id: str) -> Response:
    """End one of the own logins."""
    row = queries.live_session(db.session(), session_id)
    if row is None or row.user_id != guards.me().id:
        raise NotFoundError(gettext("You have no such login."))
    accounts.end_session(db.session(), session_id, now=guards.now())
    db.session.commit()
    flash(gettext("This login has ended."), "success")
    return redirect(url_for(".sessions"))


@bp.post("/user/sessions/end_others")
@guards.login_required
def end_other_sessions() -> Response:
    """End all of the own logins but this one."""
    accounts.end_all_sessions(
        db.session(), guards.me(), now=guards.now(), but=logins.current_session_id()
    )
    db.session.commit()
    flash(gettext("You are logged out everywhere else."), "success")
    return redirect(url_for(".sessions"))

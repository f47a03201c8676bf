"""A login is a row: the browser keeps its secret, the server may end it at any time."""

from __future__ import annotations

from flask import g, request, session
from flask_login import login_user, logout_user

from databoard.services import accounts
from databoard.services.accounts import digest
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.extensions import db, login_manager
from databoard.web.language import chosen

#: What the cookie calls the secret of its login.
COOKIE_ENTRY = "login"


def current_session_id() -> str | None:
    """Key of the row of this login."""
    secret = session.get(COOKIE_ENTRY)
    return digest(secret) if isinstance(secret, str) else None


@login_manager.user_loader
def load(user_id: str) -> User | None:
    """Find the user of a cookie, if its login has not been ended; Flask-Login asks this."""
    session_id = current_session_id()
    row = queries.live_session(db.session(), session_id) if session_id else None
    if row is None or str(row.user_id) != user_id or not row.user.is_active:
        return None
    g.n_unread_news = row.n_unread or 0
    return row.user


def start(user: User) -> None:
    """Log in with a session that nobody could have known before."""
    close()
    _, secret = accounts.open_session(
        db.session(),
        user,
        request.remote_addr or "",
        request.user_agent.string,
        now=guards.now(),
    )
    user.locale = user.locale or chosen()
    session[COOKIE_ENTRY] = secret
    session.permanent = True
    login_user(user)


def close() -> None:
    """End this login, and forget everything that the cookie held."""
    session_id = current_session_id()
    if session_id:
        accounts.end_session(db.session(), session_id, now=guards.now())
    logout_user()
    session.clear()

"""A user's news: how own submissions ended, invitations, comments."""

from __future__ import annotations

from collections.abc import Callable

from flask import g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.services import notifications
from databoard.store.queries import notifications as queries
from databoard.web import guards
from databoard.web.accounts.blueprint import bp
from databoard.web.extensions import db, writes
from databoard.web.language import gettext

PAGE = 50
#: Pages further back are nobody's.
MAX_PAGE = 1000


@bp.app_context_processor
def bell() -> dict[str, Callable[[], int]]:
    """Give pages how much news there is; counted only where it is shown."""
    return {"n_unread_news": _n_unread}


def _n_unread() -> int:
    return g.get("n_unread_news", 0) if guards.visitor() is not None else 0


@bp.get("/news")
@guards.login_required
def news() -> str:
    """List the own news, newest first."""
    user_id, page = guards.me().id, _page()
    total = queries.n_of_user(db.session(), user_id)
    return render_template(
        "accounts/news.html",
        news=queries.of_user(db.session(), user_id, limit=PAGE, offset=(page - 1) * PAGE),
        page=page,
        n_pages=-(-total // PAGE),
    )


def _page() -> int:
    text = request.args.get("page", "1")
    if not (text.isdecimal() and 1 <= int(text[:9]) <= MAX_PAGE):
        raise BadRequest(gettext("There is no such page."))
    return int(text)


@bp.get("/news/<int:key>")
@writes
@guards.login_required
def open_news(key: int) -> Response:
    """Go to what a piece of news is about; it counts as read."""
    user = guards.me()
    found = queries.of_key(db.session(), user.id, key)
    if found is None:
        raise NotFoundError(gettext("You have no such news."))
    notifications.mark_read(db.session(), user, now=guards.now(), key=key)
    db.session.commit()
    return redirect(guards.local_target(found.url, url_for(".news")))


@bp.post("/news/read")
@guards.login_required
def read_news() -> Response:
    """Mark all of it as read."""
    notifications.mark_read(db.session(), guards.me(), now=guards.now())
    db.session.commit()
    return redirect(url_for(".news"))

"""Find out where the time of a page goes."""

from __future__ import annotations

import cProfile
import io
import pstats
from typing import Annotated

from databoard.cli.words import clock, found
from databoard.errors import InvalidError
from databoard.services import accounts
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import accounts as queries


def profile_url(
    settings: Settings,
    url: Annotated[str, "path of the page: /events"],
    user: Annotated[str, "who opens it; nobody logged in if empty"] = "",
    lines: Annotated[int, "how many functions are listed"] = 30,
) -> str:
    """Open a page twice in this process, and say where the time of the second went."""
    from databoard.web.app import create_app

    if not url.startswith("/"):
        raise InvalidError("The page must be a path of this site, such as /events.", "url")
    client = create_app(settings).test_client()
    cookie, login = _log_in(settings, user) if user else ({}, "")
    try:
        with client.session_transaction(base_url=settings.public_url) as session:
            session.update(cookie)
        client.get(url, base_url=settings.public_url)  # templates are compiled, pools filled
        profiler = cProfile.Profile()
        response = profiler.runcall(client.get, url, base_url=settings.public_url)
    finally:
        if login:
            _log_out(settings, login)
    report = io.StringIO()
    pstats.Stats(profiler, stream=report).sort_stats("cumulative").print_stats(lines)
    return f"{response.status} for {url}, {len(response.data)} bytes\n{report.getvalue().strip()}"


def _log_in(settings: Settings, name: str) -> tuple[dict[str, object], str]:
    """Open a login of a user for this one visit."""
    with open_session(settings.database_url) as session:
        user = found(queries.by_name(session, name), "user", name, "see: fab list_users")
        row, secret = accounts.open_session(session, user, "", "profile-url", now=clock())
        cookie = {"login": secret, "_user_id": user.get_id(), "_fresh": True}
        session.commit()
        return cookie, row.id


def _log_out(settings: Settings, login: str) -> None:
    with open_session(settings.database_url) as session:
        accounts.end_session(session, login, now=clock())
        session.commit()

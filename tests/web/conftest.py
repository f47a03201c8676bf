"""Fixtures for pages: an application with a database of its own, a client, a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from databoard.services import accounts
from databoard.settings import Settings
from databoard.store.models import User
from databoard.web.app import create_app
from databoard.web.extensions import db


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application of an installation of the test's own; errors of ours reach the test."""
    app = create_app(settings)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts, nobody logged in."""
    return app.test_client()


@pytest.fixture
def rows(engine: Engine) -> Iterator[Session]:
    """A session on the application's database: build, then ``rows.commit()`` before a request."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def log_in(app: Flask, client: FlaskClient) -> Callable[..., FlaskClient]:
    """Log a (committed) user in: ``log_in(user)``, or ``log_in(user, another_client)``."""

    def log_in(user: User, client: FlaskClient = client) -> FlaskClient:
        with client.session_transaction() as cookie:
            cookie.update(login_cookie(app, user))
        return client

    return log_in


def login_cookie(app: Flask, user: User) -> dict[str, object]:
    """Open a login session for a user and return what its cookie holds."""
    with app.app_context():
        _, secret = accounts.open_session(
            db.session(), user, "127.0.0.1", "pytest", now=datetime.now(UTC)
        )
        db.session.commit()
    return {"login": secret, "_user_id": user.get_id(), "_fresh": True}


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """Address of the application, served for a real browser."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def troubles() -> list[str]:
    """What pages logged as errors: scripts that failed, what the CSP or the server refused.

    Anything in it fails the test of a page in the end; a test that provokes trouble clears it.
    """
    return []


@pytest.fixture
def make_page(browser, server: str, troubles: list[str]):
    """Open tabs: ``make_page(width=390, color_scheme="dark")``."""
    contexts = []

    def note(line) -> None:
        # Browsers ask for an icon where a page (a plain text) names none.
        if line.type == "error" and not line.location["url"].endswith("/favicon.ico"):
            troubles.append(line.text)

    def make(*, width: int = 1280, height: int = 900, **options: object):
        context = browser.new_context(
            base_url=server, viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", note)
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def page(make_page):
    """A tab of 1280 x 900 pixels."""
    return make_page()


@pytest.fixture
def log_in_page(app: Flask, server: str) -> Callable[..., None]:
    """Log a (committed) user in on a tab: ``log_in_page(page, user)``."""

    def log_in_page(page, user: User) -> None:
        serializer = app.session_interface.get_signing_serializer(app)
        value = serializer.dumps(login_cookie(app, user))
        name = app.config["SESSION_COOKIE_NAME"]
        page.context.add_cookies([{"name": name, "value": value, "url": server}])

    return log_in_page

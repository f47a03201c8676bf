"""Who may open what (checklist 65-75, threats W10): every cell of ``access_table``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine
from databoard.web.app import create_app
from databoard.web.extensions import db
from tests import postgres
from tests.web import world
from tests.web.access_table import ROLES, TABLE, VALUES, Row
from tests.web.world import Keys


@dataclass
class World:
    """An application on a database that can be put back to how it began."""

    app: Flask
    engine: Engine
    keys: Keys
    restore: Callable[[], None]

    def client(self, role: str, *, is_api: bool = False) -> FlaskClient:
        """A browser, or a program, of this role."""
        client = self.app.test_client()
        if role == "anonymous":
            return client
        user, login, token = self.keys[role]
        if is_api:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
            return client
        with client.session_transaction() as cookie:
            cookie.update({"login": login, "_user_id": user, "_fresh": True})
        return client

    def request(self, row: Row, role: str):
        """Send what a row says, as this role."""
        client = self.client(role, is_api=row.rule.startswith("/api/"))
        body = {"json": row.json} if row.json is not None else {"data": row.data}
        return client.open(address(row), method=row.method, **(body if row.method != "GET" else {}))


def address(row: Row) -> str:
    """Fill the variables of a rule."""
    values = VALUES | dict(row.values)
    path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda match: str(values[match[1]]), row.rule)
    return path + row.query


def _database(
    request: pytest.FixtureRequest, template: str, folder: Path
) -> tuple[str, Callable[[], None], Callable[[], None]]:
    """Address of a copy of the empty database, how to keep it, and how to put it back."""
    if Path(template).is_absolute():
        path, kept, fresh = (folder / f"{name}.db" for name in ("databoard", "kept", "fresh"))
        shutil.copyfile(template, path)

        def restore() -> None:
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            # A new file, not new bytes in the old one, which SQLite would still know.
            shutil.copyfile(kept, fresh)
            fresh.replace(path)

        return f"sqlite:///{path}", lambda: shutil.copyfile(path, kept), restore
    server = request.getfixturevalue("postgres_server")
    name, kept_name = f"access_{os.getpid()}", f"access_kept_{os.getpid()}"
    url = postgres.create_database(server, name, template)

    def put_back() -> None:
        postgres.drop_database(server, name)
        postgres.create_database(server, name, kept_name)

    def keep() -> None:
        postgres.create_database(server, kept_name, name)

    request.addfinalizer(lambda: postgres.drop_database(server, kept_name))
    request.addfinalizer(lambda: postgres.drop_database(server, name))
    return url, keep, put_back


@pytest.fixture(scope="module")
def the_world(
    request: pytest.FixtureRequest, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("access")
    url, keep, put_back = _database(request, template, folder)
    settings = Settings.from_env(
        {
            "DATABOARD_DB_URL": url,
            "DATABOARD_ROOT": str(folder),
            "DATABOARD_SECRET_KEY": "a key for tests only, thirty-two bytes long",
            "WTF_CSRF_ENABLED": "False",
        }
    )
    engine = make_engine(url)
    with Session(engine) as session:
        keys = world.build(session, settings.submissions_dir)
        session.commit()
    engine.dispose()
    keep()
    kept_files = settings.root / "kept"
    shutil.copytree(settings.submissions_dir, kept_files)
    app = create_app(settings)

    def restore() -> None:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        engine.dispose()
        put_back()
        shutil.copytree(kept_files, settings.submissions_dir, dirs_exist_ok=True)

    yield World(app, engine, keys, restore)
    restore()


def dump(engine: Engine) -> dict[str, list]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: [str(row) for row in connection.execute(table.select())]
            for table in Base.metadata.sorted_tables
        }


def test_every_route_has_a_row_and_every_row_a_route(the_world):
    routes = {
        (method, rule.rule)
        for rule in the_world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    rows = {(row.method, row.rule) for row in TABLE}

    assert routes - rows == set(), "routes without a row in access_table.py"
    assert rows - routes == set(), "rows without a route"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_role_gets_what_the_table_says(the_world, row):
    answers = []
    for role in ROLES:
        response = the_world.request(row, role)
        answers.append(response.status_code)
        is_sent_away = "/login" in response.headers.get("Location", "")
        # Who was refused changed nothing, and putting everything back takes its time.
        if row.method != "GET" and response.status_code < 400 and not is_sent_away:
            the_world.restore()

    assert dict(zip(ROLES, answers, strict=True)) == dict(zip(ROLES, row.statuses, strict=True))


@pytest.mark.parametrize("row", [r for r in TABLE if r.statuses[0] == 302], ids=lambda r: r.name)
def test_who_is_sent_away_stays_on_this_site(the_world, row):
    response = the_world.request(row, "anonymous")

    assert response.location.startswith("/")
    assert not response.location.startswith("//")


def test_reading_pages_changes_nothing_but_notes(the_world):  # W5
    the_world.restore()
    before = dump(the_world.engine)
    for row in TABLE:
        if row.method == "GET":
            the_world.request(row, "admin")
    after = dump(the_world.engine)

    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"interactions"}


#: Taken by their own secret: a bearer's, or the signed link that mail programs post (RFC 8058).
TOKENLESS = ("/api/", "/news/stop/")


def test_no_form_is_taken_without_its_token(the_world):  # W5
    the_world.restore()
    before = dump(the_world.engine)
    the_world.app.config["WTF_CSRF_ENABLED"] = True
    try:
        statuses = {
            row.name: the_world.request(row, "admin").status_code
            for row in TABLE
            if row.method == "POST" and not row.rule.startswith(TOKENLESS)
        }
    finally:
        the_world.app.config["WTF_CSRF_ENABLED"] = False

    assert set(statuses.values()) == {400}, statuses
    assert dump(the_world.engine) == before


def test_the_cookie_of_a_browser_does_nothing_in_the_api(the_world):  # W5
    client = the_world.client("admin")

    assert client.get("/api/v1/user").status_code == 401
    assert client.post("/api/v1/events/open/submissions", json={}).status_code == 401

"""Fixtures that every test may ask for.

The suite runs on SQLite; with ``DATABOARD_DB_URL_TEST=postgresql://...`` it runs on databases of
its own on that server, and the database that the variable names is only connected to.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine
from tests import postgres
from tests.builders import NOON

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
SECRET_KEY = "a key for tests only, thirty-two bytes long"
_numbers = count(1)


class _Compiled(BytecodeCache):
    """Templates that were compiled for one application, for all others of this process.

    Nearly every test of a page makes its own, and to compile templates takes a third of its time.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}


#: Where tests run real processes against real clocks: trainers, boxes, browsers, servers.
REAL_PROCESSES = ("attacks", "chaos", "journeys", "operations", "training")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what waits for real processes a second chance; the summary counts each one taken.

    A machine that others share may stall a browser or a server past any deadline. What is wrong
    fails twice.
    """
    folder = Path(__file__).parent
    for item in items:
        group = item.path.relative_to(folder).parts[0] if item.path.is_relative_to(folder) else ""
        is_real = group in REAL_PROCESSES or any(item.iter_markers("browser"))
        if is_real or any(item.iter_markers("slow")):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a PostgreSQL server: the one of the environment, or a throw-away one."""
    url = os.environ.get("DATABOARD_DB_URL_TEST", "")
    if url.startswith("postgres"):
        yield url
        return
    binaries = postgres.find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    with postgres.server(binaries) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Address of an empty PostgreSQL database of the test's own."""
    name = _database_name()
    yield postgres.create_database(postgres_server, name)
    postgres.drop_database(postgres_server, name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Address of an SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def each_url(request: pytest.FixtureRequest) -> str:
    """Address of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


def _database_name() -> str:
    return f"databoard_test_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(scope="session")
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with all tables and no row, to be copied; gives its address or file."""
    if not os.environ.get("DATABOARD_DB_URL_TEST", "").startswith("postgres"):
        path = tmp_path_factory.mktemp("database") / "template.db"
        _create_tables(f"sqlite:///{path}")
        yield str(path)
        return
    server = request.getfixturevalue("postgres_server")
    name = _database_name()
    _create_tables(postgres.create_database(server, name))
    yield name
    postgres.drop_database(server, name)


def _create_tables(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    engine.dispose()


def _copy(request: pytest.FixtureRequest, template: str, folder: Path) -> Iterator[str]:
    """A copy of the template; on SQLite a file in the folder."""
    if Path(template).is_absolute():
        path = folder / "databoard.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    name = _database_name()
    yield postgres.create_database(server, name, template)
    postgres.drop_database(server, name)


@pytest.fixture(scope="session")
def shared_database_url(
    request: pytest.FixtureRequest, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The database behind ``session``; nothing is ever committed to it."""
    yield from _copy(request, template, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, template: str, tmp_path: Path) -> Iterator[str]:
    """Address of a database of the test's own, with all tables and no row."""
    yield from _copy(request, template, tmp_path)


@pytest.fixture(scope="session")
def _shared_engine(shared_database_url: str) -> Iterator[Engine]:
    engine = make_engine(shared_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(_shared_engine: Engine) -> Iterator[Session]:
    """A session whose commits are undone after the test."""
    with _shared_engine.connect() as connection:
        transaction = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on ``database_url``, for tests of several sessions, threads or processes."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def make_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Settings]:
    """Make settings of an installation in a folder of the test's own; arguments replace fields.

    Without a ``database_url`` the installation gets one with all tables and no row.
    """

    def make(**fields: object) -> Settings:
        url = fields.pop("database_url", None) or request.getfixturevalue("database_url")
        root = Path(str(fields.pop("root", tmp_path / "root")))
        for folder in ("problems", "submissions", "db"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        env = {
            "DATABOARD_DB_URL": str(url),
            "DATABOARD_ROOT": str(root),
            "DATABOARD_SECRET_KEY": SECRET_KEY,
            "DATABOARD_WORKERS": "2",
        }
        return replace(Settings.from_env(env), **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of an installation of the test's own, with an empty database."""
    return make_settings()


@pytest.fixture
def now() -> datetime:
    """The clock of the tests."""
    return NOON


@pytest.fixture(scope="session")
def browser():
    """A Chromium, started once."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield browser
        browser.close()

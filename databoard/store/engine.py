"""Engines and sessions for both databases, plain SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import InvalidError
from databoard.phrases import phrase

# SQLAlchemy 2.1 takes a plain postgresql:// for psycopg 3; the manual's addresses mean psycopg2.
registry.register("postgresql", "sqlalchemy.dialects.postgresql.psycopg2", "PGDialect_psycopg2")

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000")

# A page that only reads takes no write lock; everything else takes it at the start, because
# SQLite refuses at once, without waiting, to turn a stale read into a write.
reading_only: ContextVar[bool] = ContextVar("reading_only", default=False)


def engine_options(url: str) -> dict[str, Any]:
    """Arguments of ``create_engine`` for this database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 30}}
    return {
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 20,
        "connect_args": {"options": "-c timezone=utc", "connect_timeout": 10},
    }


def prepare_engine(engine: Engine) -> Engine:
    """Refuse what is no text, and set what SQLite needs to be a first-class citizen."""
    event.listen(engine, "handle_error", _refuse_what_is_no_text)
    if engine.dialect.name != "sqlite":
        return engine
    if engine.url.database and engine.url.database != ":memory:":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reading_only.get() else "BEGIN IMMEDIATE")

    return engine


def _refuse_what_is_no_text(context: ExceptionContext) -> None:
    """Tell who sent a NUL, or half of a pair of surrogates: drivers raise but a ValueError."""
    error = context.original_exception
    if isinstance(error, UnicodeEncodeError) or (type(error) is ValueError and "NUL" in str(error)):
        raise InvalidError(phrase("There is a character in it that no text may have.")) from error


def make_engine(url: str) -> Engine:
    """Open a database; nothing is connected before the first use."""
    return prepare_engine(create_engine(make_url(url), **engine_options(url)))


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions of this engine, whose objects stay readable after a commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def read_only() -> Iterator[None]:
    """Within this block, transactions only read."""
    token = reading_only.set(True)
    try:
        yield
    finally:
        reading_only.reset(token)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """Open a session that sees the database as it is now, whatever is written meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with read_only():
            connection.begin()
        with Session(connection, expire_on_commit=False) as session:
            yield session

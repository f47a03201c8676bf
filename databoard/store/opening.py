"""Sessions for one command: opened, closed, and with the database's refusals in words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import MetaData, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError, SAWarning
from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import BusyError
from databoard.store.engine import make_engine, make_sessions

NO_TABLES = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


@contextmanager
def open_session(url: str) -> Iterator[Session]:
    """Open a session on the database of this address; what is not committed is undone.

    Raises
    ------
    BusyError
        If the database does not answer, or has not been upgraded.
    """
    with open_sessions(url) as sessions, sessions() as session:
        yield session


@contextmanager
def open_sessions(url: str) -> Iterator[sessionmaker[Session]]:
    """Open the database of this address for several transactions; see `open_session`."""
    engine = make_engine(url)
    try:
        yield make_sessions(engine)
    except (OperationalError, ProgrammingError) as error:
        cause = f"{type(error.orig).__name__}: {error.orig}"
        if any(sign in cause for sign in NO_TABLES):
            raise BusyError(
                "The database has no or old tables; run: python manage.py db upgrade"
            ) from error
        if isinstance(error, ProgrammingError):
            raise
        reason = str(error.orig).strip().splitlines()[0]
        raise BusyError(f"The database does not answer ({reason}).") from error
    finally:
        engine.dispose()


def shown(url: str) -> str:
    """Write the address of a database without its password."""
    return make_url(url).render_as_string()


def drop_tables(url: str) -> None:
    """Empty a database: all its tables go, whoever made them."""
    engine = make_engine(url)
    try:
        tables = MetaData()
        with warnings.catch_warnings():
            # An index over an expression goes with its table.
            warnings.filterwarnings("ignore", "Skipped unsupported reflection", SAWarning)
            tables.reflect(engine)
        tables.drop_all(engine)
    finally:
        engine.dispose()

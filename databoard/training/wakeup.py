"""How a trainer hears that something is due, without asking all the time.

On PostgreSQL it listens to a channel; on SQLite it reads ``PRAGMA data_version``, a counter that
costs microseconds and changes with every commit of another connection.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from databoard.store.queries.jobs import CHANNEL

SQLITE_POLL_S = 0.04
RECONNECT_S = 1.0


class _Waiter(threading.Thread):
    """A thread that calls ``tell`` for news, and survives a database that is away."""

    def __init__(self, engine: Engine, tell: Callable[[], None]) -> None:
        super().__init__(name="wakeup", daemon=True)
        self.engine, self.tell = engine, tell
        self.is_stopping = threading.Event()
        self.is_listening = threading.Event()

    def run(self) -> None:
        """Wait until stopped."""
        while not self.is_stopping.is_set():
            try:
                self.wait_for_news()
            except (self.engine.dialect.loaded_dbapi.Error, SQLAlchemyError, OSError):
                self.is_stopping.wait(RECONNECT_S)
                self.tell()  # what was missed meanwhile

    def wait_for_news(self) -> None:
        """Call back for each piece of news until stopped or disconnected."""
        raise AssertionError("a kind of database must say how")

    def stop(self) -> None:
        """End the waiting."""
        self.is_stopping.set()
        self.join(timeout=5)


class Listening(_Waiter):
    """PostgreSQL: LISTEN on one connection."""

    def wait_for_news(self) -> None:
        """Block in ``select`` until the server notifies."""
        pooled = self.engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()  # it will not serve anybody else
        try:
            connection.autocommit = True
            connection.cursor().execute(f"LISTEN {CHANNEL}")
            self.is_listening.set()
            while not self.is_stopping.is_set():
                ready, _, _ = select.select([connection], [], [], 1.0)
                if ready:
                    connection.poll()
                    if connection.notifies:
                        connection.notifies.clear()
                        self.tell()
        finally:
            connection.close()


class Counting(_Waiter):
    """SQLite: a counter of other connections' commits."""

    def wait_for_news(self) -> None:
        """Read the counter until stopped."""
        pooled = self.engine.raw_connection()
        try:
            cursor = pooled.cursor()
            last = None
            while not self.is_stopping.is_set():
                version = cursor.execute("PRAGMA data_version").fetchone()
                if last is not None and version != last:
                    self.tell()
                last = version
                self.is_listening.set()
                time.sleep(SQLITE_POLL_S)
        finally:
            pooled.close()


def make_wakeup(engine: Engine, tell: Callable[[], None]) -> _Waiter:
    """Choose how to hear of news from this database."""
    return Counting(engine, tell) if engine.dialect.name == "sqlite" else Listening(engine, tell)

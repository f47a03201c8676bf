"""Slow queries, logged with the line of databoard that asked them; how many a request asks."""

from __future__ import annotations

import logging
import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

logger = logging.getLogger("databoard.slow")
PACKAGE = Path(__file__).resolve().parents[1]
MAX_SQL = 500


@dataclass
class Tally:
    """How many queries were asked, and how long they took together."""

    number: int = 0
    seconds: float = 0.0


_tally: ContextVar[Tally | None] = ContextVar("query_tally", default=None)


def start_tally() -> Tally:
    """Count this thread's queries from now on."""
    tally = Tally()
    _tally.set(tally)
    return tally


def place() -> str:
    """Name the line of databoard that asks: the nearest one outside of this module."""
    frame = sys._getframe(1)  # noqa: SLF001 - what traceback.extract_stack does, without its cost
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE) and path != Path(__file__).resolve():
            return f"{path.relative_to(PACKAGE.parent)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return "outside of databoard"


def watch(engine: Engine, slow_s: float) -> None:
    """Log the queries of an engine that take ``slow_s`` seconds or longer; arguments are not."""

    @event.listens_for(engine, "before_cursor_execute")
    def begin(connection: Connection, *_: Any) -> None:
        connection.info.setdefault("query_began", []).append(time.perf_counter())

    @event.listens_for(engine, "after_cursor_execute")
    def end(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        took = time.perf_counter() - connection.info["query_began"].pop()
        tally = _tally.get()
        if tally is not None:
            # SQLite's BEGIN may wait for a lock, which is time but no question.
            tally.number += not statement.startswith("BEGIN")
            tally.seconds += took
        if took >= slow_s:
            sql = " ".join(statement.split())[:MAX_SQL]
            logger.warning("%.3f s at %s: %s", took, place(), sql)

    @event.listens_for(engine, "handle_error")
    def forget(context: Any) -> None:
        if context.connection is not None:
            context.connection.info.pop("query_began", None)

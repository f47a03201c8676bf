"""Logs: one line per event, for people or, in production, as JSON for programs.

What a request or a run is about is set once, by ``about``, and stands in every line below it::

    with logs.about(submission=submission.hash_):
        logger.info("training began")
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

_context: ContextVar[dict[str, str]] = ContextVar("log_context", default={})  # noqa: B039 - replaced, never changed
logger = logging.getLogger("databoard.profiled")


@contextmanager
def about(**names: str) -> Iterator[None]:
    """Name what the lines of this block are about: ``request``, ``submission``."""
    token = _context.set({**_context.get(), **names})
    try:
        yield
    finally:
        _context.reset(token)


def begin(**names: str) -> None:
    """Name what the lines of this thread are about from now on, and nothing else."""
    _context.set(names)


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_context.get(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line for people, with what it is about at its end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Write the first line of a record; a line break in it forges no other line."""
        names = " ".join(f"{name}={value}" for name, value in _context.get().items())
        text = super().formatMessage(record).replace("\n", "\\n").replace("\r", "\\r")
        return f"{text} [{names}]" if names else text


def configure(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Send the process's log to standard error, once, whoever configured it before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("alembic", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def profiled(name: str) -> Iterator[None]:
    """Log how long a block took, by the clock and of the processor."""
    began, began_cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        logger.info("%s took %.3f s, %.3f s of it computing", name, took, cpu)

"""What a trainer's desk does for environments: has them built, and tells how they stand."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from databoard.services import environments as services
from databoard.store.models import ProblemEnvironment
from databoard.store.queries import environments as queries
from databoard.training.environments.keeper import Keeper, Standing

logger = logging.getLogger(__name__)

_FRESH_S = 0.25


class Upkeep:
    """Between a keeper, which knows no database, and the rows that pages show.

    Parameters
    ----------
    keeper : Keeper
    trainer : str
        Who tells.
    """

    def __init__(self, keeper: Keeper, trainer: str) -> None:
        self._keeper, self._trainer = keeper, trainer
        self._problems: dict[int, str] = {}
        self._waiting: tuple[float, frozenset[int]] = (-_FRESH_S, frozenset())
        self._news = threading.Event()

    def hear(self) -> None:
        """Take note that something has changed; called by the builder's thread."""
        self._news.set()

    def has_news(self) -> bool:
        """Whether something has changed since the last look."""
        return self._news.is_set()

    def waiting(self) -> frozenset[int]:
        """Return the keys of the problems whose submissions have to wait."""
        looked_at, waiting = self._waiting
        if time.monotonic() >= looked_at + _FRESH_S:
            waiting = frozenset(
                key for key, name in self._problems.items() if self._keeper.look(name).is_pending
            )
            self._waiting = (time.monotonic(), waiting)
        return waiting

    def look(self, session: Session) -> int:
        """Write down what has changed; return how many submissions were queued again for it."""
        self._news.clear()
        self._waiting = (-_FRESH_S, frozenset())
        self._problems = queries.problems_in_use(session)
        rows = {row.problem_id: row for _, row in queries.standings(session)}
        n_queued = 0
        for key, name in self._problems.items():
            found, row = self._keeper.look(name), rows.get(key)
            if self._is_news(found, row):
                n_queued += self._write(session, key, found)
        return n_queued

    def _is_news(self, found: Standing, row: ProblemEnvironment | None) -> bool:
        if row is None:
            return bool(found.state)
        if (found.state, found.key, found.note) == (row.state, row.key, row.note):
            return False
        # While two trainers wait for the same build, the one that builds tells of it.
        is_others = row.trainer != self._trainer and row.key == found.key
        return not (is_others and found.is_pending and row.state == "building")

    def _write(self, session: Session, problem_id: int, found: Standing) -> int:
        n_queued = services.note(
            session,
            problem_id,
            found.state,
            now=datetime.now(UTC),
            key=found.key,
            words=found.note,
            line=found.line,
            packages=found.made.packages if found.made else (),
            trainer=self._trainer,
        )
        if n_queued:
            logger.info("%d submissions are queued again for a new environment", n_queued)
        return n_queued

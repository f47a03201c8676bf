"""The trainer process: claims what is due, has its folds trained, records what came of them.

One thread, the desk, talks to the database; every submission has a thread that waits for its
folds, has them scored, and puts news into the desk's inbox. No transaction is open while a box
runs. What the desk has not written yet is repeated after a database outage, and refused by the
job's token if somebody else has taken over meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from databoard import __version__
from databoard.errors import UnsafeError
from databoard.services import jobs, results
from databoard.settings import Settings
from databoard.store.engine import make_engine, make_sessions
from databoard.store.queries import jobs as job_queries
from databoard.training.engine import Engine
from databoard.training.runs import Ended, FoldEnded, Given, News, Run, Stepped, work
from databoard.training.wakeup import make_wakeup

logger = logging.getLogger(__name__)

BEAT_S = 5.0
SWEEP_S = 10.0
IDLE_S = 5.0
PROGRESS_S = 0.15
DRAIN_S = 30.0
RETRY_AFTER = timedelta(seconds=5)


def _now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """The one place of a trainer that reads and writes the database.

    Parameters
    ----------
    settings : Settings
    name : str, optional
        The trainer's name; by default the host's and the process's.
    only : sequence of int, optional
        Keys of the only submissions to train; the desk closes when they have ended.
    once : bool
        Close when nothing is due any more.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str | None = None,
        only: Sequence[int] | None = None,
        once: bool = False,
    ) -> None:
        self.settings = settings
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        self.only = only
        self.once = once or only is not None
        self.database = make_engine(settings.database_url)
        self.sessions = make_sessions(self.database)
        self.engine = Engine.from_settings(settings)
        if self.engine.refusal is not None:
            raise self.engine.refusal
        self.inbox: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self.runs: dict[int, Run] = {}
        self.threads = ThreadPoolExecutor(64, thread_name_prefix="run")
        self.steps: dict[tuple[int, int], Stepped] = {}
        self.stop_at: float | None = None
        self.is_paused = False
        self._next_beat = self._next_sweep = self._next_progress = 0.0
        self._may_be_due = True

    # ------------------------------------------------------------------ the loop
    def open(self) -> None:
        """Announce the trainer and work until told to stop."""
        isolation = self.engine.isolation
        with self.transaction() as session:
            jobs.register(
                session,
                self.name,
                host=socket.gethostname(),
                pid=os.getpid(),
                slots=self.engine.slots,
                isolation=isolation.tier,
                notes="\n".join((isolation.words, *isolation.notes)),
                version=__version__,
                now=_now(),
            )
        wakeup = make_wakeup(self.database, lambda: self.inbox.put(None))
        wakeup.start()
        threading.Thread(target=self.engine.warm, name="warm", daemon=True).start()
        logger.info("trainer %s: %d slots, %s", self.name, self.engine.slots, isolation.words)
        try:
            self._loop()
        finally:
            wakeup.stop()
            self._close()

    def _loop(self) -> None:
        while True:
            moment = time.monotonic()
            if moment >= self._next_beat:
                self._beat()
            if moment >= self._next_sweep:
                self._sweep()
            self._claim()
            if self._is_done(moment):
                return
            self._read_inbox()

    def _is_done(self, moment: float) -> bool:
        if self.stop_at is not None:
            return not self.runs or moment >= self.stop_at
        if self.runs or not self.once or self._may_be_due:
            return False
        with self.transaction() as session:
            if self.only is None:
                return job_queries.n_due(session) == 0
            return not any(job_queries.open_of(session, key) for key in self.only)

    def stop(self) -> None:
        """Claim nothing more; give back what has not ended in half a minute."""
        if self.stop_at is None:
            self.stop_at = time.monotonic() + DRAIN_S
            self.inbox.put(None)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session, commit at the end."""
        with self.sessions.begin() as session:
            yield session

    def _persist(self, what: Callable[[Session], Any]) -> Any:
        """Do something in a transaction, again and again while the database is away."""
        delay = 0.1
        while True:
            try:
                with self.transaction() as session:
                    return what(session)
            except DBAPIError as error:
                if not _may_pass(error):
                    raise
                logger.warning("database: %s; again in %.1f s", _first_line(error), delay)
                time.sleep(delay)
                delay = min(delay * 2, 5.0)
                self.database.dispose()

    # ------------------------------------------------------------------ outgoing
    def _beat(self) -> None:
        tokens = {run.job_id: run.token for run in self.runs.values()}

        def beat(session: Session) -> tuple[set[int], set[int], str]:
            lost, cancelled = jobs.beat(session, self.name, tokens, now=_now())
            return lost, cancelled, job_queries.trainer_state(session, self.name)

        lost, cancelled, state = self._persist(beat)
        for job_id in lost | cancelled:
            run = self.runs[job_id]
            run.is_lost = run.is_lost or job_id in lost
            run.cancel()
        self.is_paused = state == "paused"
        if state in ("draining", "stopped") and not self.once:
            self.stop()
        self._next_beat = time.monotonic() + BEAT_S

    def _sweep(self) -> None:
        returned = self._persist(lambda session: jobs.sweep(session, now=_now()))
        if returned:
            logger.warning("gave back %d jobs whose trainer was lost", len(returned))
            self._may_be_due = True
        self._next_sweep = time.monotonic() + SWEEP_S

    def _n_free(self) -> int:
        """How many folds could be taken: twice the slots, so that no slot waits for the desk."""
        return 2 * self.engine.slots - sum(run.n_left for run in self.runs.values())

    def _claim(self) -> None:
        while (
            self._may_be_due and self.stop_at is None and not self.is_paused and self._n_free() > 0
        ):
            run = self._persist(self._claim_one)
            if run is None:
                self._may_be_due = False
                return
            self.runs[run.job_id] = run
            self.threads.submit(work, run, self.engine, self.inbox.put)

    def _claim_one(self, session: Session) -> Run | None:
        job = jobs.claim(session, self.name, now=_now(), submission_ids=self.only)
        submission = jobs.submission_of(session, job) if job is not None else None
        if job is None or submission is None:
            return None
        return Run.of(job, submission, self.settings.submissions_dir)

    # ------------------------------------------------------------------ incoming
    def _read_inbox(self) -> None:
        """Wait for news, and write all that has come in one transaction."""
        try:
            first = self.inbox.get(timeout=self._patience())
        except queue.Empty:
            self._may_be_due = True
            return
        news = [first]
        with contextlib.suppress(queue.Empty):
            while True:
                news.append(self.inbox.get_nowait())
        if None in news:
            self._heard()
        for item in news:
            if isinstance(item, Stepped):
                self.steps[item.run.job_id, item.number] = item
        ended = [item for item in news if isinstance(item, (FoldEnded, Ended, Given))]
        is_time = time.monotonic() >= self._next_progress
        if ended or (self.steps and is_time):
            self._write(ended)

    def _patience(self) -> float:
        """Seconds to wait for news before something else has to be done."""
        until = min(self._next_beat, self._next_sweep)
        if self.steps:
            until = min(until, self._next_progress)
        return max(0.0, min(until - time.monotonic(), IDLE_S))

    def _heard(self) -> None:
        """Look whether something is due, or somebody wants something stopped."""
        self._may_be_due = True
        if self.runs:
            self._next_beat = min(self._next_beat, time.monotonic() + 0.2)

    def _write(self, ended: Sequence[FoldEnded | Ended | Given]) -> None:
        steps, self.steps = self.steps, {}
        for item in ended:
            if isinstance(item, FoldEnded):
                steps.pop((item.run.job_id, item.number), None)

        def write(session: Session) -> None:
            now = _now()
            for step in steps.values():
                if step.run.job_id in self.runs:
                    results.progress(
                        session, step.run.job_id, step.run.token, step.number, step.state, now=now
                    )
            for item in ended:
                item.record(session, now=now)

        self._persist(write)
        self._next_progress = time.monotonic() + PROGRESS_S
        for item in ended:
            if not isinstance(item, FoldEnded):
                self.runs.pop(item.run.job_id, None)
                self._may_be_due = True

    # ------------------------------------------------------------------ the end
    def _close(self) -> None:
        """Stop what still runs and give it back; no attempt is counted."""
        left = list(self.runs.values())
        for run in left:
            run.is_lost = True
            run.cancel()
        self.engine.close()
        self.threads.shutdown(wait=True, cancel_futures=True)

        def sign_off(session: Session) -> None:
            for run in left:
                jobs.release(session, run.job_id, run.token, now=_now(), error="Restarted.")
            jobs.set_trainer_state(session, self.name, "stopped", now=_now())

        with contextlib.suppress(DBAPIError), self.transaction() as session:
            sign_off(session)
        self.database.dispose()


def _may_pass(error: DBAPIError) -> bool:
    """Tell whether an error of the database may pass by itself: it is away, or locked."""
    return error.connection_invalidated or type(error).__name__ in (
        "OperationalError",
        "InterfaceError",
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def run(settings: Settings, *, once: bool = False, name: str | None = None) -> int:
    """Train what is due until told to stop (SIGTERM, SIGINT), or once until nothing is due.

    Returns
    -------
    int
        0, or 3 if the machine cannot isolate submissions and nothing was run.
    """
    try:
        desk = Desk(settings, name=name, once=once)
    except UnsafeError as error:
        logger.error("%s", error)
        return 3
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: desk.stop())
    desk.open()
    return 0


def train_now(settings: Settings, submission_ids: Sequence[int]) -> None:
    """Train these submissions, which are due, and return when they have ended.

    Raises
    ------
    UnsafeError
        If the machine cannot isolate submissions.
    """
    if submission_ids:
        Desk(settings, only=list(submission_ids)).open()

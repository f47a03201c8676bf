"""The trainer process: claims what is due, has its folds trained, records what came of them.

One thread, the desk, talks to the database; every submission has a thread that waits for its
folds, has them scored, and puts news into the desk's inbox. No transaction is open while a box
runs. What the desk has not written yet is repeated after a database outage, and refused by the
job's token if somebody else has taken over meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from databoard import __version__, logs
from databoard.errors import BusyError, UnsafeError
from databoard.services import environments, jobs, submissions
from databoard.settings import Settings
from databoard.store.engine import make_engine, make_sessions, read_only
from databoard.store.files import Files
from databoard.store.models import Event
from databoard.store.opening import NO_TABLES
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as queries
from databoard.store.queries.health import server_time
from databoard.training.analyst import Analyst
from databoard.training.engine import Engine
from databoard.training.environments import packages
from databoard.training.environments.upkeep import Upkeep
from databoard.training.event_terms import terms_of
from databoard.training.news import Asked, FoldEnded, Given, News, Run, Stepped
from databoard.training.runs import work
from databoard.training.terms import Terms
from databoard.training.wakeup import make_wakeup

logger = logging.getLogger(__name__)

T = TypeVar("T")
N_WARM_KITS = 4
MIN_FREE = 0.05
MAX_RUNS = 64
LANES = ("train", "check")
#: So much work may wait for slots where folds are short, so that one transaction takes several
#: submissions; where they are long, two rounds, so that no slot waits for the desk.
AHEAD_S, MAX_ROUNDS = 0.5, 8.0
#: So long news of a full queue gather, to be written together; nobody watches each of them.
GATHER_S = 0.25
#: How often a trainer that is busy looks what has changed.
LOOK_S = 0.2
_GLANCE_S = 0.05
#: More than this and a clock was set; less is drift and waiting.
CLOCK_JUMP_S = 2.0


@dataclass(frozen=True)
class Pace:
    """How often a trainer does what, in seconds.

    Attributes
    ----------
    beat_s, lease_s : float
        How often leases are prolonged, and for how long; a lost trainer is missed after a lease.
    sweep_s : float
        How often jobs of lost trainers are looked for.
    idle_s : float
        The longest time without a look at what is due, should no wake-up come.
    progress_s : float
        Steps of folds are written this long after the first of them, all in one.
    drain_s : float
        How long a trainer that was told to stop waits for what runs.
    tidy_s : float
        How often isolation is probed and folders without rows are removed.
    """

    beat_s: float = 5.0
    lease_s: float = 30.0
    sweep_s: float = 10.0
    idle_s: float = 5.0
    progress_s: float = 0.15
    drain_s: float = 10.0
    tidy_s: float = 600.0


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
    pace : Pace
    engine : Engine, optional
        Instead of one made from the settings; it is closed with the desk.

    Raises
    ------
    UnsafeError
        If the machine cannot isolate submissions.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str | None = None,
        only: Sequence[int] | None = None,
        once: bool = False,
        pace: Pace = Pace(),
        engine: Engine | None = None,
    ) -> None:
        self.settings = settings
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        self.only = only
        self.once = once or only is not None
        self.pace = pace
        self.files = Files(settings.submissions_dir)
        self.database = make_engine(settings.database_url)
        self.sessions = make_sessions(self.database)
        self.engine = engine or Engine.from_settings(settings)
        self.analyst = Analyst(self.sessions, self.engine, settings.submissions_dir)
        if self.engine.refusal is not None:
            self._refuse(self.engine.refusal)
        self.inbox: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self.runs: dict[int, Run] = {}
        self.threads = ThreadPoolExecutor(MAX_RUNS, thread_name_prefix="run")
        self.steps: dict[tuple[int, int], Stepped] = {}
        self.terms: dict[int, tuple[tuple[datetime, str], Terms]] = {}
        self.upkeep = Upkeep(self.engine.environments, self.name)
        self.engine.environments.on_news = self._hear_of_environments
        self.stop_at: float | None = None
        self.is_paused = self.is_closing = False
        self.trouble = ""
        self._next_beat = self._next_sweep = self._next_progress = self._next_look = 0.0
        self._next_tidy = time.monotonic() + pace.tidy_s
        self._prober: threading.Thread | None = None
        self._ahead = 0.0  # of this process's own clock
        self._due = set(LANES)
        self._is_curious = False
        self._fold_s = math.inf  # what a fold took lately

    def _refuse(self, refusal: UnsafeError) -> NoReturn:
        """Have every page say that nothing is isolated here, and end."""
        if self.engine.isolation.tier == "none" and self.only is None:
            # Under one name, however often it is started again.
            self.name = f"{socket.gethostname()}-refusing"
            with contextlib.suppress(DBAPIError), self.sessions.begin() as session:
                self._register(session)
        self.engine.close()
        self.database.dispose()
        raise refusal

    # ------------------------------------------------------------------ the loop
    def open(self) -> None:
        """Announce the trainer and work until told to stop.

        Raises
        ------
        BusyError
            If the database has no tables, or is away when the trainer has to stop.
        """
        self._persist(self._register)
        wakeup = make_wakeup(self.database, lambda: self.inbox.put(None))
        wakeup.start()
        warm = self._persist(self._find_kits_to_warm) if self.only is None else []
        threading.Thread(target=self._warm, args=(warm,), name="warm", daemon=True).start()
        words = self.engine.isolation.words
        logger.info("trainer %s: %d slots, %s", self.name, self.engine.slots, words)
        try:
            if not self.once:
                self.analyst.start()
            self._loop()
            if self.once:
                self.analyst.start(once=True)
                while self.stop_at is None and self.analyst.is_busy:
                    time.sleep(_GLANCE_S)
        finally:
            self.stop()
            self.analyst.join(self.stop_at or 0.0)
            wakeup.stop()
            self._close()

    def _register(self, session: Session) -> None:
        isolation = self.engine.isolation
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
            environment_hash=environments.remember(session, packages(), now=_now()),
        )
        jobs.note_trouble(session, self.name, "")

    def _find_kits_to_warm(self, session: Session) -> list[tuple[str, str, Terms]]:
        """List the problems whose events take submissions, the newest first."""
        found = [
            (event.problem.name, event.name, self._terms_of(session, event))
            for event in event_queries.all_events(session)
            if event.archived_at is None and (event.closing_at is None or event.closing_at > _now())
        ]
        return found[:N_WARM_KITS]

    def _warm(self, kits: Sequence[tuple[str, str, Terms]]) -> None:
        """Do before the first submission what it would have to wait for."""
        with contextlib.suppress(OSError):
            self.engine.warm()
        for problem, event, terms in kits:
            if self.stop_at is not None:
                return
            try:
                self.engine.kit(problem, event, terms)
            except Exception as error:  # the first submission will be told
                logger.warning("%s: %s", event, _first_line(error))

    def _loop(self) -> None:
        while True:
            moment = time.monotonic()
            if moment >= self._next_beat:
                self._beat()
            if moment >= self._next_sweep:
                self._sweep()
            if moment >= self._next_tidy:
                self._tidy()
            self._claim()
            if self._is_done():
                return
            self._read_inbox()

    def _is_done(self) -> bool:
        if self.stop_at is not None:
            return not self.runs or time.monotonic() >= self.stop_at
        if self.runs or not self.once:
            return False
        if self.trouble:
            raise BusyError(self.trouble)
        if self.only is not None:
            only = self.only
            return self._persist(lambda session: queries.n_open_of(session, only)) == 0
        return self._persist(queries.n_due) == 0

    def stop(self) -> None:
        """Claim nothing more; what has not ended after the time to drain is given back."""
        if self.stop_at is None:
            self.stop_at = time.monotonic() + self.pace.drain_s
            self.analyst.stop()
            self.inbox.put(None)

    def _persist(self, what: Callable[[Session], T]) -> T:
        """Do something in a transaction, again and again while the database is away.

        Raises
        ------
        BusyError
            If the database is still away when the trainer has to stop.
        """
        delay = 0.05
        while True:
            try:
                with self.sessions.begin() as session:
                    return what(session)
            except DBAPIError as error:
                if not _may_pass(error):
                    raise
                if self.stop_at is not None and time.monotonic() >= self.stop_at:
                    raise BusyError(f"The database is away: {_first_line(error)}") from error
                logger.warning("database: %s; again in %.1f s", _first_line(error), delay)
                time.sleep(delay)
                delay = min(delay * 2, 2.0)

    # ------------------------------------------------------------------ outgoing
    def _beat(self) -> None:
        tokens = {run.job_id: run.token for run in self.runs.values()}
        lease, slots = timedelta(seconds=self.pace.lease_s), self.engine.slots

        def beat(session: Session) -> tuple[set[int], set[int], str]:
            now = self._clock(session)
            lost, cancelled = jobs.beat(
                session, self.name, tokens, now=now, lease=lease, slots=slots
            )
            return lost, cancelled, queries.trainer_state(session, self.name)

        lost, cancelled, state = self._persist(beat)
        for job_id in lost:
            self.runs[job_id].is_lost = True
        self._obey(state, lost | cancelled)
        self._next_beat = time.monotonic() + self.pace.beat_s

    def _obey(self, state: str, cancelled: set[int]) -> None:
        for job_id in cancelled & self.runs.keys():
            self.runs[job_id].cancel()
        self.is_paused = state == "paused" and not self.once
        if state in ("draining", "stopped") and not self.once:
            self.stop()

    def _clock(self, session: Session) -> datetime:
        """Tell the time by which leases run: the server's, where trainers may be on many machines.

        On SQLite all are on one, whose clock may be set: then nothing is given back for the time
        of a lease, in which all prolong theirs by the new time.
        """
        now = server_time(session) or _now()
        ahead = now.timestamp() - time.monotonic()
        if abs(ahead - self._ahead) > CLOCK_JUMP_S:
            if self._ahead:
                logger.warning("the clock was set by %.0f s", ahead - self._ahead)
            self._next_sweep = max(self._next_sweep, time.monotonic() + self.pace.lease_s)
            self._ahead = ahead
        return now

    def _sweep(self) -> None:
        self._next_sweep = time.monotonic() + self.pace.sweep_s
        before = self._ahead

        def sweep(session: Session) -> list[int]:
            now = self._clock(session)
            return jobs.sweep(session, now=now) if self._ahead == before else []

        returned = self._persist(sweep)
        if returned:
            logger.warning("gave back %d jobs whose trainer was lost", len(returned))
            self._due.add("train")
        self.engine.sweep()
        if self.engine.refusal is not None:
            self._probe()  # what was lost may be back
        self._look_after_environments()

    def _hear_of_environments(self) -> None:
        self.upkeep.hear()
        self.inbox.put(None)

    def _look_after_environments(self) -> None:
        """Have missing environments of problems built, and keep how they stand."""
        if self._persist(self.upkeep.look):
            self._due |= set(LANES)

    def _tidy(self) -> None:
        """Remove what crashes left, and see whether the machine still isolates submissions."""
        gone = self._persist(
            lambda session: submissions.sweep_folders(
                session, submissions_dir=self.files.root, now=_now()
            )
        )
        if gone:
            logger.warning("removed %d folders without a row", len(gone))
        self._probe()
        self._next_tidy = time.monotonic() + self.pace.tidy_s

    def _probe(self) -> None:
        """See in passing whether the machine still isolates submissions."""
        if self._prober is None or not self._prober.is_alive():
            self._prober = threading.Thread(target=self.engine.probe, name="probe", daemon=True)
            self._prober.start()

    def _hindrance(self) -> str:
        """Say why nothing may be claimed; "" if it may."""
        if self.engine.refusal is not None:
            return self.engine.refusal.message
        usage = shutil.disk_usage(self.files.root)
        if usage.free < MIN_FREE * usage.total:
            return f"The disk of {self.files.root} is full: {usage.free >> 20:,} MB are left."
        return ""

    def _may_claim(self, lane: str) -> bool:
        if lane not in self._due or self.stop_at is not None or self.is_paused:
            return False
        if lane == "check" and self.only is not None:
            return False
        return self._has_room(lane, 2)

    def _has_room(self, lane: str, rounds: float, taken: Sequence[Run] = ()) -> bool:
        """Tell whether what runs and was taken leaves slots with less to do than these rounds."""
        runs = [*self.runs.values(), *taken]
        if len(runs) >= MAX_RUNS:
            return False
        if lane == "check":
            return not any(run.is_check for run in runs)
        return sum(run.n_left for run in runs) < rounds * self.engine.slots

    def _claim(self) -> None:
        """Take what is due, in one transaction, before a slot has to wait for it."""
        lanes = [lane for lane in LANES if self._may_claim(lane)]
        if not lanes:
            return
        trouble = self._hindrance()
        if trouble != self.trouble:
            self.trouble = trouble
            logger.error("nothing is claimed: %s", trouble) if trouble else None
            self._persist(lambda session: jobs.note_trouble(session, self.name, self.trouble))
        if trouble:
            self._due.difference_update(lanes)
            return
        taken, empty = self._persist(lambda session: self._take_some(session, lanes))
        self._due -= empty
        for run in taken:
            self.runs[run.job_id] = run
            self.threads.submit(work, run, self.engine, self._hear)

    def _take_some(self, session: Session, lanes: Sequence[str]) -> tuple[list[Run], set[str]]:
        """Take two rounds of folds, or more if they are short; tell also which lanes are empty."""
        rounds = min(max(2.0, AHEAD_S / self._fold_s), MAX_ROUNDS)
        taken: list[Run] = []
        met: dict[int, tuple[Event, Terms]] = {}
        empty = set()
        for lane in lanes:
            while self._has_room(lane, rounds, taken):
                run = self._take(session, lane, met)
                if run is None:
                    empty.add(lane)
                    break
                taken.append(run)
        return taken, empty

    def _take(self, session: Session, lane: str, met: dict[int, tuple[Event, Terms]]) -> Run | None:
        """Claim a job and read what its thread needs; events that were met are not read again."""
        lease = timedelta(seconds=self.pace.lease_s)
        job = jobs.claim(
            session,
            self.name,
            now=self._clock(session),
            lane=lane,
            lease=lease,
            submission_ids=self.only,
            but_problems=self.upkeep.waiting(),
        )
        if job is None:
            return None
        submission = job.submission
        if job.event_id not in met:
            event = event_queries.by_id(session, job.event_id)
            assert event is not None
            met[event.id] = event, self._terms_of(session, event)
        event, terms = met[job.event_id]
        run = Run.of(job, event, terms, self.files)
        return run.with_folds(submission, event) if submission is not None else run

    def _terms_of(self, session: Session, event: Event) -> Terms:
        """Read what an event has fixed; its folds once, when it is added."""
        made = (event.created_at, event.folds_hash)
        known, terms = self.terms.get(event.id, (None, None))
        terms = terms_of(session, event, terms if known == made else None)
        self.terms[event.id] = made, terms
        return terms

    # ------------------------------------------------------------------ incoming
    def _hear(self, item: News) -> None:
        """Take what the thread of a run tells; once nobody reads any more, no is the answer."""
        self.inbox.put(item)
        if self.is_closing:
            _answer_no(item.run)

    def _read_inbox(self) -> None:
        """Wait for news, and write all that has come in one transaction."""
        news = self._drain_inbox()
        if self._is_curious and time.monotonic() >= self._next_look:
            self._look()
        for item in news:
            if isinstance(item, Stepped):
                if not self.steps:
                    self._next_progress = time.monotonic() + self.pace.progress_s
                self.steps[item.run.job_id, item.number] = item
        others = [item for item in news if not isinstance(item, Stepped)]
        if any(isinstance(item, Given) for item in others):
            self._probe()  # boxes may fail because they have become impossible
        if others or (self.steps and time.monotonic() >= self._next_progress):
            self._write(others)

    def _drain_inbox(self) -> list[News]:
        """Wait for the first news, and take all that have come by then, or a little later."""
        found = []
        try:
            item = self.inbox.get(timeout=self._patience())
            self._let_gather()
            while True:
                if item is None:
                    self._is_curious = True
                else:
                    found.append(item)
                item = self.inbox.get_nowait()
        except queue.Empty:
            if not (found or self.steps or self._is_curious):
                self._due = set(LANES)
        return found

    def _let_gather(self) -> None:
        """Wait for more news while that holds nothing up; asleep, as each would wake the desk."""
        until = time.monotonic() + GATHER_S
        while self._is_busy() and time.monotonic() < until:
            time.sleep(_GLANCE_S)

    def _is_busy(self) -> bool:
        """Whether enough waits for the slots that none of them waits for the desk."""
        n_left = sum(run.n_left for run in self.runs.values() if not run.is_waiting)
        return self.stop_at is None and n_left > 2 * self.engine.slots

    def _patience(self) -> float:
        """Seconds to wait for news before something else has to be done."""
        until = min(self._next_beat, self._next_sweep)
        if self.steps:
            until = min(until, self._next_progress)
        if self._is_curious:
            until = min(until, self._next_look)
        if self.stop_at is not None:
            until = min(until, self.stop_at)
        return max(0.0, min(until - time.monotonic(), self.pace.idle_s))

    def _look(self) -> None:
        """See what has changed; reads only, so that looking never wakes anybody.

        While submissions run, every commit of this trainer's own is news on SQLite.
        """
        self._is_curious = False
        self._next_look = time.monotonic() + LOOK_S if self.runs else 0.0
        with read_only():
            found = self._persist(
                lambda session: queries.glance(session, self.name, self._clock(session))
            )
        if self.upkeep.has_news():
            self._look_after_environments()
        self._due |= found.lanes
        if self.runs.keys() - found.held:
            self._next_beat = 0.0  # which asks by the token
        self._obey(found.state, found.cancelled)

    def _write(self, news: Sequence[News]) -> None:
        """Write steps and endings together; what does not let itself be written goes alone."""
        for item in news:
            if isinstance(item, FoldEnded):
                self.steps.pop((item.run.job_id, item.number), None)
                self._fold_s = sum(item.outcome.seconds.values()) or math.inf
        steps = []
        if time.monotonic() >= self._next_progress:
            steps = [step for step in self.steps.values() if step.run.job_id in self.runs]
            self.steps.clear()
        try:
            self._persist(lambda session: _record([*steps, *news], session))
        except BusyError:
            raise
        except Exception:
            logger.exception("writing news; again one by one")
            for item in news:
                self._write_alone(item)
        for item in news:
            if isinstance(item, Asked) and item.run.answer is not None:
                item.run.answer.set_result(item.ends)
            if item.ends:
                self.runs.pop(item.run.job_id, None)
                # Of either lane: in a strict event the team's other jobs waited for this one.
                self._due |= set(LANES)

    def _write_alone(self, item: News) -> None:
        try:
            self._persist(lambda session: _record([item], session))
        except BusyError:
            raise
        except Exception as error:
            with logs.about(submission=item.run.hash_):
                logger.exception("its news could not be written")
            item.run.is_lost = item.ends = True
            item.run.cancel()
            given = Given(item.run, f"{type(error).__name__}: {error}", crashed=True)
            with contextlib.suppress(DBAPIError):
                self._persist(lambda session: _record([given], session))

    # ------------------------------------------------------------------ the end
    def _close(self) -> None:
        """Stop what still runs and give it back; no attempt is counted."""
        self.is_closing = True
        for run in self.runs.values():
            run.is_lost = True
            run.cancel()
            _answer_no(run)
        self.engine.close()
        self.threads.shutdown(wait=True, cancel_futures=True)
        left = list(self.runs.values())
        late = [item for item in self._drain_quietly() if isinstance(item, FoldEnded)]
        given = [
            Given(run, "The trainer was stopped.", delay=timedelta(0), counts=False) for run in left
        ]
        try:
            self._persist(lambda session: _record([*late, *given], session))
            self._persist(
                lambda session: jobs.set_trainer_state(session, self.name, "stopped", now=_now())
            )
        except (BusyError, DBAPIError) as error:
            logger.warning("could not sign off: %s", _first_line(error))
        # Last, when the kernel has seen the ends of all boxes.
        self.engine.sweep(own=True)
        self.database.dispose()

    def _drain_quietly(self) -> list[News]:
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                item = self.inbox.get_nowait()
                if item is not None:
                    found.append(item)
        return found


def _answer_no(run: Run) -> None:
    """Tell a run that waits for an answer, and has none yet, that there are no results."""
    if run.answer is not None:
        with contextlib.suppress(InvalidStateError):
            run.answer.set_result(False)


def _record(news: Sequence[News], session: Session) -> None:
    now = server_time(session) or _now()
    for item in news:
        item.record(session, now=now)


def _may_pass(error: DBAPIError) -> bool:
    """Tell whether an error of the database may pass by itself: it is away, or locked."""
    cause = f"{type(error.orig).__name__}: {error.orig}"
    if any(sign in cause for sign in NO_TABLES):
        raise BusyError(
            "The database has no or old tables; run: python manage.py db upgrade"
        ) from error
    return error.connection_invalidated or isinstance(error, OperationalError)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def run(
    settings: Settings,
    *,
    once: bool = False,
    name: str | None = None,
    pace: Pace = Pace(),
) -> int:
    """Train what is due until told to stop (SIGTERM, SIGINT), or once until nothing is due.

    Returns
    -------
    int
        0, or 3 if the machine cannot isolate submissions and nothing was run.
    """
    try:
        desk = Desk(settings, name=name, once=once, pace=pace)
    except UnsafeError as error:
        logger.error("%s", error)
        return 3
    try:
        _open(desk)
    except BusyError as error:
        if desk.stop_at is None:
            raise
        # Told to stop while the database was away: the leases bring back what ran.
        logger.warning("stopped without signing off: %s", error.message)
    return 0


def _open(desk: Desk) -> None:
    """Have the desk work, and close it in good order when the process is told to end."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: desk.stop())
    desk.open()


def train_now(settings: Settings, submission_ids: Sequence[int]) -> None:
    """Train these submissions, which are due, and return when they have ended.

    Raises
    ------
    UnsafeError
        If the machine cannot isolate submissions.
    """
    if submission_ids:
        _open(Desk(settings, only=list(submission_ids)))

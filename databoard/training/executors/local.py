"""Folds on this machine: a thread per running fold, a zygote per environment."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from queue import SimpleQueue

from databoard import logs
from databoard.errors import DataboardError
from databoard.training import verdicts
from databoard.training.box import Environment, Isolation, Zygote
from databoard.training.executors.base import Executor, OnEvent, ignore
from databoard.training.host import FoldData, FoldRun, ZygoteDiedError
from databoard.training.scoring import PreparedKit
from databoard.training.wire import FoldEvent, FoldResult, FoldTask

logger = logging.getLogger(__name__)

# A zygote that has forked this often is replaced: what it has leaked, if anything, goes with it.
FORKS_PER_ZYGOTE = 2_000
#: So long the zygote of a problem's own environment waits for another fold.
IDLE_S = 900.0
ATTEMPTS = 2

FindKit = Callable[[str, str | None], PreparedKit]
Connect = Callable[[Isolation, FindKit, int], Executor]


class FoldFuture(Future[FoldResult]):
    """A future whose ``cancel`` reaches the box."""

    def __init__(self, task: FoldTask, isolation: Isolation) -> None:
        super().__init__()
        self.task = task
        self.isolation = isolation
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._choosing = threading.RLock()
        self._has_started = False
        self.add_done_callback(self._put_bell_away)

    @property
    def bell(self) -> int:
        """A descriptor that becomes readable when the fold is to be cancelled."""
        return self._bell

    def start(self) -> bool:
        """Claim the fold for a thread; False if it was cancelled before."""
        with self._choosing:
            if self.done():
                return False
            self._has_started = True
        return self.set_running_or_notify_cancel()

    def cancel(self) -> bool:
        """End the fold; its result says so."""
        with self._choosing:
            if self.done():
                return False
            if not self._has_started:
                verdict = verdicts.cancelled("starting")
                self.set_result(FoldResult(verdict, isolation=self.isolation.words))
                return True
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)
        return True

    def _put_bell_away(self, _: object) -> None:
        with self._choosing:  # or `cancel` would ring what has the bell's number next
            os.close(self._bell)
            self._bell = -1


class Zygotes:
    """The zygotes of this process, one per environment, started when needed and when dead."""

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self._zygotes: dict[Environment, Zygote] = {}
        self._users: dict[Zygote, int] = {}
        self._used_at: dict[Zygote, float] = {}
        self._locks: dict[Environment, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def use(self, environment: Environment) -> Iterator[Zygote]:
        """Lend a live zygote; one that was replaced ends with its last user."""
        with self._lock:
            starting = self._locks.setdefault(environment, threading.Lock())
        with starting:
            zygote = self._zygotes.get(environment)
            if zygote is None or not zygote.is_alive or zygote.n_forks >= FORKS_PER_ZYGOTE:
                fresh = Zygote(self.isolation, environment)
                with self._lock:
                    self._zygotes[environment] = fresh
                    self._users[fresh] = 0
                    if zygote is not None and not self._users.get(zygote):
                        self._retire(zygote)
                zygote = fresh
            with self._lock:
                self._users[zygote] += 1
        try:
            yield zygote
        finally:
            with self._lock:
                self._users[zygote] -= 1
                self._used_at[zygote] = time.monotonic()
                if not self._users[zygote] and zygote is not self._zygotes.get(environment):
                    self._retire(zygote)

    def train(
        self,
        environment: Environment,
        task: FoldTask,
        data: FoldData,
        on_event: OnEvent,
        bell: int,
    ) -> FoldResult:
        """Train a fold in a fresh box, a second time if its zygote dies."""
        why = ""
        for _ in range(ATTEMPTS):
            try:
                with self.use(environment) as zygote:
                    return FoldRun(task, data, zygote, self.isolation, on_event, bell).run()
            except ZygoteDiedError as error:
                why = str(error)
                logger.warning("a zygote died under fold %d: %s", task.fold, why)
            except OSError as error:
                why = str(error)
                logger.warning("no box for fold %d: %s", task.fold, why)
        verdict = replace(verdicts.ours(f"The box died twice: {why}"), signal=signal.SIGKILL)
        return FoldResult(verdict, isolation=self.isolation.words)

    def rest(self, idle_s: float = IDLE_S) -> None:
        """End the zygotes of problems' own environments that have had nothing to do for long."""
        late = time.monotonic() - idle_s
        with self._lock:
            for environment, zygote in list(self._zygotes.items()):
                is_idle = not self._users[zygote] and self._used_at.get(zygote, late) < late
                starting = self._locks[environment]
                if not is_idle or environment.python == sys.executable:
                    continue
                if starting.acquire(blocking=False):  # else somebody is about to use it
                    del self._zygotes[environment]
                    self._retire(zygote)
                    starting.release()

    def _retire(self, zygote: Zygote) -> None:
        self._users.pop(zygote, None)
        self._used_at.pop(zygote, None)
        zygote.close()

    def close(self) -> None:
        """End all zygotes, and with them every box."""
        with self._lock:
            zygotes, self._zygotes = list(self._users), {}
        for zygote in zygotes:
            zygote.close()


def _until_tested(on_event: OnEvent, give_back: Callable[[], None]) -> OnEvent:
    """Pass events on, and give the cores back with the last: the box has nothing more to do."""

    def listen(event: FoldEvent) -> None:
        if event.kind == "tested":
            give_back()
        on_event(event)

    return listen


class LocalExecutor:
    """Trains folds in boxes on this machine.

    Parameters
    ----------
    isolation : Isolation
    find_kit : callable
        Finds the `PreparedKit` of a problem and an event.
    slots : int
        How many cores folds may use together.
    """

    def __init__(self, isolation: Isolation, find_kit: FindKit, slots: int) -> None:
        self.isolation = isolation
        self.slots = slots
        self._find_kit = find_kit
        self._zygotes = Zygotes(isolation)
        self._waiting: SimpleQueue[tuple[FoldFuture, OnEvent] | None] = SimpleQueue()
        self._free = slots
        self._room = threading.Condition()
        self._open: set[FoldFuture] = set()
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"fold-{i}", daemon=True)
            # While the box of one fold is taken down, that of the next is made.
            for i in range(2 * slots)
        ]
        self._checks: SimpleQueue[tuple[FoldFuture, OnEvent] | None] = SimpleQueue()
        self._threads.append(
            threading.Thread(target=self._work_on_checks, name="checks", daemon=True)
        )
        for thread in self._threads:
            thread.start()

    def warm(self, environment: Environment) -> None:
        """Start the zygote of an environment before the first fold needs it."""
        with self._zygotes.use(environment):
            pass

    def rest(self) -> None:
        """End the zygotes that have been idle for long."""
        self._zygotes.rest()

    def submit(self, task: FoldTask, on_event: OnEvent = ignore) -> FoldFuture:
        """Train a fold as soon as there is room; see `databoard.training.executors.base`."""
        future = FoldFuture(task, self.isolation)
        with self._room:
            if self._is_closed:
                raise RuntimeError("the executor is shut down")
            self._open.add(future)
        future.add_done_callback(self._forget)
        waiting = self._checks if task.is_check else self._waiting
        waiting.put((future, on_event))
        return future

    def _forget(self, future: Future[FoldResult]) -> None:
        with self._room:
            self._open.discard(future)

    def shutdown(self) -> None:
        """Cancel what runs or waits, and end all processes."""
        with self._room:
            self._is_closed = True
            open_now = list(self._open)
        for future in open_now:
            future.cancel()
        for _ in self._threads:
            self._waiting.put(None)
        self._checks.put(None)
        for thread in self._threads:
            thread.join(5)
        self._zygotes.close()

    # -------------------------------------------------------------- threads
    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            future, on_event = item
            with self._cores(future.task.limits.cores) as give_back:
                self._carry_out(future, _until_tested(on_event, give_back))

    def _work_on_checks(self) -> None:
        """Run checks beside the training, one at a time: they take seconds."""
        while (item := self._checks.get()) is not None:
            self._carry_out(*item)

    def _carry_out(self, future: FoldFuture, on_event: OnEvent) -> None:
        if not future.start():
            return
        with logs.about(submission=future.task.hash_, fold=str(future.task.fold)):
            try:
                future.set_result(self._train(future, on_event))
            except BaseException as error:
                # Whatever else goes wrong here is ours; the thread must live on.
                logger.exception("the fold could not be trained")
                future.set_result(self._failed(str(error)))

    @contextlib.contextmanager
    def _cores(self, wanted: int) -> Iterator[Callable[[], None]]:
        """Take as many places as the fold has cores, all of them at most; lend what frees them."""
        held = max(1, min(wanted, self.slots))
        with self._room:
            self._room.wait_for(lambda: self._free >= held)
            self._free -= held

        def give_back() -> None:
            nonlocal held
            if not held:
                return  # nothing to wake anybody for
            with self._room:
                self._free, held = self._free + held, 0
                self._room.notify_all()

        try:
            yield give_back
        finally:
            give_back()

    def _failed(self, why: str) -> FoldResult:
        return FoldResult(verdicts.ours(why), isolation=self.isolation.words)

    def _train(self, future: FoldFuture, on_event: OnEvent) -> FoldResult:
        task = future.task
        try:
            kit = self._find_kit(task.problem, task.event)
            with kit.lend(task) as data:
                result = self._zygotes.train(kit.environment, task, data, on_event, future.bell)
                return data.in_order(result)
        except DataboardError as error:
            return FoldResult(verdicts.of_error(error), isolation=self.isolation.words)

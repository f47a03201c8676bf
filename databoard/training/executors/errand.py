"""One fold on its way to a worker and back: what its thread sends, hears and decides."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol

from distributed import Client, KilledWorker
from distributed.client import ClosedClientError

from databoard.training import verdicts
from databoard.training.box import Isolation
from databoard.training.executors import orders, worker
from databoard.training.executors.base import OnEvent
from databoard.training.executors.local import FoldFuture
from databoard.training.wire import FoldResult, FoldTask

_GATHER_S = 120.0
# A worker has its own clock for the limit; this is for one that is heard of no more.
_GRACE_S = 60.0


@dataclass(frozen=True)
class Note:
    """What the thread of a fold is told."""

    kind: Literal["event", "done", "cancel", "lost"]
    key: str = ""
    event: Mapping[str, Any] | None = None


class RemoteFuture(FoldFuture):
    """A future whose ``cancel`` reaches the box on another machine."""

    def __init__(self, task: FoldTask, isolation: Isolation) -> None:
        super().__init__(task, isolation)
        self.notes: SimpleQueue[Note] = SimpleQueue()

    def cancel(self) -> bool:
        """End the fold; its result says so."""
        is_open = super().cancel()
        self.notes.put(Note("cancel"))
        return is_open


class LostError(Exception):
    """Nothing will come of a fold where it was sent."""


class Station(Protocol):
    """Where errands start: it knows the scheduler's workers and hears what they tell."""

    isolation: Isolation

    def listen(self, client: Client, key: str, notes: SimpleQueue[Note]) -> None:
        """Have what is heard of a task put into a queue.

        Raises
        ------
        LostError
            If the scheduler has been given up.
        """
        ...

    def unlisten(self, key: str) -> None:
        """Hear no more of a task."""
        ...

    def wanted(self, task: FoldTask) -> dict[str, float]:
        """Return what a worker must have free."""
        ...


class Errand:
    """One task of Dask's, from its start to its end."""

    def __init__(
        self, station: Station, client: Client, future: RemoteFuture, on_event: OnEvent
    ) -> None:
        self.station, self.client = station, client
        self.future, self.on_event = future, on_event
        self.key = f"databoard-fold-{uuid.uuid4().hex}"
        self.deadline: float | None = None

    def run(self, order: Mapping[str, Any], place: str | None) -> FoldResult | dict[str, Any]:
        """Send the order, and wait for what comes of it.

        Raises
        ------
        KilledWorker
            If the worker was lost.
        LostError
            If the scheduler was, or nothing is heard any more.
        """
        self.station.listen(self.client, self.key, self.future.notes)
        try:
            remote = self._start(order, place)
            try:
                return self._follow(remote)
            finally:
                remote.release()
        finally:
            self.station.unlisten(self.key)

    def _start(self, order: Mapping[str, Any], place: str | None) -> Any:
        try:
            remote = self.client.submit(
                worker.train,
                {**order, "key": self.key},
                key=self.key,
                pure=False,
                retries=0,
                resources=self.station.wanted(self.future.task),
                workers=[place] if place else None,
                allow_other_workers=place is not None,
            )
        except ClosedClientError as error:
            raise LostError("The Dask scheduler is away.") from error
        done = Note("done", self.key)
        remote.add_done_callback(lambda _: self.future.notes.put(done))
        return remote

    def _follow(self, remote: Any) -> FoldResult | dict[str, Any]:
        while True:
            note = self._next()
            if note.kind == "cancel":
                # The worker's plugin hears of it, and ends the box.
                remote.cancel()
                return FoldResult(
                    verdicts.cancelled("starting"), isolation=self.station.isolation.words
                )
            if note.kind == "lost":
                raise LostError("The Dask scheduler, or all its workers, went away.")
            if note.key != self.key:
                continue
            if note.kind == "done":
                return self._answer(remote)
            assert note.event is not None
            self._tell(note.event)

    def _next(self) -> Note:
        wait = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        try:
            return self.future.notes.get(timeout=wait)
        except Empty:
            raise LostError("A worker is heard of no more.") from None

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self.deadline is None:
            self.deadline = time.monotonic() + self.future.task.limits.seconds + _GRACE_S
        self.on_event(orders.read_news(event))

    def _answer(self, remote: Any) -> FoldResult | dict[str, Any]:
        try:
            answer: dict[str, Any] = remote.result(timeout=_GATHER_S)
        except KilledWorker:
            raise
        except (CancelledError, TimeoutError, OSError) as error:
            raise LostError(f"Dask has lost the fold: {error}") from error
        return orders.read_answer(answer["result"]) if "result" in answer else answer

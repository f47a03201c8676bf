"""Folds on many machines, by Dask: a thread per fold follows it to wherever it runs.

Dask brings orders to workers and answers back, and says who is there. It promises nothing: the
queue is in the database. What Dask loses, with a worker or with its scheduler, ends as a verdict
that is ours, and the queue has it trained again.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from distributed import Client, KilledWorker

from databoard import logs
from databoard.errors import DataboardError
from databoard.training import environments, verdicts
from databoard.training.box import Environment, Isolation
from databoard.training.executors import orders, parcels, worker
from databoard.training.executors.base import OnEvent, ignore
from databoard.training.executors.clusters import Cluster
from databoard.training.executors.errand import Errand, LostError, Note, RemoteFuture
from databoard.training.executors.local import Connect, FindKit
from databoard.training.host import FoldData
from databoard.training.wire import FoldResult, FoldTask

logger = logging.getLogger(__name__)

#: Folds that one trainer follows at once; more machines take more trainers.
MOST_FOLDS = 256
MOST_CHECKS = 8
#: How often a fold whose worker was lost is sent to another one.
ATTEMPTS = 2
#: A worker may lack data again that it has let go; not for ever.
MOST_ERRANDS = 10
_LOOK_S = 0.5
_CONNECT_S = 5.0
# With no worker for so long, what waits goes back to the queue.
_DESERTED_S = 30.0


class DaskExecutor:
    """Trains folds in boxes on the workers of a Dask scheduler.

    Parameters
    ----------
    isolation : Isolation
        This machine's, for words before a worker has spoken.
    find_kit : callable
        Finds the `PreparedKit` of a problem and an event.
    cluster : Cluster
        How the scheduler is reached.
    folder : Path
        Where copies of the data are laid out for workers that share it.
    min_tier, allow_unsafe
        What a worker's isolation must be, see `databoard.training.box.require`.
    """

    def __init__(
        self,
        isolation: Isolation,
        find_kit: FindKit,
        *,
        cluster: Cluster,
        folder: Path,
        min_tier: str = "ns",
        allow_unsafe: bool = False,
    ) -> None:
        self.isolation = isolation
        self._find_kit = find_kit
        self._cluster = cluster
        self._terms = {
            "folder": str(folder),
            "min_tier": min_tier,
            "allow_unsafe": allow_unsafe,
            "python": Environment().python,
            "topic": f"databoard-{uuid.uuid4().hex}",
        }
        self._shelf = parcels.Shelf(folder)
        self._cores: dict[str, int] = {}
        self._strangers: set[str] = set()
        self._deserted_at = time.monotonic()
        self._client: Client | None = None
        self._scheduler = ""
        self._lock = threading.Lock()
        self._listeners: dict[str, SimpleQueue[Note]] = {}
        self._sending: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._open: set[RemoteFuture] = set()
        self._is_closing = threading.Event()
        self._folds = ThreadPoolExecutor(MOST_FOLDS, "remote-fold")
        self._checks = ThreadPoolExecutor(MOST_CHECKS, "remote-check")
        self._look()
        self._keeper = threading.Thread(target=self._keep, name="dask", daemon=True)
        self._keeper.start()

    @property
    def slots(self) -> int:
        """Cores of the workers that are there; 0 while there is no scheduler."""
        return sum(self._cores.values())

    def warm(self, environment: Environment) -> None:
        """Do nothing: workers start their zygotes before they register."""

    def rest(self) -> None:
        """Do nothing: workers look after their zygotes."""

    def submit(self, task: FoldTask, on_event: OnEvent = ignore) -> RemoteFuture:
        """Train a fold as soon as there is room; see `databoard.training.executors.base`."""
        future = RemoteFuture(task, self.isolation)
        with self._lock:
            if self._is_closing.is_set():
                raise RuntimeError("the executor is shut down")
            self._open.add(future)
        pool = self._checks if task.is_check else self._folds
        pool.submit(self._carry_out, future, on_event)
        return future

    def shutdown(self) -> None:
        """Cancel what runs or waits, and leave the scheduler."""
        with self._lock:
            self._is_closing.set()
            open_now = list(self._open)
        for future in open_now:
            future.cancel()
        for pool in (self._folds, self._checks):
            pool.shutdown(wait=True)
        self._keeper.join(2 * _CONNECT_S)
        self._leave()
        self._cluster.close()

    # -------------------------------------------------------------- the scheduler
    def _keep(self) -> None:
        while not self._is_closing.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        """See who is there; connect, and again when the scheduler was lost."""
        try:
            if self._client is None:
                self._join()
            self._count()
        except Exception as error:  # whatever Dask may raise, the thread must live on
            if self._client is not None or self._scheduler == "":
                logger.warning("the Dask scheduler is away: %s", error)
                self._scheduler = "away"
            self._leave()
        if self.slots:
            self._deserted_at = time.monotonic()
        elif time.monotonic() > self._deserted_at + _DESERTED_S:
            self._give_up()

    def _join(self) -> None:
        client = self._cluster.connect(_CONNECT_S)
        try:
            client.run_on_scheduler(worker.forbid_repeats)
            client.subscribe_topic(self._terms["topic"], self._hear)
            self._scheduler = client.scheduler_info()["id"]
        except BaseException:
            client.close(2)
            raise
        with self._lock:
            self._client = client
        logger.info("joined %s", self._scheduler)

    def _leave(self) -> None:
        """Let go of a scheduler; what it was to do is lost."""
        with self._lock:
            client, self._client = self._client, None
        self._cores = {}
        self._give_up()
        if client is not None:
            try:
                client.close(2)
            except Exception as error:  # it is gone, that is all we want
                logger.debug("closing: %s", error)

    def _give_up(self) -> None:
        with self._lock:
            for notes in self._listeners.values():
                notes.put(Note("lost"))

    def _count(self) -> None:
        client = self._client
        assert client is not None
        if client.status != "running":
            raise OSError("the connection broke")
        info = client.scheduler_info(n_workers=-1)
        if info["id"] != self._scheduler:
            # Dask has reconnected by itself, but to one that knows nothing of us.
            raise OSError("it has started anew")
        ours = orders.resource("cores")
        found = {
            address: int(told["resources"][ours])
            for address, told in info["workers"].items()
            if ours in told["resources"]
        }
        self._introduce(client, info["workers"].keys() - found.keys() - self._strangers)
        self._cores = found

    def _introduce(self, client: Client, strangers: set[str]) -> None:
        """Say once why a worker is not used."""
        self._strangers |= strangers
        if not strangers:
            return
        here = set(environments.packages())
        there = client.run(worker.packages, workers=list(strangers), on_error="return")
        for address, told in there.items():
            differing = sorted(here ^ set(told)) if isinstance(told, list) else [str(told)]
            logger.warning(
                "worker %s is not used, it has not the trainer's packages or was not started as "
                "docs/how-to/scale.md says: %s",
                address,
                ", ".join(differing[:20]),
            )

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """Pass on what a worker has told; called in Dask's own thread."""
        key = event[1]["key"]
        notes = self._listeners.get(key)
        if notes is not None:
            notes.put(Note("event", key, event[1]))

    # -------------------------------------------------------------- a fold
    def _carry_out(self, future: RemoteFuture, on_event: OnEvent) -> None:
        with logs.about(submission=future.task.hash_, fold=str(future.task.fold)):
            try:
                if future.start():
                    future.set_result(self._train(future, on_event))
            except LostError as error:
                future.set_result(self._ended(verdicts.ours(str(error))))
            except BaseException as error:
                # Whatever else goes wrong here is ours, and must not be lost.
                logger.exception("the fold could not be trained")
                future.set_result(self._ended(verdicts.ours(f"{type(error).__name__}: {error}")))
            finally:
                with self._lock:
                    self._open.discard(future)

    def _ended(self, verdict: Any) -> FoldResult:
        return FoldResult(verdict, isolation=self.isolation.words)

    def _train(self, future: RemoteFuture, on_event: OnEvent) -> FoldResult:
        task = future.task
        try:
            kit = self._find_kit(task.problem, task.event)
            with kit.lend(task) as data:
                order = orders.order(
                    task, data, kit.environment, lambda n: self._shelf.name(data.owner, n)
                )
                order |= {**self._terms, "requirements": kit.requirements}
                return data.in_order(self._send_out(future, on_event, order, data))
        except DataboardError as error:
            return self._ended(verdicts.of_error(error))

    def _send_out(
        self, future: RemoteFuture, on_event: OnEvent, order: Mapping[str, Any], data: FoldData
    ) -> FoldResult:
        """Have a worker train a fold, another one if it is lost.

        Raises
        ------
        LostError
            If nothing comes of it.
        """
        lost, place = 0, None
        for _ in range(MOST_ERRANDS):
            client = self._client
            if client is None:
                raise LostError("The Dask scheduler is away.")
            try:
                answer = Errand(self, client, future, on_event).run(order, place)
            except KilledWorker as error:
                lost, place = lost + 1, None
                logger.warning("a worker was lost under fold %d: %s", future.task.fold, error)
                if lost >= ATTEMPTS:
                    raise LostError(f"{ATTEMPTS} workers were lost under the fold.") from error
                continue
            if isinstance(answer, FoldResult):
                return answer
            place = answer["worker"]
            self._send(client, place, order, data, answer["missing"])
        raise LostError(f"Worker {place} does not keep the fold's data.")

    def _send(
        self,
        client: Client,
        place: str,
        order: Mapping[str, Any],
        data: FoldData,
        missing: list[str],
    ) -> None:
        """Send a worker the parcels that it lacks; a fold that comes meanwhile waits."""

        def ask(function: Any, *args: Any) -> Any:
            return client.run(function, *args, workers=[place])[place]

        try:
            with self._sending[place]:
                missing = ask(worker.lacks, order["parcels"], order["folder"])
                for name, (sha256, size) in order["parcels"].items():
                    if sha256 in missing:
                        for offset, piece in parcels.chunks(getattr(data, name), size):
                            if self._is_closing.is_set():
                                return
                            ask(worker.receive, client.id, sha256, size, offset, piece)
        except Exception as error:  # Dask's many ways to say that a worker has gone
            logger.warning("data for %s: %s", place, error)

    def listen(self, client: Client, key: str, notes: SimpleQueue[Note]) -> None:
        """Have what is heard of a task put into a queue; see `Station`."""
        with self._lock:
            if client is not self._client:
                raise LostError("The Dask scheduler is away.")
            self._listeners[key] = notes

    def unlisten(self, key: str) -> None:
        """Hear no more of a task."""
        with self._lock:
            self._listeners.pop(key, None)

    def wanted(self, task: FoldTask) -> dict[str, float]:
        """Return what a worker must have free: as many cores as the largest has, at most."""
        if task.is_check:
            return {orders.resource("checks"): 1.0}
        largest = max(self._cores.values(), default=1)
        return {orders.resource("cores"): float(max(1, min(task.limits.cores, largest)))}


def connect_to(cluster: Cluster, folder: Path, *, min_tier: str, allow_unsafe: bool) -> Connect:
    """Return what makes the executor of an engine."""

    def connect(isolation: Isolation, find_kit: FindKit, _: int) -> DaskExecutor:
        return DaskExecutor(
            isolation,
            find_kit,
            cluster=cluster,
            folder=folder,
            min_tier=min_tier,
            allow_unsafe=allow_unsafe,
        )

    return connect

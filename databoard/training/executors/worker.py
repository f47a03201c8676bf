"""A Dask worker that trains folds: the same boxes as on the trainer's machine.

``python -m databoard.training.executors.worker tls://scheduler:8786`` starts one, and starts it
again whenever it ends: because its scheduler has gone, or because somebody has killed it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distributed import Scheduler, Worker, WorkerPlugin, get_worker

from databoard.errors import DataboardError, UnsafeError
from databoard.settings import check_executor
from databoard.training import box, cgroups, environments, staging, verdicts
from databoard.training.box import Environment
from databoard.training.environments import building
from databoard.training.environments.recipe import Recipe, parse
from databoard.training.executors import orders
from databoard.training.executors.local import Zygotes
from databoard.training.executors.parcels import Store
from databoard.training.wire import FoldEvent, FoldResult

MODULE = __name__ if __name__ != "__main__" else "databoard.training.executors.worker"
_AGAIN_S = 1.0
_CANCELLED = ("cancelled", "released", "forgotten")
_REMEMBERED = 1_000


@dataclass(frozen=True)
class Bell:
    """Rung when a fold is cancelled: a descriptor for its box, an event for what is before."""

    number: int
    is_rung: threading.Event


class Node:
    """What a worker process holds: isolation, zygotes, parcels, and a bell per running fold."""

    def __init__(self) -> None:
        self.isolation = box.detect()
        self.zygotes = Zygotes(self.isolation)
        self.store = Store()
        self.environments_dir = Path.home() / ".cache" / "databoard" / "environments"
        self._bells: dict[str, Bell] = {}
        # Of folds whose thread has not come here yet, or has gone already.
        self._cancelled: deque[str] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()
        self._sweep()

    def _sweep(self) -> None:
        """Remove what a killed worker of this machine has left."""
        staging.sweep()
        if self.isolation.cgroups is not None:
            with contextlib.suppress(OSError):
                cgroups.sweep(self.isolation.cgroups)

    def train(
        self, key: str, order: Mapping[str, Any], tell: Callable[[dict[str, Any]], None]
    ) -> FoldResult | list[str]:
        """Train a fold; or name the parcels that must be sent before."""
        with self._bell(key) as bell:
            return self._train(key, order, tell, bell)

    def _train(
        self,
        key: str,
        order: Mapping[str, Any],
        tell: Callable[[dict[str, Any]], None],
        bell: Bell,
    ) -> FoldResult | list[str]:
        try:
            isolation = box.require(
                self.isolation, min_tier=order["min_tier"], allow_unsafe=order["allow_unsafe"]
            )
        except UnsafeError as error:
            return FoldResult(verdicts.ours(f"{_here()}: {error.message}"))
        environment = orders.read_environment(order)
        if environment.python == order["python"]:
            environment = replace(environment, python=sys.executable)
        elif not Path(environment.python).exists() and order.get("requirements"):
            try:
                recipe = parse(order["requirements"])
                python = self._build(recipe, order["task"]["problem"], bell.is_rung)
            except DataboardError as error:
                return FoldResult(verdicts.of_error(error))
            environment = replace(environment, python=python)
        absent = _absent(environment)
        if absent:
            return FoldResult(verdicts.ours(f"{_here()} has no {absent}; every worker must."))
        missing = self.store.lacks(order["parcels"], order["folder"])
        if missing:
            return missing
        if bell.is_rung.is_set():
            return FoldResult(verdicts.cancelled("starting"), isolation=isolation.words)
        with self.store.lend(order["parcels"]) as lent:

            def on_event(event: FoldEvent) -> None:
                tell(orders.news(key, event))

            task, data = orders.read_task(order), orders.read_data(order, lent)
            result = self.zygotes.train(environment, task, data, on_event, bell.number)
        self.zygotes.rest()  # those of other problems' environments
        return replace(result, isolation=isolation.words)

    def _build(self, recipe: Recipe, problem: str, stop: threading.Event) -> str:
        """Return an interpreter with the very packages that the trainer's problem has."""
        return building.make(recipe, self.environments_dir, problem, stop=stop).python

    @contextlib.contextmanager
    def _bell(self, key: str) -> Iterator[Bell]:
        bell = Bell(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK), threading.Event())
        with self._lock:
            self._bells[key] = bell
            is_late = key in self._cancelled
        if is_late:
            self.cancel(key)
        try:
            yield bell
        finally:
            with self._lock:
                del self._bells[key]
            os.close(bell.number)

    def cancel(self, key: str) -> None:
        """End a fold, whatever is being done for it, or as soon as it begins."""
        with self._lock:
            bell = self._bells.get(key)
            if bell is None:
                self._cancelled.append(key)
                return
            bell.is_rung.set()
            os.eventfd_write(bell.number, 1)


class Cancels(WorkerPlugin):  # type: ignore[misc]
    """Ends the box of a fold that nobody waits for any more.

    Dask leaves a running task alone when it is cancelled, or when the client that wanted it has
    died; but it tells its plugins.
    """

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Hear of a task's new state."""
        if start in ("executing", "long-running") and finish in _CANCELLED:
            node().cancel(str(key))


_nodes: list[Node] = []
_making = threading.Lock()


def node() -> Node:
    """Return the one of this process."""
    with _making:
        if not _nodes:
            _nodes.append(Node())
        return _nodes[0]


def _here() -> str:
    return f"Worker {socket.gethostname()}"


def _absent(environment: Environment) -> str:
    paths = (environment.python, *environment.shown)
    return next((path for path in paths if not Path(path).exists()), "")


# ------------------------------------------------------------------ what a trainer asks for
def train(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out an order: a task of Dask's."""
    worker = get_worker()
    result = node().train(
        order["key"], order, lambda message: worker.log_event(order["topic"], message)
    )
    if isinstance(result, list):
        return {"missing": result, "worker": worker.address}
    return {"result": orders.answer(result), "worker": worker.address}


async def lacks(parcels: Mapping[str, tuple[str, int]], folder: str) -> list[str]:
    """Say which parcels must be sent."""
    return await asyncio.to_thread(node().store.lacks, parcels, folder)


async def receive(sender: str, sha256: str, size: int, offset: int, chunk: bytes) -> bool:
    """Take a piece of a parcel."""
    return await asyncio.to_thread(node().store.receive, sender, sha256, size, offset, chunk)


def packages() -> list[str]:
    """List what is installed, where a worker must say why it is not used."""
    return environments.packages()


def forbid_repeats(dask_scheduler: Scheduler) -> None:
    """Have a scheduler leave it to us what is tried again after a worker was lost."""
    dask_scheduler.allowed_failures = 0


# ------------------------------------------------------------------ the process
async def dask_setup(worker: Worker) -> None:
    """Prepare a worker before it registers: Dask calls this for ``--preload``.

    All threads but one are for training; the last one is for checks, which must not wait.
    """
    this = await asyncio.to_thread(node)
    with contextlib.suppress(OSError):
        await asyncio.to_thread(_warm, this)
    cores = max(1, worker.state.nthreads - 1)
    offered = {orders.resource("cores"): float(cores), orders.resource("checks"): 1.0}
    worker.state.total_resources.update(offered)
    worker.state.available_resources.update(offered)
    await worker.plugin_add(plugin=Cancels(), name="databoard-cancels")


def _warm(this: Node) -> None:
    if this.isolation.tier != "none":
        with this.zygotes.use(Environment()):
            pass


def dask_teardown(worker: Worker) -> None:
    """End all boxes."""
    node().zygotes.close()


def arguments(cores: int) -> list[str]:
    """Return the options of ``dask worker`` for a worker with so many cores to train on."""
    # Boxes have limits of their own; Dask must not judge by what it sees of the worker.
    options = {"--preload": MODULE, "--nthreads": str(cores + 1), "--memory-limit": "0"}
    return [word for option in options.items() for word in option]


def command(address: str, cores: int, name: str = "") -> list[str]:
    """Return the command of a worker."""
    host = ["--host", "127.0.0.1"] if address.startswith("tcp://") else ["--protocol", "tls"]
    named = ["--name", name] if name else []
    return [
        *(sys.executable, "-m", "distributed.cli.dask_worker", address),
        *arguments(cores),
        *("--nworkers", "1", "--no-nanny", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"),
        *host,
        *named,
    ]


def main(argv: list[str] | None = None) -> int:
    """Keep a worker running until told to stop."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("scheduler", help="tls://host:8786, or tcp://127.0.0.1:8786")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--name", default="")
    given = parser.parse_args(argv)
    words = command(check_executor(given.scheduler), given.cores, given.name)
    is_told = threading.Event()
    process = subprocess.Popen(words)

    def stop(*_: object) -> None:
        is_told.set()
        process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while True:
        code = process.wait()
        if is_told.is_set():
            return code
        time.sleep(_AGAIN_S)
        process = subprocess.Popen(words)


if __name__ == "__main__":
    sys.exit(main())

"""A scheduler and workers of Dask as processes of their own on loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from databoard.training.executors import clusters, worker
from databoard.training.executors.dask import DaskExecutor, connect_to

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DaskCluster:
    """Starts, kills and starts again."""

    def __init__(self, folder: Path, scheme: str = "tcp") -> None:
        self.folder = folder
        self.port = free_port()
        self.scheme = scheme
        self.address = f"{scheme}://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_scheduler(self) -> None:
        self._start(
            "scheduler",
            [
                *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"),
                *("--port", str(self.port), "--no-dashboard", "--protocol", self.scheme),
                *("--dashboard-address", "127.0.0.1:0"),
            ],
        )

    def start_worker(
        self, name: str, cores: int = 1, *, before: Sequence[str] = (), **env: str
    ) -> None:
        self._start(name, [*before, *worker.command(self.address, cores, name)], **env)

    def start_kept_worker(self, name: str, cores: int = 1) -> None:
        options = ["--cores", str(cores), "--name", name]
        self._start(name, [sys.executable, "-m", worker.MODULE, self.address, *options])

    def _start(self, name: str, words: list[str], **more: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=ROOT
            )

    def end(self, name: str, number: int = signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        process.wait(20)

    def close(self) -> None:
        for name in list(self.processes):
            self.end(name, signal.SIGTERM if name.startswith("kept") else signal.SIGKILL)

    def connect(self, folder: Path, **options: object):
        """Return what makes an engine's executor."""
        values = {"min_tier": "landlock", "allow_unsafe": False, **options}
        return connect_to(clusters.Scheduler(self.address), folder, **values)


@contextlib.contextmanager
def dask_cluster(
    folder: Path, n_workers: int = 2, cores: int = 1, scheme: str = "tcp"
) -> Iterator[DaskCluster]:
    """Have a scheduler and workers."""
    cluster = DaskCluster(folder, scheme)
    try:
        cluster.start_scheduler()
        for number in range(n_workers):
            cluster.start_worker(f"worker-{number}", cores)
        yield cluster
    finally:
        cluster.close()


def await_slots(executor: DaskExecutor, slots: int, seconds: float = 40) -> None:
    await_that(lambda: executor.slots == slots, seconds)


def await_that(is_so: Callable[[], object], seconds: float = 40) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.02)

"""What a trainer costs while there is nothing to do, and how soon it wakes up.

CPU of the trainer and everything below it over 20 s, its memory, and the time from the commit of
a submission to the commit of its claim, on SQLite and, where it is installed, on PostgreSQL.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from _installation import FOREST, installation, write_iris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from databoard.store.engine import read_only
from databoard.store.models import Job
from tests import postgres

GOAL = 0.01
WATCHED_S = 20.0
N_WAKES = 10


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Give addresses by kind; SQLite's is made with the installation."""
    binaries = postgres.find_binaries()
    if binaries is None:
        yield {"sqlite": ""}
        return
    with postgres.server(binaries) as server:
        yield {"sqlite": "", "postgresql": postgres.create_database(server, "bench")}


def family(pid: int) -> list[psutil.Process]:
    """List a process and all below it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def memory_mb(processes: list[psutil.Process]) -> float:
    """Proportional share where the kernel tells it: forked processes share most of theirs."""
    return sum(process.memory_full_info().pss for process in processes) / 2**20


def wake_ms(site, name: str) -> float:
    """Milliseconds from a submission to its claim."""
    key = site.submit(name, {"classifier.py": FOREST + name.encode().join((b"# ", b"\n"))})
    start = time.perf_counter()
    while True:
        with read_only(), site.sessions() as session:
            job = session.query(Job).filter_by(submission_id=key).one()
        if job.state != "due":
            return (time.perf_counter() - start) * 1000
        time.sleep(0.001)


def measure(url: str) -> dict[str, float]:
    with installation(url) as site:
        write_iris(site.settings.problems_dir / "iris")
        site.add("iris")
        trainer = site.start_trainer()
        time.sleep(5)
        processes = family(trainer.pid)
        before, start = cpu(processes), time.perf_counter()
        time.sleep(WATCHED_S)
        share = (cpu(processes) - before) / (time.perf_counter() - start)
        memory = memory_mb(processes)
        wakes = []
        for i in range(N_WAKES):
            wakes.append(wake_ms(site, f"wake-{i}"))
            site.await_all()
            time.sleep(0.3)
    return {
        "cpu_of_one_core": round(share, 4),
        "memory_mb": round(memory),
        "wake_ms_median": round(statistics.median(wakes), 1),
        "wake_ms_worst": round(max(wakes), 1),
    }


def main() -> None:
    detail = {}
    with databases() as urls:
        for kind, url in urls.items():
            detail[kind] = measure(url)
            print(kind, detail[kind], flush=True)
    ratio = max(found["cpu_of_one_core"] for found in detail.values())
    print(json.dumps({"name": "idle", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

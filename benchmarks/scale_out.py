"""What a second worker brings: the time of one worker over the time of two.

A kit whose folds take a second of CPU each is trained through a real Dask scheduler, by one
worker with one core and by two, all on this machine and in this run; alternating, so that what
else the machine does meets both. What bare processes gain from the second core, burning the same
CPU time, stands beside it: on a machine that does other things that is less than 2, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from databoard.training.engine import Engine
from databoard.training.wire import FoldTask, Limits
from tests.training.dask_cluster import await_slots, dask_cluster
from tests.training.world import write_kit

GOAL, N_FOLDS, N_ROUNDS, CPU_S = 1.8, 8, 3, 1.0
CODE = f"""
import time
import numpy as np


class Classifier:
    def fit(self, X, y):
        end = time.process_time() + {CPU_S}
        while time.process_time() < end:
            pass

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])
"""


def drain(engine: Engine, folder: Path) -> float:
    """Seconds for all folds; those of a warm-up have brought the data."""
    start = time.perf_counter()
    limits = Limits(seconds=60, memory_mb=512)
    futures = [
        engine.train_fold(FoldTask(folder, "sides", None, i % 3, limits)) for i in range(N_FOLDS)
    ]
    results = [future.result() for future in futures]
    assert all(result.verdict.is_ok for result in results), results[0].verdict
    return time.perf_counter() - start


def bare(n_processes: int) -> float:
    """Seconds for the same CPU time in so many processes, without any of us."""
    burn = f"import time\nwhile time.process_time() < {CPU_S * N_FOLDS / n_processes}: pass"
    start = time.perf_counter()
    processes = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(n_processes)]
    for process in processes:
        process.wait()
    return time.perf_counter() - start


def main() -> None:
    bares: dict[int, list[float]] = {1: [], 2: []}
    times: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        write_kit(root / "problems", "sides")
        folder = root / "submission"
        folder.mkdir()
        (folder / "classifier.py").write_text(CODE)
        logs = [root / f"{n}" for n in times]
        for log in logs:
            log.mkdir()
        with dask_cluster(logs[0], 1) as one, dask_cluster(logs[1], 2) as two:
            engines = {}
            for n, cluster in ((1, one), (2, two)):
                connect = cluster.connect(root / f"parcels_{n}")
                engines[n] = Engine(root / "problems", min_isolation="landlock", connect=connect)
                await_slots(engines[n].executor, n)
                drain(engines[n], folder)
            try:
                for _ in range(N_ROUNDS):
                    for n, engine in engines.items():
                        times[n].append(drain(engine, folder))
                        bares[n].append(bare(n))
                        print(f"{n} worker(s): {times[n][-1]:.2f} s, bare {bares[n][-1]:.2f} s")
                words = engines[1].isolation.words
            finally:
                for engine in engines.values():
                    engine.close()
    # The shortest, as timeit advises: the others measure what else the machine does.
    one_s, two_s = (min(times[n]) for n in (1, 2))
    detail = {
        "one_worker_s": round(one_s, 3),
        "two_workers_s": round(two_s, 3),
        "per_fold_overhead_ms": round(1000 * (one_s / N_FOLDS - CPU_S), 1),
        "bare_ratio": round(min(bares[1]) / min(bares[2]), 3),
        "folds": N_FOLDS,
        "cpu_s_per_fold": CPU_S,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "isolation": words,
    }
    print(
        json.dumps(
            {"name": "scale_out", "ratio": round(one_s / two_s, 3), "goal": GOAL, "detail": detail}
        )
    )


if __name__ == "__main__":
    main()

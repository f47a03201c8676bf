"""How fast a full queue drains: 500 submissions of irises, against forking bare trainings.

The bare side forks one process per fold from a process that has imported everything, two at a
time, and throws the predictions away: no box, no scores, no database. ``--quick`` takes 60.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pandas as pd
from _installation import FOREST, installation, write_iris
from sklearn.model_selection import StratifiedShuffleSplit

GOAL = 0.8
CORES = 2


def bare(kit: Path, n_submissions: int) -> float:
    """Seconds to fork and train all folds."""
    names: dict[str, type] = {"__name__": "classifier"}
    exec(FOREST, names)
    train, test = (pd.read_csv(kit / "data" / f"{part}.csv") for part in ("train", "test"))
    X, y = train.drop(columns="species").values, train["species"].values
    X_test = test.drop(columns="species").values
    folds = list(StratifiedShuffleSplit(n_splits=2, test_size=0.2, random_state=57).split(X, y))
    start = time.perf_counter()
    running = 0
    for _ in range(n_submissions):
        for train_is, _ in folds:
            if running == CORES:
                os.wait()
                running -= 1
            if not os.fork():
                model = names["Classifier"]()
                model.fit(X[train_is], y[train_is])
                model.predict_proba(X)
                model.predict_proba(X_test)
                os._exit(0)
            running += 1
    while running:
        os.wait()
        running -= 1
    return time.perf_counter() - start


def main() -> None:
    n_submissions = 60 if "--quick" in sys.argv else 500
    with installation(workers=CORES) as site:
        kit = write_iris(site.settings.problems_dir / "iris")
        site.add("iris")
        trainer = site.start_trainer()
        bare(kit, 5)
        bare_s = bare(kit, n_submissions)
        print(f"bare: {n_submissions / bare_s:.1f} submissions a second", flush=True)
        trainer.terminate()
        trainer.wait(30)
        site.processes.remove(trainer)
        for i in range(n_submissions):
            site.submit(f"part-{i}", {"classifier.py": FOREST + b"# %d\n" % i})
        site.start("train")
        # From the first that is scored, so that the start of the trainer does not count.
        while site.states().count("scored") < 2:
            time.sleep(0.01)
        first, start = site.states().count("scored"), time.perf_counter()
        site.await_all()
        ours_s = (time.perf_counter() - start) * n_submissions / (n_submissions + 1 - first)
    print(f"ours: {n_submissions / ours_s:.1f} submissions a second", flush=True)
    detail = {
        "submissions": n_submissions,
        "ours_per_s": round(n_submissions / ours_s, 2),
        "bare_per_s": round(n_submissions / bare_s, 2),
    }
    ratio = round(bare_s / ours_s, 3)
    print(json.dumps({"name": "throughput", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

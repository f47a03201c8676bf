"""How fast a full queue drains: 500 submissions of irises, against forking bare trainings.

The bare side is what ``ramp-test`` does for a fold, but for its scores: it loads the submission's
file, trains, and predicts. It forks one process per fold from a process that has imported
everything and read the data, two at a time, and throws the predictions away: no box, no scores, no
database. ``--quick`` takes 60.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path

import rampwf
from _installation import FOREST, installation, write_iris

GOAL = 0.8
CORES = 2


def code(i: int) -> bytes:
    """Return the file of a submission: no two are the same."""
    return FOREST + b"# %d\n" % i


def bare(kit: Path, n_submissions: int) -> float:
    """Seconds to fork and train all folds."""
    import_module("sklearn.ensemble")
    problem = rampwf.utils.assert_read_problem(str(kit))
    X, y = problem.get_train_data(str(kit))
    X_test, _ = problem.get_test_data(str(kit))
    folds = list(problem.get_cv(X, y))
    places = []
    for i in range(n_submissions):
        places.append(kit / "submissions" / f"bare_{i}")
        places[-1].mkdir(exist_ok=True)
        (places[-1] / "classifier.py").write_bytes(code(i))
    start = time.perf_counter()
    running = 0
    for place in places:
        for train_is, _ in folds:
            if running == CORES:
                os.wait()
                running -= 1
            if not os.fork():
                model = problem.workflow.train_submission(str(place), X, y, train_is)
                problem.workflow.test_submission(model, X)
                problem.workflow.test_submission(model, X_test)
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
            site.submit(f"part-{i}", {"classifier.py": code(i)})
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

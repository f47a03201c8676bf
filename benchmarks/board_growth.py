"""What recording one more result costs in an event of 10,000 submissions, against one of 10.

CPU time of everything that follows from it, in the trainer, its scorers and the database: claim,
folds, end, marks, version and commit, and then, in the background, what the analyst does: its
influences, its part in the best combination, the standings of both boards. Both events lie in one
database, take turns, and get the same scores, drawn as those of the board were: most are not among
the first 300, whose intervals alone are found anew, nor among the first 400, which alone are
combined. What one at the top costs is said beside it. (With PostgreSQL the server's own CPU time is
not counted; elapsed time is said too.)
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from _boards import (
    BEGAN,
    N_FOLDS,
    N_TEST,
    N_TRAIN,
    add_event,
    add_people,
    sessions_of,
    settings_in,
)

from databoard.services import events, jobs, results
from databoard.services.analysis import MAX_BLENDED
from databoard.services.results import Ending, FoldOutcome
from databoard.store.files import Files
from databoard.store.influences import Influences, kind_of
from databoard.store.models import FoldRun, Submission
from databoard.store.queries import analysis as analysis_queries
from databoard.store.queries import events as event_queries
from databoard.training.analysis import npy
from databoard.training.analyst import Analyst
from databoard.training.engine import Engine
from databoard.training.wire import npy_header

GOAL = 1.2
HASHES = dict.fromkeys(("data_hash", "folds_hash", "kit_hash", "environment_hash"), "0" * 64)


def submit(sessions, name, number):
    """Put a submission into the queue; not timed."""
    with sessions.begin() as session:
        event = event_queries.by_name(session, name)
        made = Submission(
            event_id=event.id, event_team_id=event.teams[number % 50].id, hash_=f"{name}{number}",
            name=f"more{number}", key=f"more{number}",
            submitted_at=BEGAN + timedelta(days=1 + number),
        )  # fmt: skip
        made.fold_runs = [FoldRun(fold=fold, number=fold.number) for fold in event.folds]
        session.add(made)
        session.flush()
        jobs.enqueue(session, made, now=BEGAN)
        return made.folder


PROBLEM = f"""
import numpy as np
import rampwf as rw

problem_title = "Generated"
Predictions = rw.prediction_types.make_multiclass(label_names=[0, 1, 2])
workflow = rw.workflows.Classifier()
score_types = [rw.score_types.Accuracy(name="acc")]


def get_cv(X, y):
    rows = np.arange(len(y))
    return [(rows[rows % {N_FOLDS} != i], rows[rows % {N_FOLDS} == i]) for i in range({N_FOLDS})]


def get_train_data(path="."):
    return np.zeros(({N_TRAIN}, 1)), np.arange({N_TRAIN}) % 3


def get_test_data(path="."):
    return np.zeros(({N_TEST}, 1)), np.arange({N_TEST}) % 3
"""


def scorers_s():
    """CPU seconds of all processes below this one."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            values = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(values[1])
            spent[int(path.parent.name)] = int(values[11]) + int(values[12])
    mine, found = {os.getpid()}, 0
    while mine:
        mine = {pid for pid, parent in parents.items() if parent in mine}
        found += sum(spent[pid] for pid in mine)
    return found / os.sysconf("SC_CLK_TCK")


def times():
    """Say what the clocks of these processes and of the wall show."""
    return np.array([time.process_time() + scorers_s(), time.perf_counter()])


def record(sessions, score, now):
    """Take what is due, record its folds and its end; seconds of CPU and elapsed."""
    start = times()
    scores = {step: {"acc": score} for step in ("train", "valid", "test")}
    with sessions.begin() as session:
        job = jobs.claim(session, "bench", now=now)
        key, token, n_folds = job.id, job.token, len(job.submission.fold_runs)
    for number in range(n_folds):
        with sessions.begin() as session:
            outcome = FoldOutcome("scored", scores=scores, seconds={"train": 1.0})
            results.record_fold(session, key, token, number, outcome, now=now)
    bags = {step: [{"acc": score}] * n_folds for step in ("valid", "test")}
    with sessions.begin() as session:
        assert results.finish(session, key, token, Ending(bagged=bags, **HASHES), now=now)
    return times() - start


def predict(root, folder, rng):
    """Keep what a submission predicts; not timed."""
    files = Files(root)
    for number in range(N_FOLDS):
        for step, n_rows in (("train", N_TRAIN), ("test", N_TEST)):
            found = rng.dirichlet(np.ones(3), n_rows) + 0.4 * np.eye(3)[np.arange(n_rows) % 3]
            raw = found / found.sum(axis=1, keepdims=True)
            content = npy_header(raw.shape) + raw.astype("<f8").tobytes()
            files.write_fold(folder, number, f"y_pred_{step}.npy", content)


def keep_influences(root, event, folder, rng):
    """Keep influences as the scorer finds them; not timed."""
    influences, official = Influences(root), event.official_score.id
    for board, n_rows in (("public", N_TRAIN), ("private", N_TEST)):
        moves = rng.normal(0, 0.4, n_rows)
        kind = kind_of(board, event.ranking, official)
        influences.write(folder, 1, kind, npy(moves - moves.mean()))
    influences.finish(folder, 1, official)


def analysed(analyst, event_id):
    """Have the analyst do what is due; seconds of CPU and elapsed."""
    start = times()
    analyst.analyse(event_id)
    return times() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a PostgreSQL database; SQLite without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    n_rounds = 15 if options.quick else 60
    sizes = {"small": 10, "large": 10_000}
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        settings = settings_in(Path(folder), options.url)
        engine, sessions = sessions_of(settings)
        with sessions.begin() as session:
            teams = add_people(session)
            for name, n in sizes.items():
                events.touch(session, add_event(session, name, teams, n).id)
        root, rng = settings.submissions_dir, np.random.default_rng(1)
        ids = {}
        for name in sizes:
            (settings.problems_dir / name).mkdir()
            (settings.problems_dir / name / "problem.py").write_text(PROBLEM)
            with sessions() as session:
                event = event_queries.by_name(session, name)
                ids[name] = event.id
                first = analysis_queries.able(session, event.id, MAX_BLENDED)
                for one in analysis_queries.candidates(session, event.id, only=first):
                    predict(root, one.folder, rng)
                    keep_influences(root, event, one.folder, rng)
        box = Engine(settings.problems_dir, slots=2, min_isolation="landlock")
        analyst = Analyst(sessions, box, root)
        for event_id in ids.values():
            analysed(analyst, event_id)
        found = {name: [] for name in sizes}
        first = []
        for number in range(n_rounds + 5):
            # The last five come out on top of both boards.
            is_first = number >= n_rounds
            score = 0.9999 if is_first else rng.uniform(0.5, 1.0)
            for name in sorted(sizes, reverse=number % 2 == 1):
                predict(root, submit(sessions, name, number), rng)
                now = BEGAN + timedelta(days=2, minutes=number)
                spent = [record(sessions, score, now), analysed(analyst, ids[name])]
                if is_first and name == "large":
                    first.append(spent)
                elif not is_first:
                    found[name].append(spent)
        box.close()
        engine.dispose()
    # Without the first rounds, in which everything is read for the first time.
    ms = {name: 1000 * np.mean(spent[3:], axis=0) for name, spent in found.items()}
    top = 1000 * np.median(first, axis=0)
    cpu = {name: spent[:, 0].sum() for name, spent in ms.items()}
    elapsed = {name: spent[:, 1].sum() for name, spent in ms.items()}
    detail = (
        f"mean ms of CPU for one more result, its analysis included: {cpu['small']:.1f} at 10 and "
        f"{cpu['large']:.1f} at 10,000 (elapsed {elapsed['small']:.1f} and "
        f"{elapsed['large']:.1f}; {'PostgreSQL' if options.url else 'SQLite'}, {n_rounds} rounds "
        f"in turns); the analysis alone {ms['small'][1, 0]:.1f} and {ms['large'][1, 0]:.1f}, "
        f"when it is on top {top[1, 0]:.0f}"
    )
    ratio = cpu["large"] / cpu["small"]
    print(json.dumps({"name": "board_growth", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

"""What recording one more result costs in an event of 10,000 submissions, against one of 10.

CPU time of everything that follows from it in the trainer and in the database: claim, folds, end,
marks, version and commit, and then, in the background, the standings of both boards. Both events
lie in one database, take turns, and get the same scores, drawn as those of the board were: most are
not among the first 300, whose intervals alone are found anew. What one among them costs is said
beside it. (With PostgreSQL the server's own CPU time is not counted; elapsed time is said too.)
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from _boards import BEGAN, add_event, add_people, sessions_of, settings_in

from databoard.services import analysis, events, jobs, results
from databoard.services.results import Ending, FoldOutcome
from databoard.store.influences import Influences, kind_of
from databoard.store.models import FoldRun, Submission
from databoard.store.queries import analysis as analysis_queries
from databoard.store.queries import events as event_queries
from databoard.training.analysis import npy

GOAL = 1.2
N_EXAMPLES = 1000
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


def times():
    """Say what the clocks of this process and of the wall show."""
    return np.array([time.process_time(), time.perf_counter()])


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


def influence(root, event, folder, rng):
    """Keep what the examples contribute to the scores of a submission; not timed."""
    for board in analysis.BOARDS:
        moves = rng.normal(0, 0.4, N_EXAMPLES)
        kind = kind_of(board, event.ranking, event.official_score.id)
        Influences(root).write(folder, 1, kind, npy(moves - moves.mean()))


def analysed(sessions, name, root):
    """Find out anew where everybody stands; seconds of CPU and elapsed."""
    start = times()
    with sessions.begin() as session:
        event = event_queries.by_name(session, name)
        analysis.refresh(session, event, Influences(root).read)
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
        with sessions.begin() as session:
            for name in sizes:
                event = event_queries.by_name(session, name)
                for one in analysis_queries.candidates(session, event.id):
                    influence(root, event, one.folder, rng)
        for name in sizes:
            analysed(sessions, name, root)
        found = {name: [] for name in sizes}
        first = []
        for number in range(n_rounds + 5):
            # The last five come out on top of both boards.
            is_first = number >= n_rounds
            score = 0.9999 if is_first else rng.uniform(0.5, 1.0)
            for name in sorted(sizes, reverse=number % 2 == 1):
                folder = submit(sessions, name, number)
                with sessions() as session:
                    influence(root, event_queries.by_name(session, name), folder, rng)
                now = BEGAN + timedelta(days=2, minutes=number)
                spent = [record(sessions, score, now), analysed(sessions, name, root)]
                if is_first and name == "large":
                    first.append(spent)
                elif not is_first:
                    found[name].append(spent)
        engine.dispose()
    # Without the first rounds, in which everything is read for the first time.
    ms = {name: 1000 * np.mean(spent[3:], axis=0) for name, spent in found.items()}
    top = 1000 * np.median(first, axis=0)
    cpu = {name: spent[:, 0].sum() for name, spent in ms.items()}
    elapsed = {name: spent[:, 1].sum() for name, spent in ms.items()}
    detail = (
        f"mean ms of CPU for one more result, its standings included: {cpu['small']:.1f} at 10 and "
        f"{cpu['large']:.1f} at 10,000 (elapsed {elapsed['small']:.1f} and "
        f"{elapsed['large']:.1f}; {'PostgreSQL' if options.url else 'SQLite'}, {n_rounds} rounds "
        f"in turns); the standings alone {ms['small'][1, 0]:.1f} and {ms['large'][1, 0]:.1f}, "
        f"when it is among the first 300 {top[1, 0]:.0f}"
    )
    ratio = cpu["large"] / cpu["small"]
    print(json.dumps({"name": "board_growth", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

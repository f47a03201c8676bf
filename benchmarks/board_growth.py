"""What recording one more result costs in an event of 10,000 submissions, against one of 10.

Claim, folds, end, marks, version and commit: all that a trainer writes about a submission. Both
events lie in one database and take turns. What follows in the background (rank intervals, best
combination) looks at the best 300 only; its share that grows is timed beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from _boards import BEGAN, add_event, add_people, sessions_of, settings_in

from databoard.services import analysis, events, jobs, results
from databoard.services.results import Ending, FoldOutcome
from databoard.store.influences import Influences
from databoard.store.models import FoldRun, Submission
from databoard.store.queries import events as event_queries

GOAL = 1.2
SCORES = {step: {"acc": 0.7} for step in ("train", "valid", "test")}
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


def record(sessions, now) -> float:
    """Take what is due, record its folds and its end; seconds."""
    start = time.perf_counter()
    with sessions.begin() as session:
        job = jobs.claim(session, "bench", now=now)
        key, token, n_folds = job.id, job.token, len(job.submission.fold_runs)
    for number in range(n_folds):
        with sessions.begin() as session:
            outcome = FoldOutcome("scored", scores=SCORES, seconds={"train": 1.0})
            results.record_fold(session, key, token, number, outcome, now=now)
    bags = {step: [{"acc": 0.7}] * n_folds for step in ("valid", "test")}
    with sessions.begin() as session:
        assert results.finish(session, key, token, Ending(bagged=bags, **HASHES), now=now)
    return time.perf_counter() - start


def analysed(sessions, name, root) -> float:
    """Find out anew where everybody stands; seconds."""
    start = time.perf_counter()
    with sessions.begin() as session:
        event = event_queries.by_name(session, name)
        analysis.refresh(session, event, Influences(root).read)
    return time.perf_counter() - start


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
        times = {name: [] for name in sizes}
        for number in range(n_rounds):
            for name in sorted(sizes, reverse=number % 2 == 1):
                submit(sessions, name, number)
                times[name].append(record(sessions, BEGAN + timedelta(days=2, minutes=number)))
        after = {name: analysed(sessions, name, settings.submissions_dir) for name in sizes}
        engine.dispose()
    ms = {name: 1000 * statistics.median(found[3:]) for name, found in times.items()}
    detail = (
        f"median ms for one more result: {ms['small']:.1f} at 10, {ms['large']:.1f} at 10,000 "
        f"({'PostgreSQL' if options.url else 'SQLite'}, {n_rounds} rounds in turns); standings "
        f"anew, in the background: {1000 * after['small']:.0f} and {1000 * after['large']:.0f} ms"
    )
    ratio = ms["large"] / ms["small"]
    print(json.dumps({"name": "board_growth", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

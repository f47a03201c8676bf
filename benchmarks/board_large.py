"""What the pages and tables of an event of 100,000 submissions cost, beside those of 10,000.

The application answers in this process, without HTTP, and remembers nothing from one round to the
next; the milliseconds are those of the whole request, its memory what the process grew by.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path

from _boards import add_event, add_people, add_submissions, sessions_of, settings_in
from board_cached import cookie_of

from databoard.store.models import Event
from databoard.store.queries import analysis
from databoard.store.queries import submissions as queries
from databoard.web.app import create_app
from databoard.web.leaderboards import listing

GOAL_MS = 1000
SIZES = (10_000, 100_000)
CHUNK = 30_000
EVENT = "/events/large"
BOARD = f"{EVENT}/leaderboard"
PAGES = {
    "poll that finds nothing new": f"{BOARD}/public/rows?v={{version}}",
    "first page": BOARD,
    "last page": f"{BOARD}?page=99999999",
    "another order": f"{BOARD}?sort=submission",
    "words": f"{BOARD}?q=s99",
    "competition": f"{BOARD}/competition",
    "a submission": "/{hash}",
    "plots": f"{EVENT}/plots",
    "activity": f"{EVENT}/activity",
    "history of a team": f"{EVENT}/my_submissions/history",
    "1000 lines for programs": f"{BOARD}/public.json?first",
    "whole board as CSV": f"{BOARD}/public.csv",
}


def peak_mb() -> float:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(app, cookie: str, paths: dict[str, str], n_rounds: int) -> dict[str, float]:
    """Median milliseconds of each page."""
    client, found = app.test_client(use_cookies=False), {}
    for name, path in paths.items():
        taken = []
        for _ in range(n_rounds + 1):
            app.extensions.pop(listing.MEMORIES, None)
            start = time.perf_counter()
            answer = client.get(path, headers={"Cookie": cookie}, buffered=False)
            if answer.status_code not in (200, 204):
                raise SystemExit(f"{path}: {answer.status}")
            parts = answer.iter_encoded()
            next(parts, b"")
            if not path.endswith("?first"):
                for _ in parts:
                    pass
            taken.append(1000 * (time.perf_counter() - start))
            answer.close()
        found[name] = statistics.median(taken[1:])
    return found


def add_more(sessions, event_id: int, n: int) -> None:
    """Write more submissions into the event, as many as memory takes at once."""
    for start in range(0, n, CHUNK):
        with sessions.begin() as session:
            event = session.get(Event, event_id)
            add_submissions(session, event, min(n - start, CHUNK), start=10**6 + start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a PostgreSQL database; SQLite without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    found: dict[int, dict[str, float]] = {}
    grown = 0.0
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        settings = settings_in(Path(folder), options.url)
        engine, sessions = sessions_of(settings)
        n_done, event_id = 0, 0
        for n in SIZES:
            if event_id:
                add_more(sessions, event_id, n - n_done)
            else:
                with sessions.begin() as session:
                    event_id = add_event(session, "large", add_people(session), n).id
            n_done = n
            with sessions() as session:
                best = queries.by_id(session, analysis.best(session, event_id, "public", 1)[0])
                version = best.event_team.event.board_version
                hash_ = best.hash_
            app = create_app(settings)
            paths = {name: path.format(version=version, hash=hash_) for name, path in PAGES.items()}
            before = peak_mb()
            rounds = 2 if options.quick else 5
            found[n] = measure(app, cookie_of(settings, sessions), paths, rounds)
            grown = peak_mb() - before
        engine.dispose()
    for name in PAGES:
        print(f"{name:28s} {found[10_000][name]:8.0f} ms {found[100_000][name]:8.0f} ms")
    slowest = max((ms, name) for name, ms in found[100_000].items() if name != "whole board as CSV")
    detail = (
        "ms at 10,000 and 100,000: "
        + "; ".join(f"{k} {found[10_000][k]:.0f} and {found[100_000][k]:.0f}" for k in PAGES)
        + f"; memory grew by {grown:.0f} MB at 100,000; the slowest page is {slowest[1]}"
    )
    print(json.dumps(
        {"name": "board_large", "ratio": slowest[0], "goal": GOAL_MS, "detail": detail}
    ))  # fmt: skip


if __name__ == "__main__":
    main()

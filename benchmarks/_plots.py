"""Draw how costs grow: ``make plots`` writes docs/plots/*.svg.

Everything is measured here and now, on SQLite: a page of a board and one more result by the number
of submissions, the best combination beside ramp-workflow's, and rank intervals.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import contributivity
import matplotlib as mpl
import numpy as np
import rank_intervals
from _boards import BEGAN, add_event, add_people, sessions_of, settings_in
from board_growth import record, submit

from databoard.services import leaderboards
from databoard.services.leaderboards import Choice
from databoard.store.queries import events

mpl.use("svg")
from matplotlib import pyplot as plt

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "plots"
SIZES = (10, 30, 100, 300, 1000, 3000, 10_000)
BLENDED, RAMPED = (5, 10, 20, 40, 80, 160, 320), (5, 10, 20, 40)
RANKED = (10, 30, 100, 200, 300)
LINES = 100

Curves = dict[str, tuple[list[int], list[float]]]


def ms(work: Callable[[], object], rounds: int = 5) -> float:
    """Least milliseconds of CPU of a few rounds."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def boards() -> tuple[Curves, Curves]:
    """Measure the first page of a board, and one more result, in events of all sizes."""
    pages, more = [], []
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        engine, sessions = sessions_of(settings_in(Path(folder)))
        with sessions.begin() as session:
            teams = add_people(session)
            for n in SIZES:
                add_event(session, f"event{n}", teams, n)
        for n in SIZES:

            def read(name: str = f"event{n}") -> None:
                with sessions() as session:
                    event = events.by_name(session, name)
                    leaderboards.build(
                        session,
                        event,
                        "public",
                        now=BEGAN,
                        sees_all=True,
                        choice=Choice(size=LINES),
                    )

            pages.append(ms(read))
            spent = []
            for number in range(12):
                submit(sessions, f"event{n}", number)
                now = BEGAN + timedelta(days=2, minutes=number)
                spent.append(1000 * record(sessions, 0.7, now)[0])
            more.append(float(np.median(spent)))
        engine.dispose()
    sizes = list(SIZES)
    return {"first page, read anew": (sizes, pages)}, {"one more result": (sizes, more)}


def blends() -> Curves:
    """Measure the best combination on 4 folds of 1,000 points."""
    rng = np.random.default_rng(0)
    folds = {n: [contributivity.make_fold(rng, n, 1000) for _ in range(4)] for n in BLENDED}
    contributivity.timed(contributivity.ours, folds[BLENDED[0]])
    ours = [contributivity.timed(contributivity.ours, folds[n])[1] for n in BLENDED]
    ramp = [contributivity.timed(contributivity.theirs, folds[n])[1] for n in RAMPED]
    return {"databoard": (list(BLENDED), ours), "ramp-workflow": (list(RAMPED), ramp)}


def intervals() -> Curves:
    """Measure rank intervals with 1,000 resamples of 5,000 examples."""
    rng = np.random.default_rng(0)
    hits = rank_intervals.make_hits(rng)
    spent = [ms(lambda chosen=hits[:n]: rank_intervals.ours(chosen), rounds=3) for n in RANKED]
    return {"databoard": (list(RANKED), spent)}


def draw(name: str, curves: Curves, x: str, y: str, *, log: str = "") -> None:
    """Write a plot as SVG; the same figures give the same bytes."""
    mpl.rcParams["svg.hashsalt"] = name
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for label, (sizes, values) in curves.items():
        axes.plot(sizes, values, marker="o", label=label)
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set(xlabel=x, ylabel=y)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    page, more = boards()
    submissions = "submissions of the event"
    draw("board_page", page, submissions, "ms of CPU", log="x")
    draw("one_more", more, submissions, "ms of CPU", log="x")
    draw("contributivity", blends(), "submissions", "seconds", log="xy")
    draw("rank_intervals", intervals(), "submissions of the board", "ms of CPU")
    print(f"wrote {', '.join(sorted(path.name for path in FOLDER.glob('*.svg')))}")


if __name__ == "__main__":
    main()

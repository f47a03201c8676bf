"""From the browser's POST to the score on the leaderboard page, against ``ramp-test``.

Both sides train the same random forest on the same ramp-kit of irises (two folds) on this machine
in turns: a submission through the real web server and a warm trainer, then the command line of
ramp-workflow. The page is read every 20 ms until the new submission stands on it with a score.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _installation import FOREST, Browser, installation, write_iris

GOAL = 0.3
N_ROUNDS = 7


def ours(browser: Browser, name: str) -> tuple[float, float]:
    """Submit and wait; seconds to the answer of the POST, and to the score on the board."""
    content = FOREST.decode() + f"# {name}\n"
    browser.see("/events/iris/sandbox")
    start = time.perf_counter()
    browser.post("/events/iris/sandbox", {"name": name, "text-classifier.py": content})
    answered = time.perf_counter() - start
    while f">{name}<" not in browser.get("/events/iris/leaderboard/public/rows"):
        time.sleep(0.02)
    return answered, time.perf_counter() - start


def theirs(kit: Path) -> float:
    """Run ``ramp-test``."""
    env = {**os.environ, "PANDAS_FUTURE_INFER_STRING": "0"}
    ramp_test = Path(sys.executable).with_name("ramp-test")
    start = time.perf_counter()
    subprocess.run(
        [ramp_test, "--submission", "starting_kit"],
        cwd=kit,
        env=env,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def main() -> None:
    with installation() as site:
        kit = write_iris(site.settings.problems_dir / "iris")
        site.add("iris")
        site.start_trainer()
        browser = site.start_web()
        ours(browser, "warm-pages")
        theirs(kit)
        rounds = []
        for i in range(N_ROUNDS):
            answered, visible = ours(browser, f"round-{i}")
            ramp = theirs(kit)
            rounds.append((answered, visible, ramp))
            print(
                f"round {i}: POST answered after {answered * 1000:4.0f} ms, score visible after "
                f"{visible * 1000:4.0f} ms; ramp-test {ramp * 1000:5.0f} ms",
                flush=True,
            )
    answered, visible, ramp = (statistics.median(column) for column in zip(*rounds, strict=True))
    detail = {
        "post_ms": round(answered * 1000),
        "visible_ms": round(visible * 1000),
        "ramp_test_ms": round(ramp * 1000),
        "rounds": N_ROUNDS,
    }
    ratio = round(visible / ramp, 3)
    print(json.dumps({"name": "submit_latency", "ratio": ratio, "goal": GOAL, "detail": detail}))


if __name__ == "__main__":
    main()

"""Measure the three scenarios of docs/load.md on this machine: python tools/load.py.

A site as it is deployed (gunicorn as shipped, a trainer of one slot, SQLite or the PostgreSQL
database that DATABOARD_DB_URL names, which must be empty) is filled with the event iris and played
on by locustfile.py, all on this machine: Locust takes its share of the cores.
"""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from databoard.cli import populate  # noqa: E402 - after the path
from databoard.cli.actions.teams import sign_up_team  # noqa: E402
from databoard.cli.database import migrate_to_head  # noqa: E402
from databoard.settings import Settings  # noqa: E402

PASSWORD = "a long password of a benchmark"  # noqa: S105 - of no site
#: What is played: people, how many more come each second, seconds, Locust's further words.
SCENARIOS = {
    "class of 30": (30, 5, 60, ()),
    "hackathon of 300": (300, 10, 90, ()),
    "deadline rush of 100": (100, 20, 60, ("--tags", "rush")),
}
PERCENTILES = ("50%", "95%", "99%")


def fill(settings: Settings, n_teams: int) -> None:
    """Add the event and the teams."""
    migrate_to_head(settings)
    shutil.copytree(ROOT / "problems" / "iris", settings.problems_dir / "iris")
    populate.ensure_problem(settings, "iris")
    populate.ensure_event(settings, "iris", "iris")
    for number in range(1, n_teams + 1):
        populate.ensure_user(settings, f"team_{number}", PASSWORD)
        sign_up_team(settings, "iris", f"team_{number}")


@contextmanager
def running(command: list[str | Path], env: dict[str, str], log: Path) -> Iterator[None]:
    """Run a program beside what follows."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=file, stderr=file)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def wait_for(address: str) -> None:
    """Wait until the site answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        try:
            opener.open(f"{address}/login", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The site does not answer.")


def play(name: str, address: str, env: dict[str, str], folder: Path) -> str:
    """Play a scenario; give its row of the table."""
    people, per_s, seconds, words = SCENARIOS[name]
    command = [sys.executable, "-m", "locust", "-f", ROOT / "locustfile.py", "--headless"]
    command += ["-u", str(people), "-r", str(per_s), "-t", f"{seconds}s", "--host", address]
    command += ["--csv", folder / "load", "--only-summary", *words]
    with (folder / "locust.log").open("wb") as log:
        subprocess.run(command, env=env, cwd=ROOT, stdout=log, stderr=log, check=False)
    with (folder / "load_stats.csv").open(newline="") as file:
        rows = {(row["Type"], row["Name"]): row for row in csv.DictReader(file)}
    whole = rows["", "Aggregated"]
    times = " | ".join(f"{float(whole[which]):.0f} ms" for which in PERCENTILES)
    sent = rows.get(("POST", "/events/iris/sandbox"), {}).get("Request Count", "0")
    return (
        f"| {name} | {seconds} s | {whole['Request Count']} | {float(whole['Requests/s']):.0f} /s "
        f"| {times} | {sent} | {whole['Failure Count']} |"
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="databoard-load-") as base:
        root = Path(base)
        env = {**os.environ, "DATABOARD_ROOT": base, "DATABOARD_WORKERS": "1"}
        env.setdefault("DATABOARD_DB_URL", f"sqlite:///{base}/load.db")
        env |= {"DATABOARD_USERNAME": "team_{n}", "DATABOARD_PASSWORD": PASSWORD}
        env |= {"DATABOARD_EVENT": "iris", "PYTHONPATH": str(ROOT)}
        fill(Settings.from_env(env), max(people for people, *_ in SCENARIOS.values()))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            env["DATABOARD_BIND"] = f"127.0.0.1:{probe.getsockname()[1]}"
        conf = str(ROOT / "deploy" / "gunicorn.conf.py")
        web: list[str | Path] = [sys.executable, "-m", "gunicorn", "-c", conf, "wsgi:app"]
        trainer: list[str | Path] = [sys.executable, ROOT / "manage.py", "train"]
        address = f"http://{env['DATABOARD_BIND']}"
        with running(web, env, root / "web.log"), running(trainer, env, root / "trainer.log"):
            wait_for(address)
            print(
                "| scenario | for | requests | rate | median | 95 % | 99 % | submitted | failed |"
            )
            print("|---|---|---|---|---|---|---|---|---|", flush=True)
            for name in sys.argv[1:] or SCENARIOS:
                print(play(name, address, env, root), flush=True)


if __name__ == "__main__":
    main()

"""The demo, step by step. Every step leaves alone what it finds done."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
import urllib.request
from pathlib import Path
from typing import NoReturn

from databoard.cli import populate
from databoard.cli.actions.problems import set_keywords
from databoard.cli.database import migrate_to_head
from databoard.cli.demo.processes import Children, children, find_port
from databoard.cli.demo.submissions import SUBMISSIONS
from databoard.errors import BusyError, DataboardError
from databoard.settings import Settings

#: By problem: domains and themes.
KEYWORDS = {
    "iris": ("botany", "classification"),
    "digits": ("images", "classification"),
    "diabetes": ("medicine", "regression"),
    "variable_stars": ("astronomy; time series", "classification"),
    "drug_spectra": ("chemistry; spectra", "classification; regression"),
    "air_passengers": ("transport", "regression; outside data"),
}
USERS = ("lovelace", "gauss", "hopper", "noether", "turing", "kegl", "agramfort")
TEAMS = {"dssp": ("noether", "turing"), "forest_rangers": ("agramfort", "kegl", "turing")}
#: Whose the starting kits are.
BASELINE = "kegl"
HOST = "127.0.0.1"

FAREWELL = """
databoard runs at {url}

  log in as   admin     (organiser of everything)
              lovelace, gauss, hopper   (each a team of one)
              noether, turing           (together the team dssp)
  password    {password}
  submissions are trained with {isolation}

Try:
  - {url}/events/iris/leaderboard, and why hopper's "raises" failed
  - log in as gauss, open the sandbox of an event, change a line, submit, watch it being trained
  - log in as admin and look at the queue, the users and the interactions
  - read what the site would have mailed: {mail}

Ctrl-C stops everything."""


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line at once."""
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)


def demo_environment(root: Path) -> dict[str, str]:
    """Name the demo's settings: an SQLite database below the checkout, unless one is set."""
    return {
        "DATABOARD_ROOT": str(root),
        "DATABOARD_DB_URL": os.environ.get("DATABOARD_DB_URL")
        or f"sqlite:///{root / 'db' / 'databoard.db'}",
        "DATABOARD_TEST": "False",
        # It listens to this machine only, so who submits is who started it; it says what is in
        # force, and must start where nobody may make namespaces too.
        "DATABOARD_MIN_ISOLATION": os.environ.get("DATABOARD_MIN_ISOLATION") or "landlock",
        "DATABOARD_ALLOW_UNSAFE": "i-trust-every-participant",
    }


def keep_password(root: Path) -> str:
    """Return the password of the demo's accounts, made at the first start."""
    path = root / "db" / "demo_password"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return path.read_text()


def fill(settings: Settings, password: str, progress: Progress) -> int:
    """Add problems, events, people and submissions; return how many submissions were new."""
    for event, problem in populate.EVENTS.items():
        if populate.ensure_problem(settings, problem):
            set_keywords(settings, problem, *KEYWORDS[problem])
            progress.say(f"added the problem {problem}")
        if populate.ensure_event(settings, event, problem):
            progress.say(f"added the event {event}")
    if populate.ensure_user(settings, "admin", password, level="admin"):
        progress.say("added the account admin")
    for user in USERS:
        populate.ensure_user(settings, user, password)
    for team, members in TEAMS.items():
        populate.ensure_team(settings, team, members)
    n_new = _deposit_all(settings)
    progress.say(f"{len(USERS) + 1} accounts, {len(TEAMS)} teams, {n_new} new submissions")
    return n_new


def _deposit_all(settings: Settings) -> int:
    new = [populate.deposit(settings, s.event, s.team, s.name, s.files) for s in SUBMISSIONS]
    for event, problem in populate.EVENTS.items():
        examples = populate.examples_of(settings, problem, event, BASELINE, with_first=True)
        for (team, name), files in examples.items():
            new.append(populate.deposit(settings, event, team, name, files))
    return sum(new)


def wait_until_trained(settings: Settings, group: Children, progress: Progress) -> None:
    """Tell how many submissions are left until none is."""
    last = -1
    while left := sum(populate.n_waiting(settings).values()):
        group.check()
        if left != last:
            progress.say(f"training, {left} to go")
            last = left
        time.sleep(0.5)


def wait_until_served(url: str, group: Children, patience_s: float = 30) -> None:
    """Wait for the first page.

    Raises
    ------
    BusyError
        If none comes.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        group.check()
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    raise BusyError(f"The web server does not answer at {url}.")


def run(root: Path, first_port: int) -> None:
    """Fill, train and serve until the process is told to end."""
    progress = Progress()
    port = find_port(first_port, HOST)
    url = f"http://{HOST}:{port}"
    env = {**demo_environment(root), "DATABOARD_PUBLIC_URL": url}
    settings = Settings.from_env({**os.environ, **env})
    migrate_to_head(settings)
    progress.say(f"the database is {settings.database_url}")
    password = keep_password(root)
    fill(settings, password, progress)
    if port != first_port:
        progress.say(f"port {first_port} is taken, so it is {port}")
    with children(env, root / "server_logs") as group:
        group.start("trainer", "train", "--name", "demo")
        group.start("web", "serve", "--port", str(port), "--host", HOST)
        wait_until_trained(settings, group, progress)
        wait_until_served(url, group)
        print(
            FAREWELL.format(
                url=url,
                password=password,
                mail=settings.mail_url,
                isolation=populate.isolation_of(settings, "demo"),
            ),
            flush=True,
        )
        while True:
            group.check()
            time.sleep(1)


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run the demo from the command line."""
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="where db/ and problems/ are")
    parser.add_argument("--port", type=int, default=8080, help="first port to try")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    try:
        run(arguments.root.resolve(), arguments.port)
    except KeyboardInterrupt:
        print("\nEverything has been stopped.", flush=True)
    except DataboardError as error:
        sys.exit(f"Error: {error.message}")

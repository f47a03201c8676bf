"""Random submissions under random ``kill -9``; afterwards everything must be as it should.

``python tests/chaos/chaos.py --minutes 15`` kills trainers, zygotes, boxes, scorers, the web server
and (on PostgreSQL) database backends, while submissions of known endings come in through the
services and the web. A killed trainer or server is started again at once. In the end every
submission must have ended as it would have without the kills, each fold recorded once, and no
process, folder or control group may be left over. The seed is printed; ``--seed`` repeats the
choices, though not their moments.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # started as a script
    sys.path.insert(0, str(ROOT))

from databoard.store.engine import read_only  # noqa: E402
from databoard.store.models import Submission  # noqa: E402
from databoard.training.linux import die_with_parent  # noqa: E402
from tests import postgres  # noqa: E402
from tests.invariants import violations  # noqa: E402
from tests.training.world import (  # noqa: E402
    GOOD,
    World,
    code,
    environment,
    installation,
    slow,
)

N_TRAINERS = 2
MOST_OPEN = 8
SETTLE_S = 240.0
#: Code, and the state and fault in which it must end whatever is killed.
KINDS: dict[str, tuple[bytes, str, str]] = {
    "good": (GOOD, "scored", ""),
    "slow": (slow(1.0), "scored", ""),
    "slower": (slow(2.5), "scored", ""),
    "chatty": (code("print('x' * 100_000)"), "scored", ""),
    "raises": (code("raise ValueError"), "training_error", "team"),
    "exits": (code("os._exit(3)"), "training_error", "team"),
    "wrong": (code("pass", "return np.zeros((3, 2))"), "validating_error", "team"),
    "late": (code("time.sleep(1); 1 / 0"), "training_error", "team"),
}


class Chaos:
    """A site with trainers and a web server, and somebody who kills them."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.trainers: list[subprocess.Popen[bytes]] = []
        self.web: subprocess.Popen[bytes] | None = None
        self.expected: dict[int, str] = {}
        self.kills: Counter[str] = Counter()
        self.numbers = iter(range(1, 1_000_000))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    # ------------------------------------------------------------------ processes
    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        settings = self.world.settings
        env = {**os.environ, **environment(settings.database_url, settings.root)}
        with (settings.root / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                env={**env, "PYTHONPATH": str(ROOT)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    def keep_running(self) -> None:
        """Start what is not there."""
        self.trainers = [trainer for trainer in self.trainers if trainer.poll() is None]
        while len(self.trainers) < N_TRAINERS:
            name = f"trainer-{next(self.numbers)}"
            self.trainers.append(self._start("trainer", ["-m", "tests.training.trainer", name]))
        if self.web is None or self.web.poll() is not None:
            port = ["--port", str(self.port), "--host", "127.0.0.1"]
            self.web = self._start("web", [str(ROOT / "manage.py"), "serve", *port])

    def below(self, word: str) -> list[psutil.Process]:
        """List the processes below the trainers whose command line has this word."""
        found = []
        for trainer in self.trainers:
            with contextlib.suppress(psutil.Error):
                for process in psutil.Process(trainer.pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        if word in " ".join(process.cmdline()):
                            found.append(process)
        return found

    # ------------------------------------------------------------------ what happens
    def submit(self) -> None:
        """Send something whose ending is known."""
        if len(self.open_ones()) >= MOST_OPEN:
            return
        kind = self.rng.choice(list(KINDS))
        number = next(self.numbers)
        content = KINDS[kind][0] + b"# %d\n" % number
        team = self.rng.choice(["red", "green", "blue"])
        key = self.world.submit(f"{kind}-{number}", content, team=team)
        self.expected[key] = kind

    def look_at_the_site(self) -> None:
        """Read a page; a server that was just killed may not answer."""
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/events/sides/leaderboard", timeout=5
            ).read()

    def kill_trainer(self) -> None:
        self._kill("trainer", [psutil.Process(each.pid) for each in self.trainers])

    def kill_zygote_or_box(self) -> None:
        # a keeper and a box are forks of the zygote and look like it
        self._kill("zygote or box", self.below("training.zygote"))

    def kill_box(self) -> None:
        leaves = []
        for process in self.below("training.zygote"):
            with contextlib.suppress(psutil.Error):
                if not process.children():
                    leaves.append(process)
        self._kill("box", leaves)

    def kill_scorer(self) -> None:
        self._kill("scorer", self.below("training.scorer"))

    def kill_web(self) -> None:
        if self.web is not None:
            self._kill("web server", [psutil.Process(self.web.pid)])

    def kill_backend(self) -> None:
        """End a connection of the database from the other side, as a crash of it would."""
        url = make_url(self.world.settings.database_url)
        if url.get_backend_name() != "postgresql":
            return
        engine = create_engine(url.set(drivername="postgresql+psycopg2", database="postgres"))
        with engine.connect() as connection:
            found = connection.scalars(
                text("SELECT pid FROM pg_stat_activity WHERE datname = :x"), {"x": url.database}
            ).all()
            if found:
                chosen = self.rng.choice(found)
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": chosen})
                self.kills["backend"] += 1
        engine.dispose()

    def _kill(self, what: str, processes: list[psutil.Process]) -> None:
        if processes:
            with contextlib.suppress(psutil.Error):
                self.rng.choice(processes).send_signal(signal.SIGKILL)
                self.kills[what] += 1

    def step(self) -> None:
        """Do one thing by chance, and mend."""
        kills = [
            self.kill_trainer,
            self.kill_zygote_or_box,
            self.kill_box,
            self.kill_scorer,
            self.kill_web,
            self.kill_backend,
        ]
        happens: Callable[[], None] = self.rng.choices(
            [self.submit, self.look_at_the_site, self.rng.choice(kills)], weights=[6, 2, 2]
        )[0]
        with contextlib.suppress(DBAPIError, psutil.Error):
            happens()
        self.keep_running()

    # ------------------------------------------------------------------ the reckoning
    def submissions(self) -> list[Submission]:
        """Read all, as often as the database needs."""
        for _ in range(20):
            with contextlib.suppress(DBAPIError), read_only(), self.world.sessions() as session:
                return session.query(Submission).all()
            time.sleep(0.2)
        raise SystemExit("the database does not answer")

    def open_ones(self) -> list[Submission]:
        return [submission for submission in self.submissions() if not submission.is_ended]

    def settle(self) -> None:
        """Let everything come to its end without further kills."""
        limit = time.monotonic() + SETTLE_S
        while self.open_ones() and time.monotonic() < limit:
            self.keep_running()
            time.sleep(0.2)

    def stop(self) -> list[str]:
        """End the site in good order; tell what does not end so."""
        wrong = []
        started = [*self.trainers, *([self.web] if self.web else [])]
        below = [p for s in started for p in _family(s.pid)]
        for process in started:
            process.terminate()
        for process in started:
            try:
                code_of_exit = process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                wrong.append(f"{process.args} did not stop")
                continue
            if code_of_exit != 0:
                wrong.append(f"{process.args} ended with {code_of_exit}")
        _, alive = psutil.wait_procs(below, timeout=5)
        return [*wrong, *(f"left over: {_words(process)}" for process in alive)]

    def faults(self) -> list[str]:
        """List all that is not as it should be."""
        found = []
        rows = {row.id: row for row in self.submissions()}
        for key, kind in self.expected.items():
            row = rows.get(key)
            if row is None:
                found.append(f"lost: {kind} {key}")
                continue
            if (row.state, row.fault) != KINDS[kind][1:]:
                found.append(f"{row.name}: {row.state} {row.fault!r} {row.message}")
        with read_only(), self.world.sessions() as session:
            found += violations(session, now=self.world.now(), strict=False)
        folders = {path.name for path in self.world.settings.submissions_dir.glob("submission_*")}
        for row in rows.values():
            if row.folder not in folders:
                found.append(f"{row.name} has no files")
        staged = self.world.settings.submissions_dir.glob("submission_*/.fold_*")
        return [*found, *(f"left over: {path}" for path in staged)]


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    return []


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())[:100]}"
    return str(process.pid)


def leftovers() -> set[str]:
    """Name what boxes leave when nobody cleans up: control groups and folders."""
    groups = [
        path
        for path in Path("/sys/fs/cgroup").rglob("databoard-*")
        if not Path("/proc", path.name.split("-")[1]).exists()  # others may be at work here
    ]
    folders = Path(tempfile.gettempdir()).glob("databoard_box_*")
    return {str(path) for path in [*groups, *folders]}


def torment(world: World, seconds: float, seed: int) -> tuple[list[str], Chaos]:
    """Have chaos for a while; what is wrong afterwards, and what happened."""
    before = leftovers()
    chaos = Chaos(world, random.Random(seed))
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            chaos.step()
            time.sleep(chaos.rng.uniform(0, 0.4))
        chaos.settle()
        wrong = chaos.stop()
    finally:
        for process in [*chaos.trainers, *([chaos.web] if chaos.web else [])]:
            if process.poll() is None:
                process.kill()
                process.wait()
    wrong += chaos.faults()
    wrong += [f"left over: {path}" for path in leftovers() - before]
    return wrong, chaos


@contextlib.contextmanager
def servers(kind: str) -> Iterator[str | None]:
    """Have a PostgreSQL server, if asked for."""
    if kind == "sqlite":
        yield None
        return
    binaries = postgres.find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed")
    with postgres.server(binaries) as url:
        yield url


def main() -> int:
    """Torment both databases, half of the time each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    status = 0
    for kind in kinds:
        with servers(kind) as server, tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            Path(folder).chmod(0o755)
            with installation(server, Path(folder) / "root") as world:
                print(f"{kind}: seed {options.seed}", flush=True)
                seconds = 60 * options.minutes / len(kinds)
                wrong, chaos = torment(world, seconds, options.seed)
                ended = Counter(row.state for row in chaos.submissions())
                print(f"{kind}: {dict(ended)} under kills of {dict(chaos.kills)}", flush=True)
                for words in wrong:
                    print(f"  WRONG: {words}", flush=True)
                status |= bool(wrong)
    print("all is well" if not status else "something is wrong", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

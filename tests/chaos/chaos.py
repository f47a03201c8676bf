"""Random submissions under random ``kill -9``; afterwards everything must be as it should.

``python -m tests.chaos.chaos --minutes 15`` kills trainers, zygotes, boxes, scorers, the web server
and (on PostgreSQL) database backends, by the server's own means and by ``kill -9``, after which
the whole server recovers. Meanwhile submissions of known endings come in through the services and
through the web, and some are cancelled. A killed trainer or server is started again at once. In the
end every submission must have ended as it would have without the kills, been recorded once and
charged rightly (`tests.chaos.reckoning`), and no process, folder, temporary file, mount or control
group may be left over. The seed is printed; ``--seed`` repeats the choices, though not their
moments.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
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

from databoard.errors import InvalidError  # noqa: E402
from databoard.services import submissions, tokens  # noqa: E402
from databoard.store.engine import read_only  # noqa: E402
from databoard.store.models import Submission  # noqa: E402
from databoard.training.linux import become_subreaper, die_with_parent  # noqa: E402
from tests import postgres  # noqa: E402
from tests.chaos.reckoning import called, left_in, reckon  # noqa: E402
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
        self.acknowledged: list[str] = []
        self.cancelled: list[str] = []
        self.uploads: list[tuple[str, str, bytes]] = []
        self.kills: Counter[str] = Counter()
        self.is_over = False
        self.numbers = iter(range(1, 1_000_000))
        # Of their own, so that whatever is left there is theirs.
        self.scratch = world.settings.root / "scratch"
        self.scratch.mkdir()
        self.scratch.chmod(0o1777)
        self.before = {process.pid for process in psutil.Process().children(recursive=True)}
        with world.sessions.begin() as session:
            team = world.join(session, "web").team
            _, self.secret = tokens.create(
                session, team.members[0].user, "chaos", now=world.now(), scopes=["submit"]
            )
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
                env={**env, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.scratch)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    def keep_running(self) -> None:
        """Start what is not there, and bury what lost its parent."""
        own = {process.pid for process in (*self.trainers, self.web) if process is not None}
        for process in psutil.Process().children():
            if process.pid not in own | self.before and _is_dead(process):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
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
    def _make(self) -> tuple[str, bytes]:
        kind, number = self.rng.choice(list(KINDS)), next(self.numbers)
        return f"{kind}-{number}", KINDS[kind][0] + b"# %d\n" % number

    def submit(self) -> None:
        """Send something whose ending is known, by the services."""
        if len(self.open_ones()) >= MOST_OPEN:
            return
        name, content = self._make()
        self.world.submit(name, content, team=self.rng.choice(["red", "green", "blue"]))
        self.acknowledged.append(name)

    def upload(self) -> None:
        """Send something by the web, or again what had no answer, with the key that it had."""
        if not self.uploads and len(self.open_ones()) < MOST_OPEN:
            name, content = self._make()
            self.uploads.append((name, f"key {name}", content))
        for upload in list(self.uploads):
            name, key, content = upload
            body = {"name": name, "files": {"classifier.py": content.decode()}}
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}/api/v1/events/sides/submissions",
                json.dumps(body).encode(),
                {
                    "Authorization": f"Bearer {self.secret}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
            )
            if not self.is_over and self.rng.random() < 0.3 and self.web is not None:
                delay = self.rng.uniform(0, 0.05)
                threading.Timer(delay, _kill, [self.web]).start()
                self.kills["web server amid an upload"] += 1
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    answer.read()
            except urllib.error.HTTPError as refusal:
                if refusal.code < 500:
                    raise SystemExit(f"refused: {refusal.read().decode()}") from refusal
            except OSError:
                continue
            else:
                self.uploads.remove(upload)
                self.acknowledged.append(name)

    def cancel(self) -> None:
        """Stop something that has not ended."""
        rows = self.open_ones()
        if not rows:
            return
        row = self.rng.choice(rows)
        self.cancelled.append(called(row))
        with contextlib.suppress(InvalidError):
            self.world.write(submissions.cancel, row.id)

    def look_at_the_site(self) -> None:
        """Read a page; a server that was just killed may not answer."""
        with contextlib.suppress(OSError):
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
        """End a connection of the database from the other side, one in four by ``kill -9``."""
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
                if self.rng.random() < 0.25 and chosen in self.before_and_below():
                    # the server ends all others too, and recovers
                    os.kill(chosen, signal.SIGKILL)
                    self.kills["backend, and the server"] += 1
                else:
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": chosen})
                    self.kills["backend"] += 1
        engine.dispose()

    def before_and_below(self) -> set[int]:
        """Name the processes below this one: a server of the test's own is among them."""
        return {process.pid for process in psutil.Process().children(recursive=True)}

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
            [
                self.submit,
                self.upload,
                self.cancel,
                self.look_at_the_site,
                self.rng.choice(kills),
            ],
            weights=[6, 4, 1, 1, 3],
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
        self.is_over = True
        limit = time.monotonic() + SETTLE_S
        while (self.open_ones() or self.uploads) and time.monotonic() < limit:
            self.keep_running()
            if self.uploads:
                self.upload()
            time.sleep(0.2)

    def stop(self) -> list[str]:
        """End the site in good order; tell what does not end so, or leaves something."""
        wrong = []
        started = [*self.trainers, *([self.web] if self.web else [])]
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
        return [*wrong, *self.strays(), *left_in(self.scratch)]

    def strays(self) -> list[str]:
        """List the processes that have outlived all that was started, from the first kill on.

        This process is their reaper, so none can hide by losing its parent.
        """
        limit = time.monotonic() + 5
        while True:
            alive = [
                process
                for process in psutil.Process().children(recursive=True)
                if process.pid not in self.before and not _is_dead(process)
            ]
            alive = [process for process in alive if "postgres" not in _name(process)]
            if not alive or time.monotonic() > limit:
                return [f"left over: {_words(process)}" for process in alive]
            time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        process.kill()


def _is_dead(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())[:100]}"
    return str(process.pid)


def leftovers() -> set[str]:
    """Name what boxes leave when nobody cleans up: control groups and mounts."""
    groups = {
        str(path)
        for path in Path("/sys/fs/cgroup").rglob("databoard-*")
        if not Path("/proc", path.name.split("-")[1]).exists()  # others may be at work here
    }
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return groups | {f"mount {line}" for line in mounts if "databoard" in line or "box" in line}


def torment(world: World, seconds: float, seed: int) -> tuple[list[str], Chaos]:
    """Have chaos for a while; what is wrong afterwards, and what happened."""
    become_subreaper()
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
    endings = {kind: (state, fault) for kind, (_, state, fault) in KINDS.items()}
    wrong += reckon(world, endings, chaos.acknowledged, chaos.cancelled)
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
    with postgres.server(binaries, postgres.NOT_ON_DISK) as url:
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
                started = time.monotonic()
                wrong, chaos = torment(world, seconds, options.seed)
                ended = Counter(row.state for row in chaos.submissions())
                took = time.monotonic() - started
                print(
                    f"{kind}: {dict(ended)} under kills of {dict(chaos.kills)}; {took:.0f} s",
                    flush=True,
                )
                for words in wrong:
                    print(f"  WRONG: {words}", flush=True)
                status |= bool(wrong)
    print("all is well" if not status else "something is wrong", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

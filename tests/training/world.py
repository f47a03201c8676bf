"""A small installation with a problem that trains in milliseconds, for tests with real boxes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from databoard.services import events, jobs, problems, submissions, teams
from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine, make_sessions, read_only
from databoard.store.models import EventTeam, Submission
from databoard.store.queries import submissions as queries
from databoard.training import box
from databoard.training.dispatcher import Desk, Pace
from databoard.training.engine import Engine
from tests import postgres
from tests.builders import make_team

_numbers = count(1)

#: As the product's, but nothing waits for long.
QUICK = Pace(beat_s=0.5, lease_s=4.0, sweep_s=0.5, idle_s=0.5, drain_s=0.5)

PROBLEM = """
import os

import numpy as np
import rampwf as rw

problem_title = "Tell left from right"
Predictions = rw.prediction_types.make_multiclass(label_names=[0, 1])
workflow = rw.workflows.Classifier()
score_types = [
    rw.score_types.Accuracy(name="acc"),
    rw.score_types.NegativeLogLikelihood(name="nll"),
]


def get_cv(X, y):
    rows = np.random.RandomState().permutation(len(y))  # never the same twice
    for k in range(3):
        yield np.sort(rows[k::3]), np.sort(np.concatenate([rows[k + 1 :: 3], rows[k + 2 :: 3]]))


def _read(path, name):
    data = np.loadtxt(os.path.join(path, "data", name), delimiter=",", ndmin=2)
    return data[:, :2], data[:, 2].astype(int)


def get_train_data(path="."):
    return _read(path, "train.csv")


def get_test_data(path="."):
    return _read(path, "test.csv")
"""

GOOD = b"""
import numpy as np


class Classifier:
    def fit(self, X, y):
        self.split = X[:, 0].mean()

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(self.split - X[:, 0]))
        return np.column_stack([1 - p, p])
"""


def code(fit: str = "pass", predict: str = "pass") -> bytes:
    """Write a classifier that does something besides."""
    return f"""
import os, signal, sys, time
import numpy as np


class Classifier:
    def fit(self, X, y):
        {fit}

    def predict_proba(self, X):
        {predict}
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])
""".encode()


def slow(seconds: float) -> bytes:
    """Write a classifier that takes its time."""
    return code(f"time.sleep({seconds})")


def write_kit(problems_dir: Path, name: str = "sides", n_train: int = 60, n_test: int = 20) -> Path:
    """Write the problem's folder."""
    folder = problems_dir / name
    start = folder / "submissions" / "starting_kit"
    (folder / "data").mkdir(parents=True)
    start.mkdir(parents=True)
    rng = np.random.default_rng(57)
    for part, n_rows in (("train", n_train), ("test", n_test)):
        X = rng.normal(size=(n_rows, 2))
        y = (X[:, 0] + 0.5 * rng.normal(size=n_rows) > 0).astype(float)
        np.savetxt(folder / "data" / f"{part}.csv", np.column_stack([X, y]), delimiter=",")
    (folder / "problem.py").write_text(PROBLEM)
    (start / "classifier.py").write_bytes(GOOD)
    return folder


class World:
    """An installation in a folder, with one event; ``place`` is a team's in it."""

    def __init__(self, settings: Settings, **fields: object) -> None:
        self.settings = settings
        self.database = make_engine(settings.database_url)
        self.sessions = make_sessions(self.database)
        # A box's own user must get to what it may read, and pytest's folders are its owner's.
        for folder in (settings.root, *settings.root.parents):
            if folder == Path(tempfile.gettempdir()) or folder.stat().st_uid != os.geteuid():
                break
            folder.chmod(folder.stat().st_mode | 0o755)
        self.kit = write_kit(settings.problems_dir)
        with self.sessions.begin() as session:
            problems.add_problem(
                session, "sides", problems_dir=settings.problems_dir, now=self.now()
            )
            event = events.add_event(
                session, "sides", problems_dir=settings.problems_dir, now=self.now()
            )
            values = {"pause_s": 0, "fold_seconds": 20, "fold_memory_mb": 512, **fields}
            events.update(session, event, **values)
        self.event_id = event.id
        self.places: dict[str, int] = {}

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        self.database.dispose()

    def join(self, session: Session, name: str = "ours") -> EventTeam:
        """Sign a team up, the first time."""
        if name not in self.places:
            event = events.queries.by_id(session, self.event_id)
            team = make_team(session, name)
            place = teams.sign_up(
                session,
                event,
                team,
                problems_dir=self.settings.problems_dir,
                now=self.now(),
                approved=True,
            )
            self.places[name] = place.id
        return session.get(EventTeam, self.places[name])

    def submit(self, name: str, content: bytes = GOOD, team: str = "ours") -> int:
        """Submit; the key of the submission."""
        with self.sessions.begin() as session:
            submission = submissions.submit(
                session,
                self.join(session, team),
                # Another one each time: a test that is run again must not meet its own name.
                f"{name}-{next(_numbers)}",
                {"classifier.py": content},
                submissions_dir=self.settings.submissions_dir,
                now=self.now(),
                as_admin=True,
            )
            return submission.id

    def check(self, content: bytes, team: str = "ours") -> int:
        """Ask for a check; the key of its job."""
        with self.sessions.begin() as session:
            job = jobs.enqueue_check(
                session,
                self.join(session, team),
                {"classifier.py": content},
                submissions_dir=self.settings.submissions_dir,
                now=self.now(),
            )
            return job.id

    def read(self, submission_id: int) -> Submission:
        """Read a submission with all that is known of it."""
        with read_only(), self.sessions() as session:
            submission = queries.full(session, submission_id)
            assert submission is not None
            return submission

    def write(self, what: Callable[..., object], submission_id: int, **fields: object) -> None:
        """Do something with a submission, in a transaction."""
        with self.sessions.begin() as session:
            what(session, queries.full(session, submission_id), now=self.now(), **fields)

    def await_state(self, submission_id: int, *states: str, seconds: float = 40) -> Submission:
        """Wait until a submission is in one of these states, or has ended."""
        limit = time.monotonic() + seconds
        while True:
            submission = self.read(submission_id)
            if submission.state in states or (submission.is_ended and not states):
                return submission
            assert time.monotonic() < limit, (submission.state, submission.message)
            time.sleep(0.02)


ROOT = Path(__file__).parents[2]
SECRET_KEY = "a key for tests only, thirty-two bytes long"


def make_installation(url: str, root: Path) -> Settings:
    """Make folders and tables."""
    for folder in ("problems", "submissions", "db"):
        (root / folder).mkdir(parents=True)
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    return Settings.from_env(environment(url, root))


def environment(url: str, root: Path) -> dict[str, str]:
    """Return the variables of an installation."""
    return {
        "DATABOARD_DB_URL": url,
        "DATABOARD_ROOT": str(root),
        "DATABOARD_SECRET_KEY": SECRET_KEY,
        "DATABOARD_WORKERS": "2",
        "DATABOARD_MIN_ISOLATION": "landlock",
    }


@contextlib.contextmanager
def installation(server_url: str | None, root: Path, **fields: object) -> Iterator[World]:
    """Have a world on SQLite, or on a database of its own on a PostgreSQL server."""
    name = f"databoard_test_{os.getpid()}_{root.name.replace('-', '_')}"
    url = f"sqlite:///{root / 'db' / 'databoard.db'}"
    if server_url is not None:
        url = postgres.create_database(server_url, name)
    try:
        world = World(make_installation(url, root), **fields)
        yield world
        world.close()
    finally:
        if server_url is not None:
            postgres.drop_database(server_url, name)


@contextlib.contextmanager
def desk_in_thread(world: World, isolation: box.Isolation, name: str = "trainer") -> Iterator[Desk]:
    """Have a trainer in a thread of this process."""
    engine = Engine(
        world.settings.problems_dir, slots=2, min_isolation="landlock", isolation=isolation
    )
    desk = Desk(world.settings, name=name, pace=QUICK, engine=engine)
    thread = threading.Thread(target=desk.open)
    thread.start()
    try:
        yield desk
    finally:
        desk.stop()
        thread.join(30)
        assert not thread.is_alive()


class TrainerProcess:
    """A trainer in a process of its own."""

    def __init__(
        self,
        world: World,
        name: str,
        *options: str,
        before: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
        slots: int = 2,
    ) -> None:
        url = world.settings.database_url
        env = {**os.environ, **environment(url, world.settings.root), "PYTHONPATH": str(ROOT)}
        env["DATABOARD_WORKERS"] = str(slots)
        self.log = world.settings.root / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-m", "tests.training.trainer", name, *options],
                stdin=stdin,
                stdout=log,
                stderr=log,
                env=env,
                cwd=ROOT,
            )

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(40)

    def __enter__(self) -> TrainerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

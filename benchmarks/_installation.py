"""What the benchmarks of the engine share: a temporary installation, its processes, a browser.

Nothing outside the repository is read; the kits are made of scikit-learn's own data.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.utils import shuffle

from databoard.services import accounts, events, problems, submissions, teams
from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine, make_sessions, read_only
from databoard.store.models import EventTeam
from databoard.training.linux import die_with_parent

MANAGE = Path(__file__).resolve().parents[1] / "manage.py"
PASSWORD = "a long password of a benchmark"

IRIS = """
import os

import pandas as pd
import rampwf as rw
from sklearn.model_selection import StratifiedShuffleSplit

problem_title = "Iris classification"
Predictions = rw.prediction_types.make_multiclass(label_names=["setosa", "versicolor", "virginica"])
workflow = rw.workflows.Classifier()
score_types = [
    rw.score_types.Accuracy(name="acc"),
    rw.score_types.ClassificationError(name="error"),
    rw.score_types.NegativeLogLikelihood(name="nll"),
    rw.score_types.F1Above(name="f1_70", threshold=0.7),
]


def get_cv(X, y):
    return StratifiedShuffleSplit(n_splits=2, test_size=0.2, random_state=57).split(X, y)


def _read(path, name):
    data = pd.read_csv(os.path.join(path, "data", name))
    return data.drop(columns="species").values, data["species"].values


def get_train_data(path="."):
    return _read(path, "train.csv")


def get_test_data(path="."):
    return _read(path, "test.csv")
"""

FOREST = b"""from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier


class Classifier(BaseEstimator):
    def __init__(self):
        self.model = RandomForestClassifier(n_estimators=10, max_leaf_nodes=10, random_state=61)

    def fit(self, X, y):
        self.model.fit(X, y)

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""


def write_iris(folder: Path) -> Path:
    """Write the ramp-kit of irises with two folds."""
    start = folder / "submissions" / "starting_kit"
    start.mkdir(parents=True)
    (folder / "data").mkdir()
    loaded = load_iris(as_frame=True)
    table = shuffle(
        loaded.data.assign(species=[loaded.target_names[kind] for kind in loaded.target]),
        random_state=57,
    )
    table[:120].to_csv(folder / "data" / "train.csv", index=False)
    table[120:].to_csv(folder / "data" / "test.csv", index=False)
    (folder / "problem.py").write_text(IRIS)
    (start / "classifier.py").write_bytes(FOREST)
    return folder


class Installation:
    """A site with a team "bench" in one event, and what runs of it."""

    def __init__(self, root: Path, url: str = "", workers: int = 2) -> None:
        root.chmod(0o755)
        for folder in ("problems", "submissions", "db"):
            (root / folder).mkdir()
        self.env = {
            "DATABOARD_DB_URL": url or f"sqlite:///{root / 'db' / 'databoard.db'}",
            "DATABOARD_ROOT": str(root),
            "DATABOARD_SECRET_KEY": "a key for benchmarks, thirty-two bytes long",
            "DATABOARD_WORKERS": str(workers),
        }
        self.settings = Settings.from_env(self.env)
        self.root = root
        self.database = make_engine(self.settings.database_url)
        Base.metadata.create_all(self.database)
        self.sessions = make_sessions(self.database)
        self.processes: list[subprocess.Popen[bytes]] = []

    # ------------------------------------------------------------------ content
    def add(self, kit: str, files: Mapping[str, bytes] | None = None) -> None:
        """Open an event on a kit that lies in ``problems``, and sign the team up."""
        now = datetime.now(UTC)
        folder = self.settings.problems_dir
        with self.sessions.begin() as session:
            problems.add_problem(session, kit, problems_dir=folder, now=now)
            event = events.add_event(session, kit, problems_dir=folder, now=now)
            events.update(session, event, pause_s=0, fold_seconds=120)
            user = accounts.create_user(session, "bench", "b@example.org", PASSWORD, now=now)
            team = teams.individual(session, user, now=now)
            place = teams.sign_up(session, event, team, problems_dir=folder, now=now, approved=True)
            self.event, self.place_id = kit, place.id

    def submit(self, name: str, files: Mapping[str, bytes]) -> int:
        """Submit without the web."""
        with self.sessions.begin() as session:
            place = session.get(EventTeam, self.place_id)
            assert place is not None
            submission = submissions.submit(
                session,
                place,
                name,
                files,
                submissions_dir=self.settings.submissions_dir,
                now=datetime.now(UTC),
                as_admin=True,
            )
            return submission.id

    def states(self) -> list[str]:
        """List the states of all submissions; cheaply, as whoever watches takes cores from both."""
        query = "SELECT state, count(*) FROM submissions GROUP BY state"
        with read_only(), self.database.connect() as connection:
            rows = connection.exec_driver_sql(query)
            return list(Counter(dict(map(tuple, rows))).elements())

    def await_all(self, state: str = "scored", patience_s: float = 900) -> None:
        """Wait until every submission is in this state."""
        limit = time.monotonic() + patience_s
        while set(states := self.states()) != {state}:
            if time.monotonic() > limit or {s for s in states if "error" in s}:
                raise SystemExit(f"not all are {state}: {sorted(set(states))}")
            self.check()
            time.sleep(0.02)

    # ------------------------------------------------------------------ processes
    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start ``manage.py <words>``."""
        path = os.pathsep.join(filter(None, (str(MANAGE.parent), os.environ.get("PYTHONPATH"))))
        with (self.root / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(MANAGE), *words],
                env={**os.environ, **self.env, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        self.processes.append(process)
        return process

    def start_trainer(self) -> subprocess.Popen[bytes]:
        """Start a trainer, and wait until it has trained one submission: then it is warm."""
        process = self.start("train")
        self.submit("warm-up", {"classifier.py": FOREST})
        self.await_all()
        return process

    def start_web(self) -> Browser:
        """Start the web server and log in."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.start("serve", "--port", str(port), "--host", "127.0.0.1")
        browser = Browser(f"http://127.0.0.1:{port}")
        browser.log_in("bench", PASSWORD)
        return browser

    def check(self) -> None:
        """Stop if something that was started has ended."""
        for process in self.processes:
            if process.poll() is not None:
                logs = "".join(path.read_text()[-1000:] for path in self.root.glob("*.log"))
                raise SystemExit(f"a process has ended: {process.args}\n{logs}")

    def close(self) -> None:
        """End all that was started."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        self.database.dispose()


@contextlib.contextmanager
def installation(url: str = "", workers: int = 2) -> Iterator[Installation]:
    """Have an installation for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        made = Installation(Path(folder), url, workers)
        try:
            yield made
        finally:
            made.close()


class Browser:
    """Cookies and forms, as a browser without scripts has them."""

    def __init__(self, site: str) -> None:
        self.site = site
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, path: str) -> str:
        """Read a page."""
        with self.opener.open(self.site + path, timeout=30) as response:
            return str(response.read().decode())

    def post(self, path: str, fields: Mapping[str, str]) -> str:
        """Send a form whose token was seen before; returns the address it led to."""
        data = urllib.parse.urlencode({"csrf_token": self.token, **fields}).encode()
        with self.opener.open(self.site + path, data, timeout=30) as response:
            response.read()
            return str(response.url)

    def see(self, path: str) -> None:
        """Read a page and keep the token of its forms."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path))
        assert found is not None, path
        self.token = found.group(1)

    def log_in(self, name: str, password: str) -> None:
        """Wait for the server, and log in."""
        limit = time.monotonic() + 60
        while True:
            try:
                self.see("/login")
                break
            except OSError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.05)
        self.post("/login", {"login": name, "password": password})

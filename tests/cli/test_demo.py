"""What make demo starts: filled, trained, served, stopped; and at once the second time."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from databoard.cli.demo.submissions import SUBMISSIONS
from databoard.cli.populate import EVENTS
from databoard.training import box
from tests.attacks.as_user import UID
from tests.attacks.test_contexts import AS_USER, IN_DOCKER
from tests.cli.conftest import ROOT, copy_problem


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "checkout"
    for problem in set(EVENTS.values()):
        copy_problem(problem, folder)
    return folder


class Demo:
    """A running demo, and what it has printed until it was ready."""

    def __init__(self, root: Path, port: int, before: Sequence[str] = ()) -> None:
        env = {key: value for key, value in os.environ.items() if not key.startswith("DATABOARD_")}
        self.process = subprocess.Popen(
            [
                *before,
                *(sys.executable, "-m", "databoard.cli.demo"),
                *("--root", str(root), "--port", str(port)),
            ],
            cwd=ROOT if before else root,
            env={**env, "PYTHONPATH": str(ROOT), **({"HOME": str(root)} if before else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("Ctrl-C stops"):
                break
        self.text = "".join(self.lines)
        assert self.process.poll() is None, self.text

    @property
    def url(self) -> str:
        return re.search(r"databoard runs at (\S+)", self.text).group(1)

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


def processes_of(root: Path) -> list[str]:
    """Command lines of the processes that know the demo's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            known = (path / "environ").read_bytes() + (path / "cmdline").read_bytes()
            if str(root).encode() in known:
                found.append((path / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def rows_of(root: Path) -> dict[str, list[tuple]]:
    """Everything in the database, but for which trainers have been seen."""
    with closing(sqlite3.connect(root / "db" / "databoard.db")) as database:
        names = [
            row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: database.execute(f"SELECT * FROM {name}").fetchall()
            for name in names
            if name not in ("trainers", "outgoing_mails")
        }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_trains_serves_stops_and_starts_again_without_changing_anything(root):
    port = free_port()
    demo = Demo(root, port)
    try:
        with urllib.request.urlopen(demo.url, timeout=20) as page:
            assert b"Iris classification" in page.read()
    finally:
        code = demo.stop(signal.SIGINT)
    rows = rows_of(root)

    assert code == 0
    assert demo.url.endswith(f":{port}")
    assert processes_of(root) == []
    states = [row[0] for row in _select(root, "SELECT state FROM submissions")]
    assert len(states) >= len(SUBMISSIONS) + 2 * len(EVENTS) - 1 >= 24
    assert set(states) == {"scored", "training_error", "validating_error"}
    assert _select(root, "SELECT name FROM submissions WHERE state = 'training_error'") == [
        ("imports_what_is_not_there",),
        ("raises",),
    ]

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        again = Demo(root, port)
        code = again.stop(signal.SIGTERM)

    assert f"port {port} is taken, so it is " in again.text
    assert code == 0
    assert rows_of(root) == rows
    assert processes_of(root) == []


@pytest.fixture
def root_of_a_user():
    """A checkout's folders that belong to an ordinary user, where that user may go."""
    with tempfile.TemporaryDirectory(prefix="databoard_demo_") as name:
        folder = Path(name)
        for problem in set(EVENTS.values()):
            copy_problem(problem, folder)
        if AS_USER:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, UID, UID)
        yield folder


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("tier", "before"), [("ns", AS_USER), ("landlock", IN_DOCKER)], ids=["ns", "landlock"]
)
def test_the_demo_of_an_ordinary_user_trains_in_boxes(root_of_a_user, tier, before):
    if box.detect((tier,)).tier != tier:
        pytest.skip(f"no {tier} here")
    demo = Demo(root_of_a_user, free_port(), before)
    code = demo.stop(signal.SIGTERM)

    assert code == 0
    assert (
        f"are trained with isolation: {'REDUCED (landlock)' if tier == 'landlock' else tier}"
        in (demo.text)
    )
    states = [row[0] for row in _select(root_of_a_user, "SELECT state FROM submissions")]
    assert set(states) == {"scored", "training_error", "validating_error"}
    tiers = _select(root_of_a_user, "SELECT DISTINCT isolation FROM submissions")
    assert tiers == [(tier,)]
    scores = "SELECT COUNT(*) FROM submission_scores WHERE valid_bag IS NOT NULL"
    assert _select(root_of_a_user, scores)[0][0] >= states.count("scored")
    assert processes_of(root_of_a_user) == []


def _select(root, statement):
    with closing(sqlite3.connect(root / "db" / "databoard.db")) as database:
        return sorted(database.execute(statement).fetchall())

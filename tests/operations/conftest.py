"""A server in a folder: code, data and backup roots, an env file, and a shell."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from databoard.cli.database import migrate_to_head
from databoard.services import leaderboards
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from tests.builders import NOON, make_event, make_event_team, make_scored_submission

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
SECRET_KEY = "a key for tests only, thirty-two bytes long"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(*programs: str) -> None:
    """Skip the test where a program is missing; servers often lie in /usr/sbin."""
    for program in programs:
        if find(program) is None:
            pytest.skip(f"{program} is not installed")


def find(program: str) -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which(program, path=f"{beside}:{os.environ['PATH']}:/usr/sbin:/sbin")


def copy_checkout(folder: Path, *but: str) -> None:
    """Copy what git knows of this checkout, and what it would, but for some folders."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if name.split("/")[0] not in but and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@cache
def migrated_file() -> Path:
    """Path of an SQLite database at the newest schema, without rows."""
    folder = tempfile.mkdtemp(prefix="databoard-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "template.db"
    env = {"DATABOARD_DB_URL": f"sqlite:///{path}", "DATABOARD_ROOT": folder}
    migrate_to_head(Settings.from_env({**env, "DATABOARD_SECRET_KEY": SECRET_KEY}))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@dataclass
class Installation:
    """A data root, its env file and its backup folder."""

    base: Path
    url: str
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("db", "submissions", "problems"):
            (self.root / folder).mkdir(parents=True)
        self.backup.mkdir()
        self.write_env()

    @property
    def root(self) -> Path:
        return self.base / "data"

    @property
    def backup(self) -> Path:
        return self.base / "backup"

    @property
    def env_file(self) -> Path:
        return self.base / "env"

    def write_env(self, **more: str) -> None:
        self.variables |= more
        values = {
            "DATABOARD_DB_URL": self.url,
            "DATABOARD_ROOT": str(self.root),
            "DATABOARD_SECRET_KEY": SECRET_KEY,
            "DATABOARD_BACKUP": str(self.backup),
            "DATABOARD_BACKUP_SAME_DISK": "True",
            "DATABOARD_SERVICES": "true",
            **self.variables,
        }
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        self.env_file.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        postgres = "".join(f":{path}" for path in Path("/usr/lib/postgresql").glob("*/bin"))
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}{postgres}",
            "HOME": str(self.base),
            "DATABOARD_ENV_FILE": str(self.env_file),
        }

    def run(self, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script of tools/, or any command."""
        first, *rest = map(str, words)
        command = [str(TOOLS / first) if (TOOLS / first).is_file() else first, *rest]
        return subprocess.run(
            command,
            cwd=self.base,
            env={**self.environment, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def ok(self, *words: object, **env: str) -> str:
        """Run a command that must work; give what it prints."""
        done = self.run(*words, **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: object, **env: str) -> str:
        """Run a command that must fail; give what it says."""
        done = self.run(*words, **env)
        assert done.returncode != 0, done.stdout
        return done.stderr

    @property
    def settings(self) -> Settings:
        return Settings.from_env(
            {
                "DATABOARD_DB_URL": self.url,
                "DATABOARD_ROOT": str(self.root),
                "DATABOARD_SECRET_KEY": SECRET_KEY,
            }
        )

    def fill(self) -> None:
        """Put an event with scored submissions into the database, and their files beside it."""
        self.make_tables()
        with open_session(self.url) as session:
            event = make_event(session, "spring")
            for number, score in enumerate((0.9, 0.8, 0.1 + 0.2)):
                place = make_event_team(session, event)
                submission = make_scored_submission(
                    session,
                    place,
                    f"forest{number}",
                    score=score,
                    submitted_at=NOON + timedelta(minutes=number),
                )
                self.write_files(submission.folder)
            session.commit()

    def make_tables(self) -> None:
        """Migrate the database; SQLite gets a copy of one that was migrated before."""
        if not self.url.startswith("sqlite:"):
            migrate_to_head(self.settings)
            return
        template = migrated_file()
        shutil.copyfile(template, self.url.removeprefix("sqlite:///"))

    def write_files(self, folder: str) -> None:
        path = self.root / "submissions" / folder
        (path / "fold_0").mkdir(parents=True)
        (path / "classifier.py").write_text("pass\n")
        (path / "fold_0" / "y_pred_test.npy").write_bytes(folder.encode() * 10)

    def boards(self) -> list[object]:
        """Give all leaderboards, as they are shown."""
        with open_session(self.url) as session:
            return [
                leaderboards.build(session, event, name, now=NOON)
                for event in event_queries.all_events(session)
                for name in ("public", "private", "competition")
            ]

    def tree(self, path: Path | None = None) -> dict[str, bytes]:
        """Give all files below a folder."""
        path = path or self.root / "submissions"
        return {
            str(file.relative_to(path)): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file()
        }


@pytest.fixture
def installation(tmp_path: Path, each_url: str) -> Installation:
    """A filled installation, once on SQLite and once on PostgreSQL."""
    made = Installation(tmp_path / "server", each_url)
    made.fill()
    return made


@pytest.fixture
def small(tmp_path: Path, sqlite_url: str) -> Installation:
    """An installation on SQLite, whose database is empty."""
    return Installation(tmp_path / "server", sqlite_url)

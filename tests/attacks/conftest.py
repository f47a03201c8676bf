"""Engines per tier, each of them shared by all acts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from databoard.training import box, watchdog
from databoard.training.engine import Engine
from databoard.training.wire import FoldResult, FoldTask, Limits
from tests.attacks.kit import SUBMISSION, Target

collect_ignore_glob = ["acts/*"]

ACTS = sorted((Path(__file__).parent / "acts").glob("*.py"))
TIERS = ("full", "ns", "landlock")


@dataclass(frozen=True)
class Act:
    """A submission and the endings that it may have."""

    path: Path

    def _header(self, key: str) -> str:
        for line in self.path.read_text().splitlines():
            if line.startswith(f"# {key}:"):
                return line.partition(":")[2].strip()
        return ""

    def endings(self, tier: str) -> list[tuple[str, str]]:
        """Return the states, each with the limit that it must name or ""."""
        text = self._header(f"expect {tier}") or self._header("expect")
        endings = [part.split() for part in text.split("|")]
        return [(words[0], words[1] if len(words) > 1 else "") for words in endings]

    @property
    def words(self) -> str:
        """What its team must be told, "" if no matter."""
        return self._header("says")

    @property
    def n_folds(self) -> int:
        return int(self._header("folds") or 1)

    @property
    def seconds(self) -> float:
        return float(self._header("seconds") or 20)


@dataclass
class Arena:
    """One tier: its engine, the target, and the acts that are on their way."""

    tier: str
    engine: Engine
    target: Target
    folders: dict[str, Path]
    futures: dict[str, Future[FoldResult]]
    honest: list[dict[str, dict[str, float]]]
    n_processes: int

    def submit(self, act: Act, fold: int) -> Future[FoldResult]:
        limits = Limits(
            seconds=act.seconds, memory_mb=384, cores=1, disk_mb=16, output_kb=16, pids=48
        )
        task = FoldTask(self.folders[act.path.stem], "coins", None, fold, limits)
        return self.engine.train_fold(task)

    def processes(self) -> int:
        return len(list(watchdog.descendants(os.getpid())))


def _open(tier: str, root: Path, acts: list[Path]) -> Arena:
    isolation = box.detect((tier,))
    if isolation.tier != tier:
        pytest.skip(f"no {tier} here: {'; '.join(isolation.notes)}")
    target = Target(root)
    engine = Engine(target.problems, slots=2, min_isolation="landlock", isolation=isolation)
    kit = engine.kit("coins")
    honest_folder = target.submission("honest", SUBMISSION)
    honest = []
    for fold in range(2):
        result = engine.train_fold(FoldTask(honest_folder, "coins", None, fold)).result()
        assert result.verdict.is_ok, result.verdict
        honest.append(kit.score(fold, result))
    arena = Arena(tier, engine, target, {}, {}, honest, 0)
    arena.n_processes = arena.processes()
    for path in acts:
        arena.folders[path.stem] = target.submission(path.stem, path.read_text())
    for path in acts:
        arena.futures[path.stem] = arena.submit(Act(path), 0)
    return arena


def _chosen(session: pytest.Session) -> list[Path]:
    """Return the acts that this run of pytest asks for."""
    calls = [item.callspec for item in session.items if hasattr(item, "callspec")]
    asked = {call.params["path"] for call in calls if "path" in call.params}
    return [path for path in ACTS if path in asked]


@pytest.fixture(scope="session", params=TIERS)
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    """A tier in which every act already runs or waits."""
    os.environ["CANARY_SECRET"] = "CANARY-ENV"
    with tempfile.TemporaryDirectory(prefix="databoard_acts_") as folder:
        Path(folder).chmod(0o755)
        secret = Path(folder, "secret")
        secret.write_text("CANARY-FD")
        descriptor = os.open(secret, os.O_RDONLY)
        os.set_inheritable(descriptor, True)
        opened = _open(request.param, Path(folder), _chosen(request.session))
        yield opened
        opened.engine.close()
        opened.target.close()
        os.close(descriptor)
    del os.environ["CANARY_SECRET"]

"""Workers of a scheduler with PostgreSQL behind the trainer, and in every tier of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import select

from databoard.store.engine import read_only
from databoard.store.models import FoldScore
from databoard.training import box
from databoard.training.engine import Engine
from tests.attacks.as_user import UID
from tests.attacks.test_contexts import AS_USER, IN_DOCKER
from tests.invariants import violations
from tests.training.conftest import FOREST, train
from tests.training.dask_cluster import await_slots, dask_cluster
from tests.training.test_dask import SNOOP, _desk, _remote_desk
from tests.training.world import World, code, desk_in_thread, installation

pytestmark = pytest.mark.slow

SEEDED = code("self.rng = np.random.default_rng(57)").replace(
    b"X[:, 0]))", b"X[:, 0] + self.rng.normal(size=len(X))))"
)
#: What a worker runs under, for there to be no better tier.
UNDER = {"full": [], "ns": AS_USER, "landlock": IN_DOCKER}


@pytest.fixture(scope="module")
def isolation() -> box.Isolation:
    found = box.detect()
    if found.tier == "none":
        pytest.skip(found.words)
    return found


def outcome(world: World, key: int) -> list[tuple[object, ...]]:
    """Tell how each fold of a submission has ended, with its scores to the last digit."""
    done = world.read(key)
    assert (done.state, done.fault) == ("scored", "")
    with read_only(), world.sessions() as session:
        return [
            (
                run.number,
                run.train_sha256,
                run.test_sha256,
                [
                    (score.event_score_type_id, score.train, score.valid, score.test)
                    for score in session.scalars(
                        select(FoldScore)
                        .where(FoldScore.fold_run_id == run.id)
                        .order_by(FoldScore.event_score_type_id)
                    )
                ],
            )
            for run in done.fold_runs
        ]


@pytest.mark.postgres
def test_folds_on_workers_end_as_local_ones_on_postgresql(postgres_server, isolation, tmp_path):
    with (
        installation(postgres_server, tmp_path / "world") as world,
        dask_cluster(tmp_path, n_workers=2) as cluster,
    ):
        far, bad = [], code("raise ValueError('no')")
        with _desk(_remote_desk(world, cluster, isolation, tmp_path)) as desk:
            await_slots(desk.engine.executor, 2)
            far = [world.submit(f"far{i}", SEEDED) for i in range(3)]
            far_bad = world.await_state(world.submit("far-bad", bad))
            for key in far:
                world.await_state(key)
        with desk_in_thread(world, isolation):
            near, near_bad = world.submit("near", SEEDED), world.submit("near-bad", bad)
            near_bad = world.await_state(near_bad)
            world.await_state(near)

        assert len(outcome(world, near)) == 3
        assert all(outcome(world, key) == outcome(world, near) for key in far)
        for name in ("state", "fault", "message", "error_file", "error_line"):
            assert getattr(far_bad, name) == getattr(near_bad, name)
        with read_only(), world.sessions() as session:
            assert violations(session, now=world.now(), strict=True) == []


@pytest.fixture
def open_root(problems):
    """A folder that every user may enter, with the problems and a worker's home."""
    with tempfile.TemporaryDirectory(prefix="databoard_dask_") as name:
        root = Path(name)
        root.chmod(0o755)
        shutil.copytree(problems, root / "problems")
        (root / "home").mkdir()
        if AS_USER:
            os.chown(root / "home", UID, UID)
        yield root


@pytest.mark.parametrize("tier", UNDER)
def test_a_box_reads_no_parcel_of_its_worker(tier, open_root, isolation, submission, tmp_path):
    home = str(open_root / "home")
    with dask_cluster(tmp_path, n_workers=0) as cluster:
        cluster.start_worker("one", before=UNDER[tier], TMPDIR=home, HOME=home)
        remote = Engine(
            open_root / "problems",
            min_isolation="landlock",
            isolation=isolation,
            connect=cluster.connect(tmp_path / "parcels"),
        )
        try:
            await_slots(remote.executor, 1)
            first = train(remote, submission(FOREST))
            if first.tier != tier and tier == "full":
                pytest.skip(f"no {tier} here: {first.isolation}")
            assert (first.verdict.is_ok, first.tier) == (True, tier), first.verdict
            folder = remote.executor._terms["folder"]
            names = [path.name for path in Path(folder).iterdir()]
            opened = [
                number
                for process in Path("/proc").glob("[0-9]*")
                if _is_below(process, cluster.processes["one"].pid)
                for number in (process / "fd").iterdir()
            ]
            held = [str(number) for number in opened if "parcel" in _link(number)]
            assert held
            with Path(held[0]).open("rb") as parcel:  # by us, who have started the worker
                assert parcel.read(1)

            result = train(remote, submission(SNOOP % (held, folder, names) + FOREST))
        finally:
            remote.close()

    assert (result.verdict.is_ok, result.tier) == (True, tier), result.verdict
    assert result.log == b"looked: []\n"


def _link(number: Path) -> str:
    try:
        return str(number.readlink())
    except OSError:
        return ""


def _is_below(process: Path, ancestor: int) -> bool:
    """Whether a process is the ancestor or comes from it."""
    pid = int(process.name)
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False

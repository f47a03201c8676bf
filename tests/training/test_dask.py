"""Many machines: real schedulers and workers, each a process of its own on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dask.config
import numpy as np
import psutil
import pytest
from sqlalchemy import select

from databoard.errors import SettingsError
from databoard.settings import Settings, check_executor
from databoard.store.engine import read_only
from databoard.store.models import Trainer
from databoard.training import box
from databoard.training.dispatcher import Desk
from databoard.training.engine import Engine
from databoard.training.environments.building import NOTE
from databoard.training.executors import clusters, orders, parcels, worker
from databoard.training.executors.clusters import Scheduler, Slurm
from databoard.training.wire import FoldTask, Limits
from tests.invariants import violations
from tests.training.conftest import FLOAT32, FOREST, RIDGE, train
from tests.training.dask_cluster import DaskCluster, await_slots, await_that, dask_cluster
from tests.training.test_environments import IMPORTING, TABULATE, skip_without_index
from tests.training.world import QUICK, World, installation, slow

pytestmark = pytest.mark.slow

SLEEPER = "import time\nprint('here', flush=True)\ntime.sleep(30)\n" + FOREST
NAPPER = "import time\nprint('here', flush=True)\ntime.sleep(1.5)\n" + FOREST


#: Opens what is held on the worker, what lies in the folder of copies, what others have open.
SNOOP = """
import glob, os
import numpy as np
held, folder, names = %r, %r, %r
found = []
own = f"/proc/{os.getpid()}/"
paths = [*held, *(os.path.join(folder, name) for name in names)]
for path in [*paths, *glob.glob(folder + "/*"), *glob.glob("/proc/[0-9]*/fd/*")]:
    try:
        if path in paths or "parcel" in os.readlink(path) and not path.startswith(own):
            np.fromfile(path, "u1", 1)
            found.append(path)
    except OSError:
        pass
print("looked:", found)
"""


@pytest.fixture(scope="module")
def isolation() -> box.Isolation:
    found = box.detect()
    if found.tier == "none":
        pytest.skip(found.words)
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), n_workers=3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def remote(cluster, problems, isolation, tmp_path_factory) -> Iterator[Engine]:
    """An engine whose folds run on the workers."""
    with_dask = Engine(
        problems,
        min_isolation="landlock",
        isolation=isolation,
        connect=cluster.connect(tmp_path_factory.mktemp("shared") / "parcels"),
    )
    await_slots(with_dask.executor, 3)
    yield with_dask
    with_dask.close()


def start(engine: Engine, folder: Path, problem: str = "flowers", fold: int = 0, **limits: float):
    """Start a fold and wait until its code runs; the future, and a list of its news."""
    heard = []
    given = Limits(**{"seconds": 40, "memory_mb": 512, "disk_mb": 32, **limits})
    task = FoldTask(folder, problem, None, fold, given, log="full")
    future = engine.train_fold(task, heard.append)
    await_that(lambda: any(event.kind == "log" for event in heard))
    return future, heard


def boxes(cluster: DaskCluster) -> int:
    """Count the processes below the workers: walls and zygotes, which stay, and boxes."""
    return sum(_children(cluster).values())


def _children(cluster: DaskCluster) -> dict[str, int]:
    return {
        name: len(psutil.Process(process.pid).children(recursive=True))
        for name, process in cluster.processes.items()
    }


class TestFolds:
    # what replaces a datarun server (decision 11)
    @pytest.mark.parametrize(
        ("problem", "code"),
        [("flowers", FOREST), ("flowers", FLOAT32), ("diabetes_kit", RIDGE)],
    )
    def test_predictions_are_those_of_this_machine_bit_for_bit(
        self, engine, remote, submission, problem, code
    ):
        folder = submission(code)

        for fold in range(3):
            here, there = (train(each, folder, problem, fold) for each in (engine, remote))
            assert there.verdict.is_ok, there.verdict
            assert there.y_pred_train == here.y_pred_train
            assert there.y_pred_test == here.y_pred_test
            assert there.dtypes == here.dtypes
            assert there.tier == here.tier
            assert remote.kit(problem).score(fold, there) == engine.kit(problem).score(fold, here)

    def test_folds_run_beside_each_other_with_news_and_logs(self, remote, submission):
        folder = submission(NAPPER)

        started = [start(remote, folder, fold=fold) for fold in range(3)]

        for future, heard in started:
            result = future.result(30)
            assert result.verdict.is_ok
            assert (result.log, result.log_is_public) == (b"here\n", True)
            assert result.train_s > 1.4
            kinds = [event.kind for event in heard]
            assert kinds[:2] == ["training", "log"]

    def test_a_failure_is_the_teams_with_its_line(self, remote, submission):
        result = train(remote, submission("import numpy\nraise ValueError('seven')\n"))

        assert (result.verdict.state, result.verdict.fault) == ("training_error", "team")
        assert (result.verdict.file, result.verdict.line) == ("estimator.py", 2)

    def test_a_check_does_not_wait_behind_training(self, remote, submission):
        folder = submission(SLEEPER)
        busy = [start(remote, folder, fold=fold)[0] for fold in range(3)]

        check = FoldTask(submission(FOREST), "flowers", None, 0, Limits(seconds=20), is_check=True)
        assert remote.train_fold(check).result(20).verdict.is_ok

        for future in busy:
            future.cancel()

    def test_a_fold_may_want_more_cores_than_a_worker_has(self, remote, submission):
        assert train(remote, submission(FOREST), cores=16).verdict.is_ok

    def test_a_worker_that_isolates_too_little_gives_its_folds_back(self, remote, submission):
        terms = remote.executor._terms
        kept, terms["min_tier"] = terms["min_tier"], "full"
        try:
            result = train(remote, submission(FOREST))
        finally:
            terms["min_tier"] = kept

        if remote.isolation.tier != "full":
            assert result.verdict.fault == "ours"
            assert "DATABOARD_MIN_ISOLATION=full" in result.verdict.message
        else:
            assert result.isolation == "isolation: full"

    def test_cancelling_ends_the_box_within_two_seconds(self, remote, cluster, submission):
        train(remote, submission(FOREST))
        before = boxes(cluster)
        future, _ = start(remote, submission(SLEEPER))
        assert boxes(cluster) > before

        assert future.cancel()

        assert future.result(1).verdict.state == "cancelled"
        await_that(lambda: boxes(cluster) <= before, 2)

    def test_what_waits_is_cancelled_too(self, remote, submission):
        folder = submission(SLEEPER)
        task = FoldTask(folder, "flowers", None, 0, Limits(seconds=40))
        futures = [remote.train_fold(task) for _ in range(6)]

        for future in futures:
            future.cancel()

        assert {future.result(5).verdict.state for future in futures} == {"cancelled"}
        assert train(remote, submission(FOREST)).verdict.is_ok

    def test_what_is_cancelled_before_its_thread_has_come_is_not_trained(
        self, engine, isolation, submission, tmp_path
    ):
        node, shelf = worker.Node(), parcels.Shelf(tmp_path / "parcels")
        task = FoldTask(submission(SLEEPER), "flowers", None, 0, Limits(seconds=40))
        kit = engine.kit("flowers")
        with kit.lend(task) as data:
            order = orders.order(task, data, kit.environment, lambda n: shelf.name(data.owner, n))
        order |= {"min_tier": "landlock", "allow_unsafe": False, "folder": str(shelf.folder)}
        order["python"] = kit.environment.python
        try:
            node.cancel("early")
            began = time.monotonic()

            result = node.train("early", order, lambda _: None)

            assert result.verdict.state == "cancelled"
            assert time.monotonic() - began < 10
        finally:
            node.zygotes.close()


class TestData:
    def test_workers_without_the_folder_are_sent_each_parcel_once(
        self, cluster, problems, isolation, submission, tmp_path
    ):
        # another order of rows, so that no worker has these data yet
        kit = problems / "late"
        kit.mkdir()
        (kit / "data").mkdir()
        text = (problems / "flowers" / "problem.py").read_text().replace("57", "58")
        (kit / "problem.py").write_text(text)
        for name in ("train.csv", "test.csv"):
            lines = (problems / "flowers" / "data" / name).read_text().splitlines()
            (kit / "data" / name).write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
        one = Engine(
            problems,
            min_isolation="landlock",
            isolation=isolation,
            connect=cluster.connect(tmp_path / "parcels"),
        )
        try:
            await_slots(one.executor, 3)
            one.executor._terms["folder"] = str(tmp_path / "not there")
            folder = submission(FOREST)
            results = [train(one, folder, "late", fold) for fold in range(3)]
            lists = one.executor._client.run(_held)
        finally:
            one.close()

        assert all(result.verdict.is_ok for result in results)
        laid_out = {path.name for path in (tmp_path / "parcels").iterdir()}
        assert len(laid_out) == 5  # X, X_test and three folds' labels
        assert laid_out <= {name for names in lists.values() for name in names}

    def test_a_box_on_a_worker_reads_no_copy_of_the_data(self, remote, cluster, submission):
        train(remote, submission(FOREST))
        folder = remote.executor._terms["folder"]
        names = [path.name for path in Path(folder).iterdir()]
        pids = [process.pid for process in cluster.processes.values()]
        held = [fd for pid in pids for fd in Path(f"/proc/{pid}/fd").iterdir()]
        held = [fd for fd in held if "parcel" in str(fd.readlink())]
        assert len(held) >= 3  # which this process may open, as root or the same user
        assert held[0].open("rb").read(1)

        looking = submission(SNOOP % ([*map(str, held)], folder, names) + FOREST)
        result = train(remote, looking)

        assert result.verdict.is_ok, result.verdict
        assert result.log == b"looked: []\n"

    def test_copies_are_for_the_owner_only(self, remote):
        folder = Path(remote.executor._terms["folder"])

        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    def test_a_parcel_that_is_not_what_its_name_says_is_refused(self):
        store = parcels.Store()

        with pytest.raises(ValueError, match="not what its name says"):
            store.receive("me", "0" * 64, 3, 0, b"abc")
        with pytest.raises(ValueError, match="lost"):
            store.receive("me", "0" * 64, 9, 3, b"abc")

    def test_a_copy_that_was_changed_is_not_read(self, tmp_path):
        (tmp_path / ("0" * 64)).write_bytes(b"abc")

        assert parcels.Store().lacks({"y": ("0" * 64, 3)}, str(tmp_path)) == ["0" * 64]

    def test_a_store_lets_go_of_what_was_used_least(self):
        store = parcels.Store(kept_bytes=4)
        names = []
        for number in range(5):
            content = bytes([number]) * 2
            names.append(_sha256(content))
            store.receive("me", names[-1], 2, 0, content)

        assert store.lacks({str(i): (name, 2) for i, name in enumerate(names)}, "") == names[:2]
        with store.lend({"y": (names[4], 2)}) as lent:
            assert os.pread(lent["y"], 9, 0) == b"\4\4"


def _held() -> list[str]:
    return list(worker.node().store._held)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class TestLosses:
    def test_a_fold_of_a_killed_worker_is_trained_on_another(self, remote, cluster, submission):
        for fold in range(3):  # every worker has its zygote and its data
            train(remote, submission(FOREST), fold=fold)
        idle = _children(cluster)
        future, heard = start(remote, submission(NAPPER))
        busy = _children(cluster)
        (victim,) = [name for name in busy if busy[name] > idle[name]]

        cluster.end(victim)

        assert future.result(40).verdict.is_ok
        assert [event.kind for event in heard].count("training") == 2

    def test_a_lost_client_ends_its_boxes_and_comes_back(self, remote, cluster, submission):
        await_that(lambda: remote.slots >= 1)
        train(remote, submission(FOREST))
        before = boxes(cluster)
        future, _ = start(remote, submission(SLEEPER))

        client = remote.executor._client
        client.close()

        verdict = future.result(10).verdict
        assert (verdict.state, verdict.fault, verdict.signal) == ("checking_error", "ours", 0)
        await_that(lambda: boxes(cluster) <= before, 5)
        await_that(lambda: remote.executor._client not in (None, client) and remote.slots)
        assert train(remote, submission(FOREST)).verdict.is_ok


@contextlib.contextmanager
def _desk(desk: Desk) -> Iterator[Desk]:
    thread = threading.Thread(target=desk.open)
    thread.start()
    try:
        yield desk
    finally:
        desk.stop()
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.slow
def test_every_fold_ends_once_though_worker_and_scheduler_are_killed(isolation, tmp_path):
    with (
        installation(None, tmp_path / "world", fold_seconds=20) as world,
        dask_cluster(tmp_path, n_workers=1) as cluster,
    ):
        cluster.start_kept_worker("kept")
        engine = Engine(
            world.settings.problems_dir,
            min_isolation="landlock",
            isolation=isolation,
            connect=cluster.connect(tmp_path / "parcels"),
        )
        await_slots(engine.executor, 2)
        with _desk(Desk(world.settings, name="trainer", pace=QUICK, engine=engine)):
            ids = [world.submit(f"s{i}", slow(0.7 + i / 1000)) for i in range(3)]
            world.await_state(ids[0], "training")
            time.sleep(0.5)
            cluster.end("worker-0")
            time.sleep(0.5)
            cluster.end("scheduler")
            time.sleep(0.5)
            cluster.start_scheduler()
            done = [world.await_state(each, seconds=50) for each in ids]

        for submission in done:
            assert (submission.state, submission.fault) == ("scored", "")
            assert [run.state for run in submission.fold_runs] == ["scored"] * 3
            assert [run.number for run in submission.fold_runs] == [0, 1, 2]
        with read_only(), world.sessions() as session:
            assert violations(session, now=world.now(), strict=True) == []


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    with installation(None, tmp_path / "world") as world:
        yield world


class TestWorkers:
    def test_submissions_wait_for_the_first_worker_and_the_next_gives_slots(
        self, world, isolation, tmp_path
    ):
        with (
            dask_cluster(tmp_path, n_workers=0) as cluster,
            _desk(_remote_desk(world, cluster, isolation, tmp_path)) as desk,
        ):
            key = world.submit("early")
            time.sleep(1)
            assert (desk.engine.slots, world.read(key).state) == (0, "new")

            cluster.start_worker("first")
            assert world.await_state(key).state == "scored"
            cluster.start_worker("late", cores=2)
            await_slots(desk.engine.executor, 3)
            await_that(lambda: _slots(world) == 3)  # as the machine room shows it

            assert world.await_state(world.submit("wide", slow(0.1))).state == "scored"
            cluster.end("late")
            await_slots(desk.engine.executor, 1)

    @pytest.mark.timeout(400)
    @pytest.mark.skipif(os.geteuid() != 0, reason="hides a folder by a mount; needs root")
    def test_a_worker_that_sees_no_environment_of_the_problem_builds_the_same(
        self, world, isolation, tmp_path
    ):
        skip_without_index(tmp_path / "asked")
        (world.kit / "requirements.txt").write_text(TABULATE)
        theirs, home = world.settings.environments_dir, tmp_path / "home"
        theirs.mkdir(exist_ok=True)
        home.mkdir()
        hidden = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {theirs} && exec "$@"', "sh"]
        with dask_cluster(tmp_path, n_workers=0) as cluster:
            cluster.start_worker("apart", before=hidden, HOME=str(home))
            with _desk(_remote_desk(world, cluster, isolation, tmp_path)):
                done = world.await_state(world.submit("own", IMPORTING), seconds=300)

        assert (done.state, done.message) == ("scored", "")
        (here,) = (path for path in theirs.iterdir() if path.is_dir())
        (built,) = (home / ".cache/databoard/environments").glob("*/bin/python")
        assert built.parents[1] != here
        there, kept = (json.loads((at / NOTE).read_text()) for at in (built.parents[1], here))
        assert there["packages"] == kept["packages"]


def _remote_desk(
    world: World, cluster: DaskCluster, isolation: box.Isolation, folder: Path
) -> Desk:
    engine = Engine(
        world.settings.problems_dir,
        min_isolation="landlock",
        environments=world.settings.environments_dir,
        isolation=isolation,
        connect=cluster.connect(folder / "parcels"),
    )
    return Desk(world.settings, name="trainer", pace=QUICK, engine=engine)


def _slots(world: World) -> int:
    with read_only(), world.sessions() as session:
        return session.scalars(select(Trainer.slots).where(Trainer.name == "trainer")).one()


class TestSettings:
    @pytest.mark.parametrize(
        "text",
        ["local", "slurm", "tls://scheduler:8786", "tcp://127.0.0.1:8786", "tcp://localhost:1"],
    )
    def test_safe_places_pass(self, text):
        assert check_executor(text) == text

    @pytest.mark.parametrize("text", ["tcp://10.0.0.7:8786", "tcp://scheduler:8786"])
    def test_an_open_port_of_another_machine_is_refused_with_the_reason(self, text, tmp_path):
        with pytest.raises(SettingsError, match="without TLS whoever reaches the scheduler's"):
            Settings.from_env(
                {
                    "DATABOARD_EXECUTOR": text,
                    "DATABOARD_DB_URL": "sqlite://",
                    "DATABOARD_ROOT": str(tmp_path),
                }
            )
        with pytest.raises(SettingsError):
            worker.main([text])

    @pytest.mark.parametrize(
        "text", ["dask", "tls://", "tls://host", "http://host:80", "tls://h:99999", "tls://[:1"]
    )
    def test_what_is_no_place_is_refused(self, text):
        with pytest.raises(SettingsError, match="must be local, slurm or tls://"):
            check_executor(text)

    def test_tls_without_certificates_names_the_variables(self):
        with pytest.raises(SettingsError, match="DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
            Scheduler("tls://scheduler:8786")

    def test_a_worker_with_other_packages_offers_other_places(self, monkeypatch):
        here = orders.resource("cores")
        monkeypatch.setattr("databoard.training.environments.packages", lambda: ["numpy==0"])

        assert orders.resource("cores") != here


def _flat(told: dict, start: str = "") -> dict[str, str]:
    """Name settings in full; nested ones would displace their neighbours."""
    found = {}
    for name, value in told.items():
        found |= (
            _flat(value, f"{start}{name}.") if isinstance(value, dict) else {start + name: value}
        )
    return found


class TestTls:
    def test_the_manuals_certificates_carry_a_fold(
        self, problems, isolation, submission, tmp_path, monkeypatch
    ):
        manual = (Path(__file__).parents[2] / "docs/how-to/scale.md").read_text()
        commands = re.search(r"```bash\n(umask.*?)```", manual, re.DOTALL).group(1)
        subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
        assert stat.S_IMODE((tmp_path / "databoard.key").stat().st_mode) == 0o600
        for line in re.search(r"```ini\n(DASK.*?)```", manual, re.DOTALL).group(1).split():
            name, value = line.replace("/etc/databoard", str(tmp_path)).split("=")
            monkeypatch.setenv(name, value)
        with (
            dask.config.set(_flat(dask.config.collect_env())),
            dask_cluster(tmp_path, n_workers=1, scheme="tls") as cluster,
        ):
            one = Engine(
                problems,
                min_isolation="landlock",
                isolation=isolation,
                connect=cluster.connect(tmp_path / "parcels"),
            )
            try:
                await_slots(one.executor, 1)
                result = train(one, submission(FOREST))
            finally:
                one.close()

        assert result.verdict.is_ok
        assert np.frombuffer(result.y_pred_test[128:]).size > 0


class TestSlurm:
    def test_a_job_starts_our_worker_with_tls(self, tmp_path):
        from dask_jobqueue.slurm import SLURMCluster

        job = {"jobqueue.slurm.cores": 4, "jobqueue.slurm.memory": "8GB"}
        with (
            dask.config.set(job),
            SLURMCluster(**Slurm(16, tmp_path).options(4)) as cluster,
        ):
            script = cluster.job_script()
            address = cluster.scheduler_address

        assert address.startswith("tls://")
        assert "#SBATCH --cpus-per-task=4" in script
        assert script.rindex("--nthreads 5") > script.index("--nthreads 4")
        assert f"--preload {worker.MODULE}" in script
        assert "--tls-ca-file" in script
        keys = list(tmp_path.iterdir())
        assert keys
        assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}

    def test_a_job_that_is_not_described_is_named(self, tmp_path):
        with pytest.raises(SettingsError, match=r"jobqueue\.slurm\.cores"):
            Slurm(16, tmp_path).connect(1)

    def test_the_setting_chooses(self, tmp_path):
        assert isinstance(clusters.of_setting("slurm", 4, tmp_path), Slurm)
        assert isinstance(clusters.of_setting("tcp://127.0.0.1:1", 4, tmp_path), Scheduler)

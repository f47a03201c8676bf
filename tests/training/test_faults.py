"""Failing machines: a full disk, clocks that are set, isolation that is lost, no database."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from databoard.errors import FullError
from databoard.services import health, submissions
from databoard.store.engine import read_only
from databoard.store.models import Job, Submission, Trainer
from databoard.training import box
from tests.invariants import violations
from tests.training.test_trainers import await_fold, job_of, refuse_connections
from tests.training.world import TrainerProcess, World, desk_in_thread, installation, slow

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
MB = 1 << 20
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk; needs root")


@pytest.fixture(params=DATABASES)
def world(request, tmp_path) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server") if request.param != "sqlite" else None
    with installation(server, tmp_path / "root") as world:
        yield world
        with read_only(), world.sessions() as session:
            assert violations(session, strict=True) == []


def await_that(is_so: Callable[[], object], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)


def trouble_of(world: World, name: str) -> str:
    with read_only(), world.sessions() as session:
        return session.scalar(select(Trainer.last_error).where(Trainer.name == name)) or ""


# ---- a full disk ---------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    told = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "none", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {told.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, *, but: int) -> Path:
    """Leave so many bytes free."""
    path = folder / "ballast"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        # Somebody else may write meanwhile; then what is free ends the sooner.
        file.write(bytes(max(0, shutil.disk_usage(folder).free - but)))
    return path


@needs_root
@pytest.mark.slow
def test_on_a_full_disk_nothing_is_taken_and_later_all_is_trained(small_disk):  # R5
    with installation(None, small_disk / "root") as world:
        queued = world.submit("before")
        ballast = fill(small_disk, but=1 * MB)  # below 5 %
        with TrainerProcess(world, "thrifty"):
            await_that(lambda: "is full" in trouble_of(world, "thrifty"))
            assert world.read(queued).state == "new"
            with read_only(), world.sessions() as session:
                told = list(health.check_trainers(session, now=world.now()))
            assert [one.level for one in told] == ["red"]
            ballast.unlink()
            assert world.await_state(queued).state == "scored"
            await_that(lambda: not trouble_of(world, "thrifty"))


@pytest.mark.slow
@needs_root
def test_a_disk_that_fills_while_folds_run_loses_nothing(small_disk):  # R5
    with installation(None, small_disk / "root") as world:
        with TrainerProcess(world, "surprised"):
            key = world.submit("amid", slow(1.5))
            await_fold(world, key, "training")
            # sources, database and logs are there; predictions find no room
            ballast = fill(small_disk, but=0)
            time.sleep(3)
            assert world.read(key).fault in ("", "ours")
            ballast.unlink()
            done = world.await_state(key, seconds=60)

        assert (done.state, done.fault) == ("scored", "")
        kept = list(world.settings.submissions_dir.glob("*/fold_*/*"))
        assert len(kept) == 3 * 3
        assert all(path.stat().st_size for path in kept)
        with read_only(), world.sessions() as session:
            assert violations(session, now=world.now(), strict=True) == []


@needs_root
def test_an_upload_that_finds_no_room_is_refused_and_leaves_nothing(small_disk, tmp_path):  # R5
    with installation(None, tmp_path / "root") as world:
        world.submit("before")
        full = small_disk / "submissions"
        full.mkdir()
        fill(small_disk, but=0)
        with (
            pytest.raises(FullError, match="submit again later"),
            world.sessions.begin() as session,
        ):
            submissions.submit(
                session,
                world.join(session),
                "too-much",
                {"classifier.py": b"x = 1\n"},
                submissions_dir=full,
                now=world.now(),
            )

        assert FullError.status == 507
        with read_only(), world.sessions() as session:
            names = list(session.scalars(select(Submission.name)))
        assert [name.split("-")[0] for name in names] == ["before"]
        assert not list(full.iterdir())


# ---- clocks --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2], ids=["forward", "back"])
@pytest.mark.parametrize(
    "world", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_clock_that_is_set_takes_no_work_from_anybody(world, number):  # R6
    with (
        TrainerProcess(world, "steady", slots=3) as steady,
        TrainerProcess(world, "set", slots=3) as wrong,
    ):
        key = world.submit("long", slow(6))  # longer than a lease, all folds at once
        await_fold(world, key, "training")
        owner = job_of(world, key).owner
        other = wrong if owner == "steady" else steady
        time.sleep(1)
        other.process.send_signal(number)
        if world.database.dialect.name == "sqlite":  # one machine, one clock
            (steady if other is wrong else wrong).process.send_signal(number)
        done = world.await_state(key)

    job = job_of(world, key)
    assert (done.state, job.token, job.attempts) == ("scored", 1, 1)
    assert all(run.train_s > 5 for run in done.fold_runs)


@pytest.mark.slow
def test_what_was_promised_by_a_clock_set_back_since_does_not_wait_for_it(world):  # R6
    # due in an hour, as far as anybody knows; and leased to a dead trainer until then
    due, lost = world.submit("due"), world.submit("lost")
    with world.sessions.begin() as session:
        hour = world.now() + timedelta(hours=1)
        rows = {job.submission_id: job for job in session.scalars(select(Job))}
        rows[due].due_at = hour
        rows[lost].state, rows[lost].owner, rows[lost].lease_until = "running", "dead", hour
        rows[lost].token += 1
        rows[lost].submission.state = "training"
    with TrainerProcess(world, "heir"):
        assert world.await_state(due).state == "scored"
        assert world.await_state(lost).state == "scored"


# ---- isolation -----------------------------------------------------------------------------------


@contextlib.contextmanager
def trainer_in_namespace(world: World, name: str) -> Iterator[TrainerProcess]:
    """Have a trainer in a user namespace of its own, whose limits nobody else feels."""
    waits = ["unshare", "-U", "sh", "-c", 'read _ && exec "$@"', "sh"]
    with TrainerProcess(world, name, before=waits, stdin=subprocess.PIPE) as trainer:
        pid, own = trainer.process.pid, Path("/proc/self/ns/user").readlink()
        await_that(lambda: Path(f"/proc/{pid}/ns/user").readlink() != own)
        for part in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{part}").write_text("0 0 65536")
        trainer.process.stdin.write(b"\n")
        trainer.process.stdin.close()
        yield trainer


@pytest.mark.slow
@needs_root
def test_a_trainer_that_loses_isolation_takes_nothing_until_it_is_back(tmp_path):  # R13
    limit = "/proc/sys/user/max_user_namespaces"

    def allow(trainer: TrainerProcess, number: int) -> None:
        inside = ["nsenter", "-U", "-t", str(trainer.process.pid), "sh", "-c"]
        subprocess.run([*inside, f"echo {number} > {limit}"], check=True)

    with (
        installation(None, tmp_path / "root") as world,
        trainer_in_namespace(world, "exposed") as trainer,
    ):
        first = world.await_state(world.submit("first"), seconds=60)
        if first.fold_runs[0].isolation not in ("full", "ns"):
            pytest.skip(f"no namespaces inside a namespace here: {first.fold_runs[0].isolation}")

        allow(trainer, 0)
        key = world.submit("waits", slow(0.1))
        await_that(lambda: "isolation" in trouble_of(world, "exposed").lower())

        submission = world.read(key)
        assert (submission.state, submission.message) == ("new", "")
        assert trainer.process.poll() is None
        with read_only(), world.sessions() as session:
            (finding,) = health.check_trainers(session, now=world.now())
        assert (finding.level, "has become weaker" in finding.what) == ("red", True)
        allow(trainer, 1000)
        assert world.await_state(key, seconds=60).state == "scored"
        job = job_of(world, key)
        assert job.crashes == 0
        assert trainer.kill(15) == 0


# ---- no database ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_trainer_that_is_stopped_without_a_database_ends_well(
    postgres_server, tmp_path
):  # R3, R10
    with installation(postgres_server, tmp_path / "root") as world:
        with TrainerProcess(world, "patient") as trainer:
            key = world.submit("long", slow(20))
            await_fold(world, key, "training")
            refuse_connections(postgres_server, world, yes=True)
            time.sleep(1)
            assert trainer.kill(15) == 0
        refuse_connections(postgres_server, world, yes=False)
        with TrainerProcess(world, "next"):
            await_that(lambda: job_of(world, key).token == 2)
            world.write(submissions.cancel, key)
            assert world.await_state(key).state == "cancelled"
        assert job_of(world, key).crashes == 0


# ---- the end -------------------------------------------------------------------------------------


def test_a_trainer_that_is_stopped_while_a_kit_loads_waits_for_nothing_else(tmp_path):  # R10
    found = box.detect()
    if found.tier == "none":
        pytest.skip(found.words)
    with installation(None, tmp_path / "root", can_reuse_results=True) as world:
        path = world.kit / "problem.py"
        path.write_text("import time\ntime.sleep(3)\n" + path.read_text())
        with desk_in_thread(world, found) as desk:
            key = world.submit("asks-late")
            await_that(lambda: bool(desk.runs))

        assert world.read(key).state == "new"
        assert job_of(world, key).crashes == 0

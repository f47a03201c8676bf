"""Trainers as processes: told to stop, killed, two at once, and cut off from their database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, select, text

from databoard.services import jobs
from databoard.store.engine import read_only
from databoard.store.models import FoldScore, Job
from databoard.training import dispatcher
from tests.invariants import violations
from tests.training.world import QUICK, TrainerProcess, World, code, installation, slow

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
pytestmark = pytest.mark.slow


@pytest.fixture(params=DATABASES)
def world(request, tmp_path) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server") if request.param != "sqlite" else None
    with installation(server, tmp_path / "root") as world:
        yield world
        with read_only(), world.sessions() as session:
            assert violations(session, strict=True) == []


def job_of(world: World, submission_id: int) -> Job:
    with read_only(), world.sessions() as session:
        return session.scalars(select(Job).where(Job.submission_id == submission_id)).one()


def await_fold(world: World, submission_id: int, state: str) -> None:
    limit = time.monotonic() + 30
    while state not in {run.state for run in world.read(submission_id).fold_runs}:
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_trainer_that_is_told_to_stop_gives_back_what_runs(world):  # R10
    with TrainerProcess(world, "first") as trainer:
        key = world.submit("long", slow(15))
        await_fold(world, key, "training")
        code_of_exit = trainer.kill(15)

    submission, job = world.read(key), job_of(world, key)
    assert code_of_exit == 0
    assert submission.state == "new"
    assert (job.state, job.attempts, job.crashes) == ("due", 0, 0)


@pytest.mark.parametrize("options", [(), ("once",)], ids=["serving", "once"])
def test_a_trainer_that_is_told_to_stop_waits_for_no_kit(world, options):  # R10
    code = world.kit / "problem.py"
    words = code.read_text().replace(
        'return _read(path, "train.csv")', "import time\n    time.sleep(300)"
    )
    key = world.submit("any")
    code.write_text(words)
    with TrainerProcess(world, "first", *options) as trainer:
        limit = time.monotonic() + 30
        while job_of(world, key).owner != "first":
            assert time.monotonic() < limit
            time.sleep(0.02)
        time.sleep(1)
        told_at = time.monotonic()
        assert trainer.kill(15) == 0

    assert time.monotonic() - told_at < QUICK.drain_s + 5
    job = job_of(world, key)
    assert (job.state, job.attempts, job.crashes) == ("due", 0, 0)


def test_what_a_killed_trainer_ran_is_finished_by_another_once(world):  # R1, R8
    # the first fold is quick, the others take their time
    with TrainerProcess(world, "first") as first:
        key = world.submit("long", slow(1.5))
        await_fold(world, key, "scored")
        first.kill()
    before = world.read(key)
    kept = [run.ended_at for run in before.fold_runs if run.state == "scored"]

    with TrainerProcess(world, "second"):
        submission = world.await_state(key)

    assert submission.state == "scored"
    assert set(kept) <= {run.ended_at for run in submission.fold_runs}  # not trained again
    assert (job_of(world, key).token, job_of(world, key).crashes) == (2, 0)
    with read_only(), world.sessions() as session:
        runs = [run.id for run in submission.fold_runs]
        scores = session.scalars(select(FoldScore).where(FoldScore.fold_run_id.in_(runs))).all()
    assert len(scores) == 3 * 2


def test_two_trainers_share_the_work_and_no_submission_twice(world):  # R8
    keys = [world.submit(f"part-{i}", slow(0.2)) for i in range(8)]
    with TrainerProcess(world, "first"), TrainerProcess(world, "second"):
        ended = [world.await_state(key) for key in keys]

    assert {submission.state for submission in ended} == {"scored"}
    owners = {job_of(world, key).owner for key in keys}
    assert owners == {"first", "second"}
    with read_only(), world.sessions() as session:
        assert len(session.scalars(select(FoldScore)).all()) == 8 * 3 * 2


def test_a_trainer_that_was_stopped_for_long_reports_nothing(world):  # R11
    import signal

    with TrainerProcess(world, "frozen") as frozen:
        key = world.submit("long", slow(1))
        await_fold(world, key, "training")
        frozen.process.send_signal(signal.SIGSTOP)
        with TrainerProcess(world, "second"):
            submission = world.await_state(key)
            frozen.process.send_signal(signal.SIGCONT)
            time.sleep(2)
            assert frozen.process.poll() is None
    after = world.read(key)
    assert after.state == submission.state == "scored"
    assert after.ended_at == submission.ended_at
    assert job_of(world, key).owner == "second"
    folder = world.settings.submissions_dir / after.folder
    assert not list(folder.glob(".fold_*"))


def test_once_trains_what_is_due_and_ends(world):
    keys = [world.submit("good"), world.submit("bad", code("1 / 0"))]
    with TrainerProcess(world, "once", "once") as trainer:
        assert trainer.process.wait(60) == 0
    assert [world.read(key).state for key in keys] == ["scored", "training_error"]


def test_train_now_trains_what_it_is_told_even_while_the_queue_is_stopped(world):
    named, other = world.submit("named"), world.submit("other")
    with world.sessions.begin() as session:
        session.execute(text("UPDATE events SET is_paused = :yes").bindparams(yes=True))

    dispatcher.train_now(world.settings, [named])

    assert world.read(named).state == "scored"
    assert world.read(other).state == "new"


def test_results_are_held_while_the_database_is_away(postgres_server, tmp_path):  # R3
    with installation(postgres_server, tmp_path / "root") as world:
        with TrainerProcess(world, "patient"):
            key = world.submit("long", slow(1))
            await_fold(world, key, "training")
            refuse_connections(postgres_server, world, yes=True)
            time.sleep(3)  # the folds end meanwhile; shorter than the lease and a sweep of others
            refuse_connections(postgres_server, world, yes=False)
            submission = world.await_state(key)
        assert submission.state == "scored"
        assert job_of(world, key).token == 1  # nobody had to train anything again


def refuse_connections(server_url: str, world: World, *, yes: bool) -> None:
    """Cut everybody off from a database, or let them in again."""
    name = make_url(world.settings.database_url).database
    driver = make_url(server_url).set(drivername="postgresql+psycopg2")
    engine = create_engine(driver, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {not yes}'))
        if yes:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                ),
                {"name": name},
            )
    engine.dispose()
    world.database.dispose()


def test_a_database_without_tables_is_said_in_words(make_settings, sqlite_url):
    with pytest.raises(dispatcher.BusyError, match="db upgrade"):
        dispatcher.run(make_settings(database_url=sqlite_url), once=True)


def test_a_trainer_that_cannot_isolate_runs_nothing(settings):
    from dataclasses import replace

    from databoard.training import box
    from databoard.training.engine import Engine

    engine = Engine(settings.problems_dir, isolation=box.refusal(["no namespaces here"]))
    with pytest.raises(dispatcher.UnsafeError, match="no namespaces"):
        dispatcher.Desk(replace(settings), engine=engine)
    engine.close()


def test_jobs_are_handed_on_only_with_a_lease(world):
    key = world.submit("idle")
    with world.sessions.begin() as session:
        job = jobs.claim(session, "ghost", now=world.now())
        assert job.submission_id == key
    with TrainerProcess(world, "other"):
        time.sleep(3)
        assert world.read(key).state == "training"  # the ghost's lease is the product's

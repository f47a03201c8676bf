"""The trainer on both databases, with real boxes: every ending, and whose it was."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import text

from databoard.services import jobs, problems, reruns, submissions
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.models import Job
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.training import box
from databoard.training.dispatcher import Desk
from databoard.training.event_terms import terms_of
from tests.invariants import violations
from tests.training.world import GOOD, World, code, desk_in_thread, installation, slow

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
TEST_ONLY = "if len(X) == 20: {}"


@pytest.fixture(scope="module")
def isolation() -> box.Isolation:
    found = box.detect()
    if found.tier == "none":
        pytest.skip(found.words)
    return found


@pytest.fixture(scope="module", params=DATABASES)
def world(request, tmp_path_factory) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server") if request.param != "sqlite" else None
    with installation(server, tmp_path_factory.mktemp("world"), fold_seconds=8) as world:
        yield world


@pytest.fixture(scope="module")
def desk(world, isolation) -> Iterator[Desk]:
    with desk_in_thread(world, isolation) as desk:
        yield desk


@pytest.fixture(autouse=True)
def _sound(request) -> Iterator[None]:
    yield
    if "world" in request.fixturenames:
        world = request.getfixturevalue("world")
        with read_only(), world.sessions() as session:
            assert violations(session, now=world.now(), strict=True) == []


def train(world: World, name: str, content: bytes = GOOD, **fields):
    return world.await_state(world.submit(name, content, **fields))


def fold_states(submission) -> list[str]:
    return [run.state for run in submission.fold_runs]


@pytest.mark.usefixtures("desk")
class TestEndings:
    def test_a_good_submission_is_scored_fold_by_fold(self, world):
        submission = train(world, "good")

        assert (submission.state, submission.fault, submission.message) == ("scored", "", "")
        assert fold_states(submission) == ["scored"] * 3
        for run in submission.fold_runs:
            assert {score.event_score_type.name for score in run.scores} == {"acc", "nll"}
            assert all(0 <= score.test <= 1 for score in run.scores)
            assert run.train_s > 0
            assert run.peak_mb is None or run.peak_mb > 0
        assert len(submission.bagged) == 3 * 2
        assert {score.event_score_type.name for score in submission.scores} == {"acc", "nll"}

    def test_the_predictions_lie_in_their_place_under_their_hashes(self, world):
        submission = train(world, "hashes")

        files = Files(world.settings.submissions_dir)
        for run in submission.fold_runs:
            for step, sha256 in (("train", run.train_sha256), ("test", run.test_sha256)):
                stored = files.read_fold(submission.folder, run.number, f"y_pred_{step}.npy")
                assert hashlib.sha256(stored).hexdigest() == sha256
        assert not list(files.folder(submission.folder).glob(".fold_*"))  # nothing is left staged

    def test_the_folds_of_the_event_rule_not_what_get_cv_gives_today(self, world):
        # get_cv of this kit is not seeded: computed again it would be another
        submission = train(world, "folds")

        with read_only(), world.sessions() as session:
            event = event_queries.by_id(session, world.event_id)
            folds = event_queries.folds(session, event.id, with_rows=True)
        assert submission.folds_hash == event.folds_hash
        files = Files(world.settings.submissions_dir)
        data = np.loadtxt(world.kit / "data" / "train.csv", delimiter=",")
        for fold, run in zip(folds, submission.fold_runs, strict=True):
            raw = files.read_fold(submission.folder, run.number, "y_pred_train.npy")
            y_pred = np.frombuffer(raw[128:]).reshape(len(data), 2)
            is_right = y_pred.argmax(axis=1) == data[:, 2]
            accuracy = next(s for s in run.scores if s.event_score_type.name == "acc")
            assert accuracy.valid == is_right[fold.valid_is].mean()
            assert accuracy.train == is_right[fold.train_is].mean()

    def test_a_result_says_what_it_was_made_with(self, world):
        submission = train(world, "made-with")

        for name in ("code_hash", "data_hash", "folds_hash", "kit_hash", "environment_hash"):
            assert len(getattr(submission, name)) == 64
        with read_only(), world.sessions() as session:
            problem = event_queries.by_id(session, world.event_id).problem
            assert (submission.data_hash, submission.kit_hash) == (
                problem.data_hash,
                problem.kit_hash,
            )

    @pytest.mark.parametrize(
        ("fit", "predict", "state", "line", "words"),
        [
            ("raise ValueError('seven')", "pass", "training_error", 8, "ValueError: seven"),
            (r"raise ValueError('no \udcff\0')", "pass", "training_error", 8, "ValueError: no"),
            ("pass", "raise KeyError(1)", "validating_error", 11, "KeyError"),
            ("pass", TEST_ONLY.format("raise KeyError(1)"), "testing_error", 11, "KeyError"),
            ("pass", "return np.zeros((3, 2))", "validating_error", None, "shape"),
            ("pass", "return np.full((len(X), 2), np.nan)", "validating_error", None, "NaN"),
            ("pass", TEST_ONLY.format("return X[:3]"), "testing_error", None, "wrong shape"),
            ("sys.exit(0)", "pass", "training_error", 8, "SystemExit"),
            ("os._exit(3)", "pass", "training_error", None, "exited with code 3"),
            ("os.kill(os.getpid(), signal.SIGSEGV)", "pass", "training_error", None, "SIGSEGV"),
            ("os.kill(os.getpid(), 9)", "pass", "training_error", None, "SIGKILL"),
            ("self.x = np.ones((20_000, 80_000))", "pass", "training_error", None, "memory"),
            pytest.param(
                *("time.sleep(60)", "pass", "training_error", None, "time: 8 s limit"),
                marks=pytest.mark.slow,
            ),
        ],
    )
    def test_a_failure_is_the_teams_with_its_place(self, world, fit, predict, state, line, words):
        submission = train(world, f"bad-{abs(hash((fit, predict)))}", code(fit, predict))

        assert (submission.state, submission.fault) == (state, "team")
        assert words in submission.message
        if line is not None:
            assert (submission.error_file, submission.error_line) == ("classifier.py", line)
        assert submission.error_fold in range(3)
        assert state in fold_states(submission)
        assert not submission.scores

    def test_what_floods_the_log_or_leaves_processes_behind_is_scored_all_the_same(self, world):
        flood = train(world, "flood", code("print('x\\n' * 1_000_000)"))
        stray = train(world, "stray", code("os.fork() or (time.sleep(60), os._exit(0))"))

        assert (flood.state, stray.state) == ("scored", "scored")
        log = Files(world.settings.submissions_dir).read_fold(flood.folder, 0, "log.txt")
        assert len(log) < 100_000

    def test_the_first_failure_ends_the_other_folds(self, world):
        # one fold fails at once, the others would sleep for longer than the test may take
        with read_only(), world.sessions() as session:
            folds = event_queries.folds(session, world.event_id, with_rows=True)
        data = np.loadtxt(world.kit / "data" / "train.csv", delimiter=",")
        first = data[folds[0].train_is[0]]
        content = code(f"np.isclose(X[:, 0], {first[0]}).any() and 1 / 0 or time.sleep(7)")

        started = time.monotonic()
        submission = train(world, "fail-fast", content)

        assert time.monotonic() - started < 7
        assert submission.state == "training_error"
        assert fold_states(submission).count("training_error") == 1
        assert fold_states(submission).count("cancelled") == 2

    def test_float32_predictions_keep_their_type_for_the_bag(self, world):
        predict = "p = np.float32(1 / (1 + np.exp(-X[:, 0]))); return np.column_stack([1 - p, p])"

        submission = train(world, "float32", code("pass", predict))

        assert submission.state == "scored"
        note = Files(world.settings.submissions_dir).read_fold(submission.folder, 0, "fold.json")
        assert b'"train": "float32"' in note


@pytest.mark.usefixtures("desk")
class TestOrders:
    def test_a_queued_submission_is_cancelled_at_once(self, world):
        blocked = [world.submit(f"block-{i}", slow(5)) for i in range(3)]
        waiting = world.submit("waits")
        world.write(submissions.cancel, waiting)

        assert world.read(waiting).state == "cancelled"
        for key in blocked:
            world.write(submissions.cancel, key)
        for key in blocked:
            assert world.await_state(key, seconds=5).state == "cancelled"

    def test_a_running_submission_is_cancelled_within_two_seconds(self, world):
        key = world.submit("runs", slow(30))
        world.await_state(key, "training")
        deadline = time.monotonic() + 10
        while "training" not in fold_states(world.read(key)) and time.monotonic() < deadline:
            time.sleep(0.02)
        world.write(submissions.cancel, key)

        submission = world.await_state(key, seconds=2)

        assert (submission.state, submission.fault) == ("cancelled", "")
        assert set(fold_states(submission)) == {"cancelled"}

    def test_a_retry_trains_anew_and_tells_whether_it_reproduces(self, world):
        key = world.submit("again")
        before = world.await_state(key)
        world.write(submissions.retry, key)
        after = world.await_state(key)
        assert (after.state, after.run, after.reproduces) == ("scored", 2, True)
        assert [run.train_sha256 for run in after.fold_runs] == [
            run.train_sha256 for run in before.fold_runs
        ]

        chance = world.submit("chance", code("pass", "X = X + np.random.normal(size=X.shape)"))
        world.await_state(chance)
        world.write(submissions.retry, chance)
        assert world.await_state(chance).reproduces is False

    def test_a_failure_that_is_tried_again_and_fails_says_so_again(self, world):
        key = world.submit("fails-twice", code("1 / 0"))
        world.await_state(key)
        world.write(submissions.retry, key)

        submission = world.await_state(key)

        assert (submission.state, submission.reproduces) == ("training_error", None)

    def test_a_paused_trainer_claims_nothing_until_it_may_again(self, world, desk):
        set_state(world, desk, "paused")
        key = world.submit("patience")
        time.sleep(0.6)
        assert world.read(key).state == "new"
        set_state(world, desk, "running")
        assert world.await_state(key).state == "scored"

    def test_a_deleted_submission_stops(self, world):
        key = world.submit("goes", slow(30))
        world.await_state(key, "training")
        with world.sessions.begin() as session:
            row = session.get(type(world.read(key)), key)
            submissions.delete(session, row, submissions_dir=world.settings.submissions_dir)

        assert train(world, "comes-after").state == "scored"

    def test_steps_are_shown_while_a_fold_runs(self, world):
        key = world.submit("steps", slow(1.5))
        world.await_state(key, "training")
        seen = set()
        deadline = time.monotonic() + 20
        while not (submission := world.read(key)).is_ended and time.monotonic() < deadline:
            seen.update(fold_states(submission))
            time.sleep(0.03)
        assert "training" in seen


def set_state(world: World, desk: Desk, state: str) -> None:
    with world.sessions.begin() as session:
        jobs.set_trainer_state(session, desk.name, state, now=world.now())
    deadline = time.monotonic() + 5
    while desk.is_paused != (state == "paused"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def await_answer(world: World, job_id: int) -> dict:
    deadline = time.monotonic() + 20
    while True:
        with read_only(), world.sessions() as session:
            job = session.get(Job, job_id)
        if job.state not in ("due", "running"):
            return {"state": job.state, **jobs.read_answer(job)}
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("desk")
class TestChecks:
    @pytest.fixture
    def shown(self, world):
        set_field(world, log_policy="full")
        yield
        set_field(world, log_policy="limited")

    @pytest.mark.usefixtures("shown")
    def test_a_check_gives_the_full_log_and_seconds(self, world):
        answer = await_answer(world, world.check(code("print('hello', len(y))")))

        assert (answer["state"], answer["ok"]) == ("done", True)
        assert answer["log"].startswith("hello")
        assert "training rows" in answer["rows"]
        assert set(answer["seconds"]) == {"train", "valid", "test"}
        assert not list(world.settings.submissions_dir.glob("check_*"))

    def test_a_check_on_private_rows_shows_no_more_than_a_submission(self, world):  # L11
        good = await_answer(world, world.check(code("print('hello', y)")))
        bad = await_answer(world, world.check(code("raise ValueError('x' * 500)")))

        assert (good["ok"], good["log"]) == (True, "")
        assert "labels of other rows" in good["rows"]
        assert (bad["ok"], bad["file"], bad["line"], bad["traceback"]) == (
            False,
            "classifier.py",
            8,
            "",
        )
        assert len(bad["message"]) <= 200

    @pytest.mark.usefixtures("shown")
    def test_a_failing_check_names_the_line_and_shows_the_whole_traceback(self, world):
        answer = await_answer(world, world.check(code("raise ValueError('x' * 500)")))

        assert (answer["ok"], answer["file"], answer["line"]) == (False, "classifier.py", 8)
        assert "x" * 500 in answer["traceback"]

    @pytest.mark.usefixtures("shown")
    def test_a_check_may_say_what_no_database_holds(self, world):  # X6
        said = (
            r"print('seen \0', flush=True); os.write(1, b'\xff\xed'); raise ValueError('\udcff \0')"
        )

        answer = await_answer(world, world.check(code(said)))

        assert (answer["state"], answer["fault"], answer["line"]) == ("done", "team", 8)
        assert answer["log"].startswith("seen")

    def test_a_check_does_not_wait_behind_training(self, world):
        blocked = [world.submit(f"long-{i}", slow(7)) for i in range(2)]
        world.await_state(blocked[0], "training")

        answer = await_answer(world, world.check(GOOD))

        assert answer["ok"]
        assert world.read(blocked[0]).state == "training"
        for key in blocked:
            world.write(submissions.cancel, key)
        for key in blocked:
            world.await_state(key)

    def test_a_newer_check_takes_the_place_of_an_older(self, world):
        old = world.check(slow(20))
        time.sleep(0.3)
        new = world.check(GOOD)

        assert await_answer(world, new)["ok"]
        assert await_answer(world, old)["state"] == "cancelled"
        with read_only(), world.sessions() as session:
            assert job_queries.last_check(session, world.places["ours"]).id == new


SAY_WHEN = (
    "import time; print(time.monotonic(), flush=True); time.sleep(0.4); "
    "print(time.monotonic(), flush=True)"
)


@pytest.mark.usefixtures("desk")
class TestStrictEvents:
    @pytest.fixture(autouse=True)
    def strict(self, world):
        set_field(world, is_strict=True, log_policy="full")
        yield
        set_field(world, is_strict=False, log_policy="limited")

    def test_folds_of_a_team_run_one_after_the_other(self, world):  # 2.5
        keys = [world.submit(f"strict-{i}", code(SAY_WHEN)) for i in range(2)]
        ended = [world.await_state(key) for key in keys]

        assert [submission.state for submission in ended] == ["scored"] * 2
        files = Files(world.settings.submissions_dir)
        logs = [
            files.read_fold(submission.folder, number, "log.txt")
            for submission in ended
            for number in range(3)
        ]
        times = sorted([float(line) for line in log.split()] for log in logs)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(times))

    def test_the_first_failure_ends_them_all(self, world):
        submission = train(world, "strict-failure", code("raise ValueError"))

        assert submission.state == "training_error"
        assert fold_states(submission).count("training_error") == 1

    def test_a_cancelled_one_starts_no_more_folds(self, world):
        key = world.submit("strict-cancelled", slow(20))
        world.await_state(key, "training")

        world.write(submissions.cancel, key)

        assert world.await_state(key).state == "cancelled"


@pytest.mark.usefixtures("desk")
class TestReuse:
    @pytest.fixture
    def reusing(self, world):
        set_field(world, can_reuse_results=True)
        yield world
        set_field(world, can_reuse_results=False)

    def test_identical_code_gets_the_results_without_training(self, reusing):
        content = code("self.note = 'the same'")
        first = train(reusing, "first", content)
        second = train(reusing, "second", content, team="others")

        assert second.state == "scored"
        assert "identical" in second.message
        with read_only(), reusing.sessions() as session:
            assert reruns.origin(session, second).id == first.id
        assert "ours" not in second.message
        for ours, theirs in zip(first.fold_runs, second.fold_runs, strict=True):
            assert (ours.train_s, ours.test_sha256) == (theirs.train_s, theirs.test_sha256)
        assert sorted((s.event_score_type_id, s.public) for s in first.scores) == sorted(
            (s.event_score_type_id, s.public) for s in second.scores
        )
        assert len(second.bagged) == len(first.bagged)
        files = Files(reusing.settings.submissions_dir)
        assert files.read_fold(second.folder, 2, "y_pred_test.npy")

    def test_other_code_is_trained(self, reusing):
        assert train(reusing, "other", GOOD + b"# mine").message == ""


def set_field(world: World, **fields) -> None:
    with world.sessions.begin() as session:
        event = event_queries.by_id(session, world.event_id)
        for name, value in fields.items():
            setattr(event, name, value)


def test_a_score_type_that_is_added_later_starts_no_scorer_again_and_again(world, desk):
    # The desk and the analyst must hand the same terms to the engine.
    train(world, "before")
    with world.sessions.begin() as session:
        problems.add_score_type(session, "later", True, 0.0, 1.0)
    try:
        assert train(world, "after").state == "scored"

        with read_only(), world.sessions() as session:
            event = event_queries.by_id(session, world.event_id)
            assert desk._terms_of(session, event) == terms_of(session, event)
    finally:
        with world.sessions.begin() as session:
            problems.remove_score_type(session, "later")


@pytest.mark.usefixtures("desk")
class TestChanges:
    """Last: they leave another kit behind."""

    def test_changed_data_make_old_scores_stale_until_they_are_made_again(self, world):
        old = world.submit("old")
        world.await_state(old)
        path = world.kit / "data" / "test.csv"
        # Other bytes each time, of the same numbers: the test may be run a second time.
        path.write_text(path.read_text().replace("e+00", "0e+00"))

        new = train(world, "new")

        assert new.state == "scored"
        assert world.read(old).is_stale
        assert not world.read(new.id).is_stale
        world.write(submissions.retry, old)
        again = world.await_state(old)
        assert (again.is_stale, again.reproduces) == (False, None)

    def test_a_kit_that_breaks_is_the_organisers_fault(self, world):
        path = world.kit / "problem.py"
        before = path.read_text()
        path.write_text("raise RuntimeError('half edited')")
        try:
            submission = train(world, "unlucky")
        finally:
            path.write_text(before)

        assert (submission.state, submission.fault) == ("checking_error", "organiser")
        assert "half edited" in submission.message
        assert train(world, "lucky").state == "scored"

    def test_data_that_shrank_below_the_folds_are_the_organisers_fault(self, world):
        path = world.kit / "data" / "train.csv"
        before = path.read_text()
        path.write_text("".join(before.splitlines(keepends=True)[:30]))
        try:
            submission = train(world, "short")
        finally:
            path.write_text(before)

        assert (submission.state, submission.fault) == ("checking_error", "organiser")
        assert "training rows now" in submission.message


@pytest.mark.usefixtures("desk")
def test_an_ending_that_cannot_be_written_harms_no_other(world, desk):
    # the row of a fold vanishes under the trainer
    key = world.submit("vanishes", slow(1))
    world.await_state(key, "training")
    with world.sessions.begin() as session:
        session.execute(text(f"DELETE FROM fold_runs WHERE submission_id = {key}"))

    assert train(world, "unharmed").state == "scored"
    with world.sessions.begin() as session:
        row = session.get(type(world.read(key)), key)
        submissions.delete(session, row, submissions_dir=world.settings.submissions_dir)

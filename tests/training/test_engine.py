"""The engine: order, faults, deaths."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from databoard.errors import UnsafeError
from databoard.training import box
from databoard.training.engine import Engine
from databoard.training.wire import FoldTask, Limits
from tests.training.conftest import FOREST, train

SLEEPER = """
import time


def get_estimator():
    print("asleep", flush=True)
    time.sleep(1000)
"""


def test_the_failing_line_is_the_teams_own(engine: Engine, submission: Callable[..., Path]) -> None:
    code = "def get_estimator():\n    return inner()\n\n\ndef inner():\n    return 1 / 0\n"

    verdict = train(engine, submission(code)).verdict

    assert (verdict.file, verdict.line) == ("estimator.py", 6)
    assert verdict.message == "ZeroDivisionError: division by zero (estimator.py, line 6)"
    assert 'File "estimator.py", line 2, in get_estimator' in verdict.traceback
    assert verdict.is_public


def test_a_forbidden_word_is_found_in_its_line(
    engine: Engine, submission: Callable[..., Path]
) -> None:
    verdict = train(engine, submission("import os\nimport shutil\n" + FOREST)).verdict

    assert verdict.fault == "team"
    assert verdict.message.startswith("RuntimeError: forbidden key word shutil detected")
    assert (verdict.file, verdict.line) == ("estimator.py", 2)


def test_limited_logs_show_little(engine: Engine, submission: Callable[..., Path]) -> None:  # L11
    code = "def get_estimator():\n    print('seen')\n    raise ValueError('x' * 5000)\n"

    result = train(engine, submission(code), log="limited")

    assert len(result.verdict.message) <= 200
    assert result.verdict.message.endswith("(estimator.py, line 3)")
    assert not result.verdict.is_public
    assert not result.log_is_public


def test_the_log_streams_until_the_test_data_arrive(
    engine: Engine, submission: Callable[..., Path]
) -> None:
    code = """
from sklearn.linear_model import LogisticRegression


class Talking(LogisticRegression):
    def predict_proba(self, X):
        print("rows", len(X))
        return super().predict_proba(X)


def get_estimator():
    print("hello")
    return Talking(max_iter=500)
"""
    pieces: list[bytes] = []

    result = train(engine, submission(code), on_event=lambda event: pieces.append(event.log))

    assert b"".join(pieces) == result.log
    assert result.log.decode().split("\n")[:2] == ["hello", "rows 113"]
    assert b"rows 37" not in result.log
    assert b"rows 37" in result.hidden_log


def test_unprintable_and_multi_byte_output_is_kept_as_bytes(
    engine: Engine, submission: Callable[..., Path]
) -> None:
    code = FOREST.replace("    return", "    print('naïve \\udc80 ünïcode')\n    return")

    result = train(engine, submission(code))

    assert result.verdict.is_ok
    assert "ünïcode" in result.log.decode()


def test_unseeded_folds_differ(engine: Engine, submission: Callable[..., Path]) -> None:
    code = FOREST.replace(
        "    return",
        "    import numpy, random\n    print(numpy.random.rand(), random.random())\n    return",
    )
    folder = submission(code)

    assert train(engine, folder).log != train(engine, folder).log


def test_a_waiting_fold_is_cancelled_at_once(
    engine: Engine, submission: Callable[..., Path]
) -> None:
    folder = submission(SLEEPER)
    futures = [engine.train_fold(FoldTask(folder, "flowers", None, 0)) for _ in range(4)]

    for future in reversed(futures):
        assert future.cancel()

    assert [future.result(5).verdict.state for future in futures] == ["cancelled"] * 4


def test_a_missing_file_is_not_charged_to_the_team(engine: Engine, tmp_path: Path) -> None:
    verdict = train(engine, tmp_path).verdict

    assert (verdict.state, verdict.fault) == ("checking_error", "ours")


def test_a_broken_kit_is_the_organisers_fault(engine: Engine, tmp_path: Path) -> None:
    verdict = train(engine, tmp_path, "no_such_kit").verdict

    assert (verdict.state, verdict.fault) == ("checking_error", "organiser")


def _wait_until_asleep(engine: Engine, folder: Path) -> tuple[object, list[bytes]]:
    said: list[bytes] = []
    task = FoldTask(folder, "flowers", None, 0, Limits(seconds=60), log="full")
    future = engine.train_fold(task, lambda event: said.append(event.log))
    deadline = time.monotonic() + 20
    while b"asleep\n" not in b"".join(said) and time.monotonic() < deadline:
        time.sleep(0.01)
    return future, said


def test_a_fold_outlives_its_zygote(  # R12
    problems: Path, submission: Callable[..., Path]
) -> None:
    one = Engine(problems, slots=1, min_isolation="landlock")
    try:
        flag = submission(SLEEPER)
        future, said = _wait_until_asleep(one, flag)
        (flag / "estimator.py").write_text(FOREST)
        (zygote,) = one.executor._zygotes._users
        os.kill(zygote.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while b"".join(said).count(b"asleep") < 2 and time.monotonic() < deadline:
            time.sleep(0.01)

        # Tried again with what was read at first, in a box of a new zygote.
        assert b"".join(said).count(b"asleep") == 2
        future.cancel()  # type: ignore[attr-defined]
        assert future.result(5).verdict.state == "cancelled"  # type: ignore[attr-defined]
    finally:
        one.close()


def _pidfds() -> int:
    n_found = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            n_found += "pidfd" in str(path.readlink())
    return n_found


def test_a_fold_whose_news_cannot_be_written_leaves_no_box_behind(  # R5
    engine: Engine, submission: Callable[..., Path]
) -> None:
    before = _pidfds()

    def full(event: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    task = FoldTask(submission(SLEEPER), "flowers", None, 0, Limits(seconds=60))
    verdict = engine.train_fold(task, full).result(30).verdict

    assert (verdict.fault, "No space left" in verdict.message) == ("ours", True)
    assert _pidfds() == before


UNREAD = FOREST.replace(
    "    return",
    """    import os, time
    from databoard.training import wire

    def die(_):
        time.sleep(0.5)
        os.kill(os.getpid(), 9)

    wire.receive = die
    return""",
)


def test_a_box_that_is_killed_before_it_reads_the_test_rows_was_killed(
    engine: Engine, submission: Callable[..., Path]
) -> None:
    verdict = train(engine, submission(UNREAD)).verdict

    assert (verdict.state, verdict.signal) == ("testing_error", 9)


PROGRAM = """
import sys, threading
from pathlib import Path
from databoard.training.engine import Engine
from databoard.training.wire import FoldTask
engine = Engine(Path(sys.argv[1]), slots=1, min_isolation="landlock")
task = FoldTask(Path(sys.argv[2]), "flowers", None, 0, log="full")
engine.train_fold(task, lambda event: print(event.kind, flush=True))
threading.Event().wait()
"""


def _alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def test_nothing_outlives_a_trainer_that_is_killed(  # R1
    problems: Path, submission: Callable[..., Path]
) -> None:
    from databoard.training import watchdog

    folder = submission(SLEEPER)
    root = Path(__file__).parents[2]
    trainer = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(problems), str(folder)],
        cwd=root,
        stdout=subprocess.PIPE,
    )
    assert trainer.stdout is not None
    assert trainer.stdout.readline() == b"training\n"
    pids = list(watchdog.descendants(trainer.pid))
    assert len(pids) >= 3

    trainer.kill()
    trainer.wait()
    deadline = time.monotonic() + 3
    while _alive(pids) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert _alive(pids) == []
    trainer.stdout.close()


def test_refuses_without_isolation(problems: Path) -> None:  # S0
    nothing = box.refusal(["namespaces: no", "Landlock: no"])

    one = Engine(problems, isolation=nothing)

    assert not one.can_train
    with pytest.raises(UnsafeError, match="refusing to run submissions"):
        one.train_fold(FoldTask(Path(), "flowers", None, 0))
    one.close()


def test_a_reduced_tier_needs_to_be_asked_for(problems: Path) -> None:
    reduced = box.Isolation("landlock", "isolation: REDUCED (landlock)")

    assert not Engine(problems, isolation=reduced).can_train
    assert Engine(problems, isolation=reduced, min_isolation="landlock").can_train


def test_the_words_name_the_risk_when_somebody_takes_it(problems: Path) -> None:
    one = Engine(problems, isolation=box.refusal(["no"]), allow_unsafe=True)

    assert one.can_train
    assert "DATABOARD_ALLOW_UNSAFE" in one.isolation.words


PARALLEL = """
import multiprocessing

import joblib
from sklearn.ensemble import RandomForestClassifier


def get_estimator():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(abs, [-1, 4, -9]))
    print(joblib.Parallel(n_jobs=2)(joblib.delayed(pow)(x, 2) for x in (1, 2, 3)))
    return RandomForestClassifier(n_estimators=6, n_jobs=2, random_state=61)
"""


def test_parallel_libraries_work_inside(engine: Engine, submission: Callable[..., Path]) -> None:
    if engine.isolation.tier == "landlock":
        pytest.skip("one process only, without namespaces")

    result = train(engine, submission(PARALLEL), cores=2, memory_mb=1024)

    assert result.verdict.is_ok, (result.verdict, result.log)
    assert result.log == b"[1, 4, 9]\n[1, 4, 9]\n"


def test_the_data_of_a_fold_outlive_the_kit_that_they_came_from(engine, submission) -> None:
    # A scorer that dies is replaced while folds wait; a closed number may be another file's.
    task = FoldTask(submission(FOREST), "flowers", None, 0)
    with engine.kit("flowers").lend(task) as data:
        engine.forget("flowers")
        gc.collect()

        assert os.fstat(data.y).st_size > 0
        assert os.fstat(data.X_train).st_size > 0

"""What a submission may do without harm, in every tier that this machine offers."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from databoard.training import watchdog
from databoard.training.engine import Engine
from databoard.training.wall import View
from tests.training.conftest import FOREST, train

HEAD = """
import ctypes, os, signal, sys, time
import numpy as np


def get_estimator():
"""

# What it does, how the fold ends, and the limit that is named.
ENDINGS = {
    "raises": ("    raise ValueError('no')", "training_error", ""),
    "sys.exit": ("    sys.exit(0)", "training_error", ""),
    "os._exit": ("    os._exit(0)", "training_error", ""),
    "segfault": ("    ctypes.string_at(0)", "training_error", ""),
    "loop": ("    while True: pass", "training_error", "time"),
    "sleep": ("    time.sleep(1000)", "training_error", "time"),
    "stop": ("    os.kill(os.getpid(), signal.SIGSTOP)", "training_error", "time"),
    "ten gigabytes": ("    np.ones(10 * 2**27)", "training_error", "memory"),
}


@pytest.mark.parametrize(("body", "state", "limit"), ENDINGS.values(), ids=ENDINGS)
def test_a_fold_survives_its_submission(
    tier_engine: Engine, submission: Callable[..., Path], body: str, state: str, limit: str
) -> None:
    seconds = 1.0 if limit == "time" else 30.0

    result = train(tier_engine, submission(HEAD + body), seconds=seconds, memory_mb=512)

    assert (result.verdict.state, result.verdict.limit) == (state, limit), result.verdict
    assert result.verdict.fault == "team"
    assert result.isolation == tier_engine.isolation.words
    if limit:
        assert result.verdict.message.startswith(f"{limit}: ")
        assert "limit reached in fold 1" in result.verdict.message


def test_a_full_disk_is_named(tier_engine: Engine, submission: Callable[..., Path]) -> None:
    body = "    import pathlib\n    pathlib.Path('big').write_bytes(bytes(2**26))"

    verdict = train(tier_engine, submission(HEAD + body)).verdict

    if tier_engine.isolation.tier == "landlock":
        assert verdict.message.startswith("PermissionError")  # there is no disk at all
    else:
        assert (verdict.fault, verdict.limit) == ("team", "disk")
        assert verdict.message == "disk: 32 MB limit reached in fold 1"


def test_a_good_submission_is_scored(tier_engine: Engine, submission: Callable[..., Path]) -> None:
    events: list[str] = []

    result = train(
        tier_engine, submission(FOREST), on_event=lambda event: events.append(event.kind)
    )

    assert result.verdict.is_ok, result.verdict
    assert events == ["training", "trained", "validated", "tested"]
    assert result.train_s is not None
    assert result.train_s > 0
    assert set(tier_engine.kit("flowers").score(0, result)) == {"train", "valid", "test"}


def test_files_are_touched_and_copied_though_their_times_stay(
    tier_engine: Engine, submission: Callable[..., Path]
) -> None:
    if tier_engine.isolation.tier == "landlock":
        pytest.skip("a box without namespaces has no temporary files")
    code = """
import os, tempfile
from pathlib import Path

file = Path(tempfile.mkdtemp(), "a")
file.touch()
file.touch()
os.utime(file, (1, 1))  # as whatever copies a file does
assert file.exists()
"""

    result = train(tier_engine, submission(code + FOREST))

    assert result.verdict.is_ok, result.verdict


def test_a_folder_that_is_hidden_takes_no_notes(tier_engine: Engine, tmp_path: Path) -> None:  # L5
    isolation = tier_engine.isolation
    if isolation.tier not in ("full", "ns"):
        pytest.skip("there are no name spaces to hide a folder in")
    hidden = tmp_path / "problems"
    hidden.mkdir()
    tmp_path.chmod(0o755)
    view = View(
        ["/usr/bin/touch", f"{hidden}/note"],
        {},
        [(str(tmp_path), str(tmp_path))],
        [str(hidden)],
        uid=isolation.uid,
        gid=isolation.uid,
        bwrap=isolation.bwrap,
    )

    done = subprocess.run(view.argv(), capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 1
    assert "Read-only file system" in done.stderr


def test_a_million_lines_are_cut_and_counted(
    tier_engine: Engine, submission: Callable[..., Path]
) -> None:
    code = FOREST.replace("    return", "    print('line\\n' * 1_000_000)\n    return")

    result = train(tier_engine, submission(code), output_kb=8)

    assert result.verdict.is_ok, result.verdict
    assert len(result.log) <= 8 * 1024
    assert result.log.startswith(b"line\nline\n")
    assert result.log.endswith(b"\n[output: 8 kB limit reached in fold 1]\n")
    assert result.dropped > 4_900_000


def test_what_is_left_behind_is_ended(tier_engine: Engine, submission: Callable[..., Path]) -> None:
    before = set(watchdog.descendants(os.getpid()))
    code = FOREST.replace(
        "    return",
        """    import os, time
    try:
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(1)
    except OSError:
        pass
    return""",
    )

    result = train(tier_engine, submission(code))

    assert result.verdict.is_ok, result.verdict
    deadline = time.monotonic() + 2
    while set(watchdog.descendants(os.getpid())) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(set(watchdog.descendants(os.getpid())) - before) <= 3  # a zygote and its wall


def test_a_running_fold_is_cancelled_within_two_seconds(
    tier_engine: Engine, submission: Callable[..., Path]
) -> None:
    from databoard.training.wire import FoldTask

    folder = submission(HEAD + "    time.sleep(1000)")
    started: list[float] = []
    future = tier_engine.train_fold(
        FoldTask(folder, "flowers", None, 0), lambda _: started.append(time.monotonic())
    )
    while not started:
        time.sleep(0.01)

    assert future.cancel()
    begin = time.monotonic()

    assert future.result(5).verdict.state == "cancelled"
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize("cores", [1, 2])
def test_threads_see_the_limit_of_cores(
    tier_engine: Engine, submission: Callable[..., Path], cores: int
) -> None:
    code = FOREST.replace(
        "    return",
        """    import os, threadpoolctl, joblib
    try:
        sizes = {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    except OSError:  # Landlock shows no /proc
        sizes = {int(os.environ["OMP_NUM_THREADS"])}
    print(os.environ["OMP_NUM_THREADS"], sizes, joblib.cpu_count())
    return""",
    )

    result = train(tier_engine, submission(code), cores=cores)

    # With Landlock there is one process only, and joblib knows.
    jobs = 1 if tier_engine.isolation.tier == "landlock" else cores
    assert result.log.decode().split() == [str(cores), f"{{{cores}}}", str(jobs)], (
        result.log,
        result.verdict,
    )

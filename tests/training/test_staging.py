"""Folders for boxes that have none: they go with their fold, or with the next sweep."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from databoard.training import staging

FILES = {"submission/classifier.py": b"x = 1\n", "code/problem.py": b""}
STAGES = """
import sys, time
from databoard.training.staging import staged

with staged({"code/problem.py": b""}) as root:
    print(root, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_its_fold(scratch):
    with staging.staged(FILES) as root:
        assert Path(root, "submission/classifier.py").read_bytes() == b"x = 1\n"
        assert staging.sweep() == 0
        assert list(scratch.iterdir()) == [Path(root)]

    assert list(scratch.iterdir()) == []


def test_what_a_killed_trainer_left_is_swept_and_nothing_else(scratch):  # R20
    theirs = scratch / "databoard_boxes"
    theirs.mkdir()
    (scratch / "databoard_box_link").symlink_to(theirs)
    with (
        subprocess.Popen(
            [sys.executable, "-c", STAGES], stdout=subprocess.PIPE, env={"TMPDIR": str(scratch)}
        ) as trainer,
        staging.staged(FILES) as own,
    ):
        left = Path(trainer.stdout.readline().decode().strip())
        assert staging.sweep() == 0
        trainer.kill()
        trainer.wait()

        assert staging.sweep() == 1
        assert not left.exists()
        assert Path(own).exists()
        assert theirs.exists()

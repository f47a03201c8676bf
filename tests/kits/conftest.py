"""Fixtures of the kits' tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from databoard import specific
from databoard.specific import events, problems, score_types, workflows
from tests.kits import small_kits

PACKAGES = {
    "problems": problems,
    "events": events,
    "workflows": workflows,
    "score_types": score_types,
}


@pytest.fixture
def problems_dir(tmp_path: Path) -> Path:
    """A folder of problems, with the ramp-kit ``flowers`` in it."""
    folder = tmp_path / "problems"
    small_kits.ramp_kit(folder)
    return folder


@pytest.fixture
def add_plugin(tmp_path: Path) -> Iterator[Callable[[str, str, str], None]]:
    """Write a module into ``databoard.specific``, as an organiser does, for one test."""
    before = set(sys.modules)
    for kind, package in PACKAGES.items():
        (tmp_path / "specific" / kind).mkdir(parents=True)
        package.__path__.append(str(tmp_path / "specific" / kind))

    def add(kind: str, name: str, text: str) -> None:
        (tmp_path / "specific" / kind / f"{name}.py").write_text(text)

    yield add
    for package in PACKAGES.values():
        package.__path__.pop()
    for name in set(sys.modules) - before:
        if name.startswith(f"{specific.__name__}."):
            sys.modules.pop(name)


@pytest.fixture
def irises(problems_dir: Path, add_plugin: Callable[[str, str, str], None]) -> str:
    """The name of a problem of the 2016 convention, as its authors wrote it."""
    add_plugin("problems", "irises", small_kits.PROBLEM_2016)
    add_plugin("events", "irises_test", small_kits.EVENT_2016)
    small_kits.write(
        problems_dir / "irises",
        {
            "data/raw/iris.csv": small_kits.table(80, 3),
            "starting_kit/classifier.py": small_kits.CLASSIFIER,
            "starting_kit/irises_test_ramp_staring_kit.py": "# Irises\n",
            "starting_kit/user_test_submission.py": "print('acc')\n",
            "deposited_submissions/kegl/rf/classifier.py": small_kits.CLASSIFIER,
            "deposited_submissions/kegl/rf/comments.txt": "good",
            "deposited_submissions/test/half/readme.txt": "no classifier here",
        },
    )
    return "irises"

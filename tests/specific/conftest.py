"""The shipped problems, prepared once in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from databoard.cli.populate import EVENTS

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped problems as they are in the repository: without prepared data."""
    folder = tmp_path_factory.mktemp("shipped") / "problems"
    left_out = shutil.ignore_patterns(
        "private", "public", "public_train*.csv", "external_data.csv", "*.zip", "__pycache__"
    )
    for problem in EVENTS.values():
        shutil.copytree(PROBLEMS / problem, folder / problem, ignore=left_out)
    return folder


@pytest.fixture(params=EVENTS.items(), ids=EVENTS)
def event(request: pytest.FixtureRequest) -> tuple[str, str]:
    """An event and its problem, each of those that ship."""
    return request.param

"""Installations with shipped problems."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from databoard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
#: What add_problem writes; a copy starts without.
PREPARED = shutil.ignore_patterns("train.csv", "test.csv", "public_*.csv", "*.zip")


def copy_problem(name: str, root: Path) -> None:
    """Put a shipped problem into an installation."""
    shutil.copytree(ROOT / "problems" / name, root / "problems" / name, ignore=PREPARED)


@pytest.fixture
def with_iris(settings: Settings) -> Settings:
    """Settings of an installation that has the folder of iris, and nothing in its database."""
    copy_problem("iris", settings.root)
    return settings

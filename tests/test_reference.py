"""The reference in docs/ is what the code says: make it again with tools/reference.py."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = runpy.run_path(str(ROOT / "tools" / "reference.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_up_to_date(name):
    page = ROOT / "docs" / "reference" / name

    assert page.read_text(encoding="utf-8") == PAGES[name](), "run: python tools/reference.py"

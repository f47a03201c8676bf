"""Every row of the original manual that this product keeps is cited by a test.

A test names its rows in a comment or docstring: ``checklist 30``, ``checklist 4, 5``,
``checklist 65-75``. What the rows are: install and database 1-11, problems and publishing 12-25,
tasks 26-44, running a server 45-64, pages and guarantees 65-80, variables 81.
"""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
CITED = re.compile(r"checklist ((?:\d+(?:-\d+)?(?:, | and )?)+)")


def rows_of(text: str) -> set[int]:
    rows: set[int] = set()
    for found in CITED.findall(text):
        for one in re.findall(r"\d+(?:-\d+)?", found):
            first, _, last = one.partition("-")
            rows |= set(range(int(first), int(last or first) + 1))
    return rows


def test_citations_are_read_with_lists_and_ranges():
    assert rows_of("# checklist 4, 5\n# checklist 65-67; W10\n(checklist 30)") == {
        4,
        5,
        65,
        66,
        67,
        30,
    }
    assert rows_of("(checklist 3 and 8)") == {3, 8}


def test_every_row_of_the_checklist_is_cited_by_a_test():
    others = (path for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    cited = {row for path in others for row in rows_of(path.read_text(encoding="utf-8"))}

    assert set(range(1, 82)) - cited == set()
    assert max(cited) == 81

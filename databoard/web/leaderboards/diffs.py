"""Two texts side by side, line by line."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: Equal lines that are kept around a change.
CONTEXT = 3
#: Comparing grows with the product of the lengths; beyond this the texts are shown as replaced.
MAX_LINES = 4000
#: And with how often their lines repeat, to the third power: after so many steps, a second,
#: what has not been compared is shown as replaced.
MAX_STEPS = 4_000_000


@dataclass(frozen=True)
class Line:
    """A line of the comparison.

    ``kind`` is "same", "changed", "removed", "added" or "skipped"; a number that is None means
    that the side has no such line. For a skipped part ``n_skipped`` lines are left out.
    """

    kind: str
    left: int | None = None
    right: int | None = None
    n_skipped: int = 0


def side_by_side(left: Sequence[str], right: Sequence[str]) -> list[Line]:
    """Pair the lines of two texts; numbers count from 1.

    >>> [(line.kind, line.left, line.right) for line in side_by_side(["a", "b"], ["a", "c", "d"])]
    [('same', 1, 1), ('changed', 2, 2), ('added', None, 3)]
    """
    lines: list[Line] = []
    for tag, i, i_end, j, j_end in _opcodes(left, right):
        if tag == "equal":
            lines += [Line("same", i + k + 1, j + k + 1) for k in range(i_end - i)]
            continue
        both = min(i_end - i, j_end - j)
        lines += [Line("changed", i + k + 1, j + k + 1) for k in range(both)]
        lines += [Line("removed", left=k + 1) for k in range(i + both, i_end)]
        lines += [Line("added", right=k + 1) for k in range(j + both, j_end)]
    return _fold(lines)


def _opcodes(left: Sequence[str], right: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    is_equal = list(left) == list(right)
    if is_equal or max(len(left), len(right)) > MAX_LINES:
        return [("equal" if is_equal else "replace", 0, len(left), 0, len(right))]
    return _Matcher(left, right).get_opcodes()


class _Matcher(difflib.SequenceMatcher[str]):
    """Looks for equal lines as long as its steps last."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self.left, self.n_left = left, MAX_STEPS
        self.n_in_right = Counter(right)
        super().__init__(None, left, right, autojunk=False)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        if self.n_left > 0:
            self.n_left -= sum(self.n_in_right[line] for line in self.left[alo:ahi])
        if self.n_left <= 0:
            return difflib.Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def _fold(lines: list[Line]) -> list[Line]:
    """Leave out what is equal and far from any change."""
    near = [False] * len(lines)
    for place, line in enumerate(lines):
        if line.kind != "same":
            span = range(max(0, place - CONTEXT), min(len(lines), place + CONTEXT + 1))
            for k in span:
                near[k] = True
    folded: list[Line] = []
    for is_near, line in zip(near, lines, strict=True):
        if is_near:
            folded.append(line)
        elif folded and folded[-1].kind == "skipped":
            folded[-1] = Line("skipped", n_skipped=folded[-1].n_skipped + 1)
        else:
            folded.append(Line("skipped", n_skipped=1))
    return folded


def is_same(lines: Sequence[Line]) -> bool:
    """Tell whether nothing differs."""
    return all(line.kind in ("same", "skipped") for line in lines)

"""Where the submissions of a board may truly stand, all that a board says of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain import rank_intervals as intervals
from databoard.domain.contests import Contest
from databoard.domain.statistics import Evidence, evidence_of_examples

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """What is known of one submission's place.

    Attributes
    ----------
    low, high : int
        Best and worst rank that it may truly have.
    tie_group : int
        Number of its band, 0 at the top.
    p_best : float
        Probability that it is truly the best.
    gap : float or None
        Difference of scores from which on it and the first of its band (for the first: the next
        below) would surely differ; None if it is alone on the board.
    """

    low: int
    high: int
    tie_group: int
    p_best: float
    gap: float | None


def standings(contest: Contest[Any], *, is_lower_the_better: bool) -> list[Standing]:
    """Find intervals, bands and chances of all submissions.

    Parameters
    ----------
    contest : Contest
    is_lower_the_better : bool

    Returns
    -------
    list of Standing
        In the order of the contest, best first.

    Examples
    --------
    >>> evidence = Evidence(np.array([0.9, 0.89, 0.5]), np.diag([0.01, 0.01, 0.01]) ** 2)
    >>> draws = intervals.draw(evidence, 1000, np.random.default_rng(0))
    >>> contest = Contest.of(evidence, draws, is_lower_the_better=False, keys="abc")
    >>> found = standings(contest, is_lower_the_better=False)
    >>> [(one.low, one.high, one.tie_group) for one in found]
    [(1, 2, 0), (1, 2, 0), (3, 3, 1)]
    """
    n, evidence = len(contest), contest.evidence
    if not n:
        return []
    found = intervals.intervals_of(contest)
    groups = intervals.tie_groups(found, evidence, is_lower_the_better=is_lower_the_better)
    chances = intervals.p_best(evidence, contest.draws, is_lower_the_better=is_lower_the_better)
    rivals = _rivals(groups.tolist())
    return [
        Standing(
            int(found.low[row]),
            int(found.high[row]),
            int(groups[row]),
            float(chances[row]),
            None if (rival := rivals.get(row)) is None else _gap(found, evidence, row, rival),
        )
        for row in range(n)
    ]


def _rivals(groups: list[int]) -> dict[int, int]:
    """Whom each is measured against: the first of its band, or, if it is that, the next below."""
    first: dict[int, int] = {}
    rivals: dict[int, int] = {}
    for row, group in enumerate(groups):
        leader = first.setdefault(group, row)
        if leader != row:
            rivals[row] = leader
        elif row + 1 < len(groups):
            rivals[row] = row + 1
    return rivals


def _gap(found: intervals.RankIntervals, evidence: Evidence, row: int, rival: int) -> float | None:
    gap = intervals.gap_needed(found, evidence, row, rival)
    return gap if np.isfinite(gap) else None


def paired(first: tuple[float, FloatArray], second: tuple[float, FloatArray]) -> Evidence | None:
    """Put two scores and their influences together; None if these are not of the same examples.

    Parameters
    ----------
    first, second : tuple of float and ndarray of shape (n_samples,)
    """
    if first[1].shape != second[1].shape or not len(first[1]):
        return None
    return evidence_of_examples(np.array([first[0], second[0]]), np.stack([first[1], second[1]]))

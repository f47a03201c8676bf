"""Order and ranks of a board.

The rule, in one place: better full-precision scores stand higher; scores that are equal at the
shown precision share a rank (1, 2, 2, 4), and among them the earlier submission is listed first.
What has no score never has a rank; what stands off-rank (a baseline, a late or a disqualified
submission) is listed where its score belongs and takes nobody's place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Entry:
    """What is ranked.

    Attributes
    ----------
    key : int
        Identifies the submission.
    team : int or str
        Identifies the team.
    score : float or None
        At full precision; None or NaN if there is none.
    submitted : datetime
        When it was submitted, which decides ties.
    off_rank : str
        Why it takes no rank ("baseline", "late", "disqualified"); empty if it takes one.
    """

    key: int
    team: int | str
    score: float | None
    submitted: datetime
    off_rank: str = ""

    @property
    def is_scored(self) -> bool:
        """Whether there is a score that can be ordered."""
        return self.score is not None and not math.isnan(self.score)


@dataclass(frozen=True)
class Row:
    """A line of the board: an entry and its rank, None if it takes none."""

    entry: Entry
    rank: int | None


def sort_key(
    score: float | None, *, is_lower_the_better: bool, precision: int | None = None
) -> float:
    """Turn a score into what orders a board: less stands higher, equal keys share a rank.

    Parameters
    ----------
    score : float or None
    is_lower_the_better : bool
    precision : int, optional

    Returns
    -------
    float
        Infinite if there is no score.

    Examples
    --------
    >>> sort_key(0.914, is_lower_the_better=False, precision=2)
    -0.91
    >>> sort_key(None, is_lower_the_better=False)
    inf
    """
    if score is None or math.isnan(score):
        return math.inf
    return _shown(score if is_lower_the_better else -score, precision)


def _shown(score: float, precision: int | None) -> float:
    # Python's round, as numpy's differs from what "%.2f" prints.
    return score if precision is None else round(score, precision)


def rank(
    entries: Iterable[Entry], *, is_lower_the_better: bool, precision: int | None = None
) -> list[Row]:
    """Order the entries of a board and give them their ranks.

    Parameters
    ----------
    entries : iterable of Entry
    is_lower_the_better : bool
    precision : int, optional
        Decimals that are shown; without it only identical scores share a rank.

    Returns
    -------
    list of Row
        Best first; what has no score at the end, in the order of submission.

    Examples
    --------
    >>> noon = datetime(2026, 1, 1, 12)
    >>> rows = rank(
    ...     [Entry(1, "a", 0.914, noon), Entry(2, "b", 0.911, noon), Entry(3, "c", 0.8, noon)],
    ...     is_lower_the_better=False, precision=2,
    ... )
    >>> [(row.entry.key, row.rank) for row in rows]
    [(1, 1), (2, 1), (3, 3)]
    """
    rows: list[Row] = []
    n_ranked, shared, last = 0, 0, math.nan
    kind: dict[str, Any] = {"is_lower_the_better": is_lower_the_better, "precision": precision}
    placed = [
        ((not e.is_scored, sort_key(e.score, **kind), e.submitted, e.key), e) for e in entries
    ]
    for (_, key, _, _), entry in sorted(placed, key=lambda pair: pair[0]):
        if not entry.is_scored or entry.off_rank:
            rows.append(Row(entry, None))
            continue
        n_ranked += 1
        if key != last:
            shared, last = n_ranked, key
        rows.append(Row(entry, shared))
    return rows


def ranks(
    scores: Sequence[float] | FloatArray,
    *,
    is_lower_the_better: bool,
    precision: int | None = None,
) -> IntArray:
    """Rank plain scores; equal ones at the shown precision share a rank.

    Parameters
    ----------
    scores : array-like of shape (n,)
        NaN where there is none.
    is_lower_the_better : bool
    precision : int, optional

    Returns
    -------
    ndarray of int of shape (n,)
        1 is best; 0 where there is no score.

    Examples
    --------
    >>> ranks([0.5, 0.9, float("nan"), 0.9], is_lower_the_better=False)
    array([3, 1, 0, 1])
    """
    sign = 1 if is_lower_the_better else -1
    shown = np.array([_shown(sign * float(score), precision) for score in scores], dtype=float)
    is_scored = ~np.isnan(shown)
    result = np.zeros(len(shown), dtype=np.int64)
    result[is_scored] = np.searchsorted(np.sort(shown[is_scored]), shown[is_scored]) + 1
    return result


def best_per_team(
    entries: Iterable[Entry], *, is_lower_the_better: bool, precision: int | None = None
) -> list[Entry]:
    """Choose each team's entry of the competition board: its first line of the whole board.

    A submission that takes no rank represents its team only if none of the team's does, so that
    a team whose only submission is late is still listed.

    Parameters
    ----------
    entries : iterable of Entry
    is_lower_the_better : bool
    precision : int, optional

    Returns
    -------
    list of Entry
        One per team that has a score, best first.
    """
    rows = rank(entries, is_lower_the_better=is_lower_the_better, precision=precision)
    chosen: dict[int | str, Entry] = {}
    for row in sorted(rows, key=lambda row: row.rank is None):
        if row.entry.is_scored:
            chosen.setdefault(row.entry.team, row.entry)
    keys = {entry.key for entry in chosen.values()}
    return [row.entry for row in rows if row.entry.key in keys]


def best_so_far(scores: Sequence[float] | FloatArray, *, is_lower_the_better: bool) -> FloatArray:
    """Follow the best score over time.

    Parameters
    ----------
    scores : array-like of shape (n,)
        In the order of submission; NaN where there is none.
    is_lower_the_better : bool

    Returns
    -------
    ndarray of shape (n,)
        The best score up to each submission; NaN before the first score.

    Examples
    --------
    >>> best_so_far([float("nan"), 0.7, 0.6, 0.8], is_lower_the_better=False)
    array([nan, 0.7, 0.7, 0.8])
    """
    follow = np.fmin if is_lower_the_better else np.fmax
    return np.asarray(follow.accumulate(np.asarray(scores, dtype=np.float64)))


def pareto_front(points: FloatArray, is_lower_the_better: Sequence[bool]) -> BoolArray:
    """Find the points that no other point beats in every respect.

    Parameters
    ----------
    points : ndarray of shape (n, n_criteria)
        Scores and, for instance, training times; a point with a NaN is never on the front.
    is_lower_the_better : sequence of bool of length n_criteria

    Returns
    -------
    ndarray of bool of shape (n,)
        True for points for which no other is at least as good everywhere and better somewhere.

    Examples
    --------
    >>> pareto_front(np.array([[0.9, 10.0], [0.8, 1.0], [0.8, 5.0]]), [False, True])
    array([ True,  True, False])
    """
    costs = np.where(list(is_lower_the_better), points, -np.asarray(points, dtype=np.float64))
    is_front = np.zeros(len(costs), dtype=bool)
    left = np.flatnonzero(~np.isnan(costs).any(axis=1))
    # In lexicographic order nothing is dominated by what comes after it.
    left = left[np.lexsort(costs[left].T[::-1])]
    while len(left):
        best = costs[left[0]]
        is_equal = (costs[left] == best).all(axis=1)
        is_front[left[is_equal]] = True
        left = left[~is_equal & (costs[left] < best).any(axis=1)]
    return is_front


def bar(key: float, best: float, middle: float, worst: float) -> float:
    """Say how far the bar of a score reaches: from 0 at the end of the scale to 1 at the best.

    Parameters
    ----------
    key : float
        As of `sort_key`: less is better.
    best, middle, worst : float
        The first, the median and the last key of the board. The scale ends at the worst, or, if
        few are far behind, at three times the way from the best to the median: scores that nobody
        competes with leave room for the differences that matter.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> [round(bar(key, -0.9, -0.8, 0.0), 2) for key in (-0.9, -0.75, -0.1)]
    [1.0, 0.5, 0.0]
    """
    end = min(worst, best + 3 * (middle - best)) if middle > best else worst
    if not math.isfinite(key):
        return 0.0
    if not best < end < math.inf:
        return 1.0 if key <= best else 0.0
    return min(1.0, max(0.0, (end - key) / (end - best)))

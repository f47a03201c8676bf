"""Ranks with their uncertainty: where a submission may truly stand.

Submission j is *surely better* than k when the difference of their scores, in units of its
standard error, exceeds a critical value that holds for all pairs at once. Whoever is surely
better stands above, whoever is surely worse below; what is left is the interval of the rank. This
covers the true rank of every submission together with the chosen probability, which overlapping
confidence intervals of the scores do not.

The critical value is the quantile of the largest studentised difference under the estimated
covariance, found by drawing; rejected pairs are dropped and the rest is tested again until
nothing more is rejected (stepdown).

References
----------
M. Mogstad, J. Romano, A. Shaikh, D. Wilhelm, "Inference for ranks with applications to mobility
across neighbourhoods and academic achievement across countries", Review of Economic Studies 91,
2024; algorithm 3.1 and its stepwise improvement. The R package csranks is the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain.contests import N_DRAWS, BoolArray, Contest, DrawArray, FloatArray
from databoard.domain.statistics import (
    LEVEL,
    Evidence,
    chances_of_best,
    difference_sd,
    square_root,
)

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class RankIntervals:
    """Where submissions may truly stand.

    Attributes
    ----------
    low, high : ndarray of int of shape (n_submissions,)
        Best and worst rank of the interval.
    is_better : ndarray of bool of shape (n_submissions, n_submissions)
        Whether the submission of the row is surely better than that of the column.
    critical : float
        Standard errors by which two scores must differ.
    """

    low: IntArray
    high: IntArray
    is_better: BoolArray
    critical: float


def draw(evidence: Evidence, n_draws: int, rng: np.random.Generator) -> DrawArray:
    """Draw errors of the scores from their estimated normal law.

    For paired examples this is the Gaussian multiplier bootstrap, drawn by its covariance: the
    same law at a cost that does not depend on the number of examples.

    Parameters
    ----------
    evidence : Evidence
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32 of shape (n_submissions, n_draws)
    """
    root = square_root(evidence.covariance)
    normal = rng.standard_normal((len(root), n_draws), dtype=np.float32)
    return np.asarray(root.astype(np.float32) @ normal)


def _order(evidence: Evidence, *, is_lower_the_better: bool) -> IntArray:
    sign = 1 if is_lower_the_better else -1
    return np.argsort(sign * evidence.scores, kind="stable")


def _better_by(evidence: Evidence) -> FloatArray:
    """Return how many errors each is better than each below it, best first."""
    sd = difference_sd(evidence.covariance)
    gap = np.abs(evidence.scores[:, None] - evidence.scores[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two that err alike differ surely or not at all.
        better_by = np.where(sd > 0, gap / sd, np.where(gap > 0, np.inf, 0.0))
    return np.triu(better_by, 1)


def _stepdown(
    better_by: FloatArray, critical_of: Callable[[BoolArray], float]
) -> tuple[BoolArray, float]:
    """Reject until nothing more is rejected; return who is surely better, and the last line."""
    n = len(better_by)
    is_open, critical = np.triu(np.ones((n, n), dtype=bool), 1), 0.0
    while is_open.any():
        critical = critical_of(is_open)
        rejected = is_open & (better_by > critical)
        if not rejected.any():
            break
        is_open &= ~rejected
    return np.triu(~is_open, 1), critical


def _of_pairs(is_better: BoolArray, critical: float) -> RankIntervals:
    n = len(is_better)
    return RankIntervals(1 + is_better.sum(axis=0), n - is_better.sum(axis=1), is_better, critical)


def intervals_of(contest: Contest[Any], *, level: float = LEVEL) -> RankIntervals:
    """Find intervals that cover the true ranks of all submissions of a contest together.

    Parameters
    ----------
    contest : Contest
    level : float
        Probability of covering all.

    Returns
    -------
    RankIntervals
        In the order of the contest, best first.
    """
    n = len(contest)

    def critical_of(is_open: BoolArray) -> float:
        if int(is_open.sum()) == n * (n - 1) // 2:
            return contest.critical(level)
        return contest.critical_of(is_open, level)

    return _of_pairs(*_stepdown(_better_by(contest.evidence), critical_of))


def _holm(n_hypotheses: int, level: float, dof: float) -> float:
    from scipy import stats

    return float(stats.t(dof).isf((1 - level) / max(1, n_hypotheses)))


def rank_intervals(
    evidence: Evidence,
    rng: np.random.Generator,
    *,
    is_lower_the_better: bool,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
) -> RankIntervals:
    """Find intervals that cover the true ranks of all submissions together.

    The cost grows with the square of the number of submissions times that of draws: some 0.1 s
    for 300 and 1,000. Of a larger board, pass each team's best.

    Parameters
    ----------
    evidence : Evidence
        With few degrees of freedom (folds) critical values are those of Holm's stepwise
        Bonferroni procedure with Student's law, as the errors of the errors then matter.
    rng : numpy.random.Generator
    is_lower_the_better : bool
    level : float
        Probability of covering all.
    n_draws : int

    Returns
    -------
    RankIntervals

    Examples
    --------
    >>> evidence = Evidence(np.array([0.9, 0.89, 0.5]), np.diag([0.01, 0.01, 0.01]) ** 2)
    >>> found = rank_intervals(evidence, np.random.default_rng(0), is_lower_the_better=False)
    >>> found.low.tolist(), found.high.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    order = _order(evidence, is_lower_the_better=is_lower_the_better)
    if math.isinf(evidence.dof):
        draws = draw(evidence, n_draws, rng)
        contest = Contest.of(
            evidence, draws, is_lower_the_better=is_lower_the_better, keys=range(len(order))
        )
        found = intervals_of(contest, level=level)
    else:
        found = _of_folds(evidence, order, level)
    is_better = np.empty_like(found.is_better)
    is_better[np.ix_(order, order)] = found.is_better
    return _of_pairs(is_better, found.critical)


def _of_folds(evidence: Evidence, order: IntArray, level: float) -> RankIntervals:
    """Find intervals by Holm's procedure, best first."""
    n = len(order)
    part = Evidence(evidence.scores[order], evidence.covariance[np.ix_(order, order)])

    def critical_of(is_open: BoolArray) -> float:
        return _holm(int(is_open.sum()) + n * (n - 1) // 2, level, evidence.dof)

    return _of_pairs(*_stepdown(_better_by(part), critical_of))


def marginal_interval(
    evidence: Evidence,
    row: int,
    draws: DrawArray,
    *,
    is_lower_the_better: bool,
    level: float = LEVEL,
) -> tuple[int, int]:
    """Find the interval that covers the true rank of one submission, chosen beforehand.

    Narrower than its simultaneous one; for a team that asks about its own submission.

    Parameters
    ----------
    evidence : Evidence
        With infinite degrees of freedom.
    row : int
        Index of the submission.
    draws : ndarray of float32 of shape (n_submissions, n_draws)
        From `draw`.
    is_lower_the_better : bool
    level : float

    Returns
    -------
    tuple of int
        Best and worst rank.
    """
    sign = 1 if is_lower_the_better else -1
    sd = difference_sd(evidence.covariance)[row]
    gap = sign * (evidence.scores - evidence.scores[row])
    with np.errstate(divide="ignore", invalid="ignore"):
        worse_by = np.where(sd > 0, gap / sd, np.where(gap == 0, 0.0, np.copysign(np.inf, gap)))
        inverse = np.where(sd > 0, 1 / sd, 0.0).astype(np.float32)
    errors = (sign * (draws - draws[row])) * inverse[:, None]
    is_worse = np.zeros(len(gap), dtype=bool)
    is_better = is_worse.copy()
    while True:
        # Each other submission brings two hypotheses: that it is at least as good as this one,
        # rejected if it is surely worse, and that it is at most as good.
        open_errors = np.concatenate([errors[~is_worse], -errors[~is_better]])
        critical = float(np.quantile(open_errors.max(axis=0), level))
        found = (worse_by > critical) & ~is_worse, (worse_by < -critical) & ~is_better
        if not (found[0].any() or found[1].any()):
            break
        is_worse |= found[0]
        is_better |= found[1]
    return 1 + int(is_better.sum()), len(gap) - int(is_worse.sum())


def p_best(
    evidence: Evidence, draws: DrawArray, *, is_lower_the_better: bool, n_best: int = 1
) -> FloatArray:
    """Return how probable it is that each submission is truly among the best.

    Parameters
    ----------
    evidence : Evidence
    draws : ndarray of float32 of shape (n_submissions, n_draws)
        From `draw`.
    is_lower_the_better : bool
    n_best : int
        1 for the best, 3 for the podium.

    Returns
    -------
    ndarray of shape (n_submissions,)
        Sums to `n_best` (or to the number of submissions, if these are fewer).
    """
    sign = 1 if is_lower_the_better else -1
    behind = sign * evidence.scores
    with np.errstate(over="ignore"):
        # From the best, before they lose precision: one that is far off must blur no other.
        behind = (behind - behind.min()).astype(np.float32)
    return chances_of_best(behind[:, None] + sign * draws, n_best)


def tie_groups(
    intervals: RankIntervals, evidence: Evidence, *, is_lower_the_better: bool
) -> IntArray:
    """Cut the board into bands whose members cannot be told from the band's first.

    Parameters
    ----------
    intervals : RankIntervals
    evidence : Evidence
    is_lower_the_better : bool

    Returns
    -------
    ndarray of int of shape (n_submissions,)
        Number of the band, 0 at the top; never decreasing down the board.
    """
    order = _order(evidence, is_lower_the_better=is_lower_the_better)
    groups = np.zeros(len(order), dtype=np.int64)
    first, group = 0, 0
    for place, row in enumerate(order):
        if intervals.is_better[order[first], row]:
            first, group = place, group + 1
        groups[row] = group
    return groups


def gap_needed(intervals: RankIntervals, evidence: Evidence, first: int, second: int) -> float:
    """Return the difference of scores from which on one would surely beat the other.

    Parameters
    ----------
    intervals : RankIntervals
    evidence : Evidence
    first, second : int
        Indices of submissions.

    Returns
    -------
    float
        In units of the score.
    """
    pair = np.ix_([first, second], [first, second])
    return intervals.critical * float(difference_sd(evidence.covariance[pair])[0, 1])

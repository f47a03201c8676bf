"""How much of a difference is noise.

`Evidence` says what is known about the scores of a board: the scores and the covariance of their
errors. It comes from paired per-example values where the score type decomposes over examples,
from scores of resampled predictions otherwise, or from folds with the correction for overlapping
training sets. Two submissions are compared here; whole boards in
`databoard.domain.rank_intervals`.

References
----------
C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEVEL = 0.95


class Verdict(StrEnum):
    """What a comparison of two submissions says of the first."""

    BETTER = "better"
    WORSE = "worse"
    NOISE = "within noise"


@dataclass(frozen=True)
class Evidence:
    """What is known about the scores of a board.

    Attributes
    ----------
    scores : ndarray of shape (n_submissions,)
    covariance : ndarray of shape (n_submissions, n_submissions)
        Of the errors of the scores.
    dof : float
        Degrees of freedom of the covariance; infinite when it comes from many examples.
    """

    scores: FloatArray
    covariance: FloatArray
    dof: float = math.inf


@dataclass(frozen=True)
class Comparison:
    """A difference of two scores, its interval and what it means.

    Attributes
    ----------
    difference : float
        First score minus second, in units of the score.
    low, high : float
        Confidence interval of the difference.
    p_value : float
        Two-sided, of no difference.
    verdict : Verdict
        About the first.
    """

    difference: float
    low: float
    high: float
    p_value: float
    verdict: Verdict


def evidence_of_examples(
    scores: FloatArray, moves: FloatArray, *, inflation: float = 1.0
) -> Evidence:
    """Estimate the errors of scores from what the examples contribute.

    Parameters
    ----------
    scores : ndarray of shape (n_submissions,)
    moves : ndarray of shape (n_submissions, n_samples)
        Centred influences of the examples, paired between submissions.
    inflation : float
        Factor of the variance: `overlap_inflation` if the predictions come from
        cross-validation, 1 for a test set.

    Returns
    -------
    Evidence
    """
    covariance = moves @ moves.T * (inflation * _unit(moves))
    return Evidence(np.asarray(scores, dtype=np.float64), covariance)


def covariances(moves: FloatArray, move: FloatArray) -> FloatArray:
    """Estimate the covariances of the errors of scores with that of one more.

    Parameters
    ----------
    moves : ndarray of shape (n_submissions, n_samples)
    move : ndarray of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_submissions,)
        Its row of the covariance in `evidence_of_examples`.
    """
    return np.asarray(moves @ move * _unit(moves))


def _unit(moves: FloatArray) -> float:
    n_samples = moves.shape[1]
    return 1.0 / float(n_samples * max(1, n_samples - 1))


def overlap_inflation(n_folds: int, n_train: float, n_test: float) -> float:
    """Return the factor by which overlapping training sets inflate a variance.

    The variance of a mean over folds is not ``s² / J`` but ``(1 / J + n_test / n_train) s²``.

    Parameters
    ----------
    n_folds : int
    n_train, n_test : float
        Sizes of the two parts of a fold, on average.

    Returns
    -------
    float

    References
    ----------
    Nadeau and Bengio 2003, section 3.

    Examples
    --------
    >>> overlap_inflation(10, 900, 100).__round__(3)
    2.111
    """
    return 1 + n_folds * n_test / n_train


def evidence_of_folds(fold_scores: FloatArray, n_train: float, n_test: float) -> Evidence:
    """Estimate the errors of mean scores from their spread over folds.

    Parameters
    ----------
    fold_scores : ndarray of shape (n_submissions, n_folds)
        At least two folds, the same for all.
    n_train, n_test : float
        Sizes of the two parts of a fold, on average.

    Returns
    -------
    Evidence
        With ``n_folds - 1`` degrees of freedom.

    Raises
    ------
    ValueError
        If there is but one fold.
    """
    n_folds = fold_scores.shape[1]
    if n_folds < 2:
        raise ValueError("One fold says nothing about the spread of scores.")
    spread = np.atleast_2d(np.cov(fold_scores))
    covariance = spread * (overlap_inflation(n_folds, n_train, n_test) / n_folds)
    return Evidence(fold_scores.mean(axis=1), covariance, n_folds - 1)


def evidence_of_resamples(scores: FloatArray, resampled: FloatArray) -> Evidence:
    """Estimate the errors of scores from scores of resampled predictions.

    Parameters
    ----------
    scores : ndarray of shape (n_submissions,)
    resampled : ndarray of shape (n_resamples, n_submissions)
        Each row scored on the same resampled examples (`resample`) for all submissions; a row
        with a NaN (a class that was not drawn, for instance) is left out.

    Returns
    -------
    Evidence

    Raises
    ------
    ValueError
        If fewer than 20 rows are usable.
    """
    usable = resampled[np.isfinite(resampled).all(axis=1)]
    if len(usable) < 20:
        raise ValueError(f"Only {len(usable)} resamples could be scored; that is too few.")
    covariance = np.atleast_2d(np.cov(usable, rowvar=False))
    return Evidence(np.asarray(scores, dtype=np.float64), covariance)


def resample(n_samples: int, n_resamples: int, rng: np.random.Generator) -> IntArray:
    """Draw examples with replacement, for scores that do not decompose.

    Parameters
    ----------
    n_samples, n_resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int of shape (n_resamples, n_samples)
    """
    return rng.integers(0, n_samples, (n_resamples, n_samples))


def resampled_scores(
    y_preds: FloatArray, score: Callable[[FloatArray, IntArray], float], rows: IntArray
) -> FloatArray:
    """Score all submissions on the same resampled examples.

    Parameters
    ----------
    y_preds : ndarray of shape (n_submissions, n_samples[, n_columns])
    score : callable
        Takes predictions of the drawn examples and their indices.
    rows : ndarray of int of shape (n_resamples, n_samples)
        From `resample`.

    Returns
    -------
    ndarray of shape (n_resamples, n_submissions)
    """
    return np.array([[score(y_pred[drawn], drawn) for y_pred in y_preds] for drawn in rows])


def difference_sd(covariance: FloatArray) -> FloatArray:
    """Return the standard errors of all differences of two scores.

    Parameters
    ----------
    covariance : ndarray of shape (n, n)

    Returns
    -------
    ndarray of shape (n, n)
        Zero where two submissions err alike to within rounding.
    """
    variance = np.diag(covariance)
    total = variance[:, None] + variance[None, :]
    squares = total - 2 * covariance
    return np.sqrt(np.where(squares > 1e-12 * total, squares, 0.0))


def square_root(covariance: FloatArray) -> FloatArray:
    """Factor a covariance so that errors can be drawn, also of submissions that err alike.

    Identical submissions make the matrix singular. A trillionth of each one's *own* variance makes
    it regular again: one that errs wildly does not blur the others, and two that differ little
    are not drawn apart. Where rounding has made the matrix indefinite all the same, what is
    negative in it counts as nothing.

    Parameters
    ----------
    covariance : ndarray of shape (n, n)

    Returns
    -------
    ndarray of shape (n, n)
        Times its transpose it is the covariance.

    Examples
    --------
    >>> square_root(np.full((2, 2), 4.0)).round(3).tolist()
    [[2.0, 0.0], [2.0, 0.0]]
    """
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    unit = np.where(sd > 0, sd, 1.0)
    correlation = covariance / unit[:, None] / unit
    try:
        root = np.linalg.cholesky(correlation + 1e-12 * np.eye(len(sd)))
    except np.linalg.LinAlgError:
        squares, directions = np.linalg.eigh(correlation)
        root = directions * np.sqrt(np.maximum(squares, 0.0))
    return np.asarray(sd[:, None] * root)


def chances_of_best(truths: NDArray[Any], n_best: int) -> FloatArray:
    """Return how often each is among the best so many; equals share what is left for them.

    Parameters
    ----------
    truths : ndarray of shape (n, n_draws)
        The lowest is the best.
    n_best : int

    Returns
    -------
    ndarray of shape (n,)
        Sums to `n_best`, or to n if that is less.

    Examples
    --------
    >>> chances_of_best(np.array([[1.0], [1.0], [2.0]]), 1).tolist()
    [0.5, 0.5, 0.0]
    """
    if len(truths) <= n_best:
        return np.ones(len(truths))
    last = np.partition(truths, n_best - 1, axis=0)[n_best - 1]
    surely, tied = truths < last, truths == last
    shares = (n_best - surely.sum(axis=0)) / tied.sum(axis=0)
    return np.asarray((surely + tied * shares).mean(axis=1))


@lru_cache(maxsize=64)
def _quantile(dof: float, level: float) -> float:
    """Quantile of Student's law; a board asks for the same one hundreds of times."""
    from scipy import stats

    return float((stats.norm if math.isinf(dof) else stats.t(dof)).ppf(level))


def compare(
    evidence: Evidence,
    first: int,
    second: int,
    *,
    is_lower_the_better: bool,
    level: float = LEVEL,
) -> Comparison:
    """Answer "is mine really better?" for two submissions, chosen beforehand.

    Parameters
    ----------
    evidence : Evidence
    first, second : int
        Indices of submissions.
    is_lower_the_better : bool
    level : float
        Of the confidence interval.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> evidence = Evidence(np.array([0.90, 0.80]), np.diag([0.01, 0.01]) ** 2)
    >>> found = compare(evidence, 0, 1, is_lower_the_better=False)
    >>> str(found.verdict), round(found.low, 3), round(found.high, 3)
    ('better', 0.072, 0.128)
    """
    from scipy import stats

    pair = np.ix_([first, second], [first, second])
    error = float(difference_sd(evidence.covariance[pair])[0, 1])
    difference = float(evidence.scores[first] - evidence.scores[second])
    margin = _quantile(evidence.dof, (1 + level) / 2) * error
    # Two that err alike differ surely or not at all.
    never = math.inf if difference else 0.0
    errors = abs(difference) / error if error else never
    p_value = math.erfc(errors / math.sqrt(2))
    if not math.isinf(evidence.dof):
        p_value = float(2 * stats.t(evidence.dof).sf(errors))
    if abs(difference) <= margin:
        verdict = Verdict.NOISE
    else:
        is_better = (difference < 0) == is_lower_the_better
        verdict = Verdict.BETTER if is_better else Verdict.WORSE
    return Comparison(difference, difference - margin, difference + margin, p_value, verdict)

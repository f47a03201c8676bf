"""Bagging over folds: what a submission predicts when its folds speak together.

The result equals combining the first k folds anew for every k, as ramp-workflow's
``get_score_cv_bags`` does, but costs one pass: running sums and counts.

References
----------
L. Breiman, "Bagging predictors", Machine Learning 24, 1996.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

EPSILON = 1e-15


@dataclass(frozen=True)
class Bag:
    """The average of the first folds.

    Attributes
    ----------
    y_pred : ndarray of shape (n_samples,) or (n_samples, n_columns)
        NaN where no fold has predicted the sample.
    is_valid : ndarray of bool of shape (n_samples,)
        Samples that at least one fold has predicted.
    """

    y_pred: FloatArray
    is_valid: BoolArray


def normalise(y_proba: FloatArray) -> FloatArray:
    """Clip probabilities to [1e-15, 1 - 1e-15] and make each row sum to one.

    Parameters
    ----------
    y_proba : ndarray of shape (..., n_classes)

    Returns
    -------
    ndarray of the same shape

    Examples
    --------
    >>> normalise(np.array([[0.0, 0.0], [3.0, 0.5]])).round(3)
    array([[0.5  , 0.5  ],
           [0.667, 0.333]])
    """
    clipped = np.clip(y_proba, EPSILON, 1 - EPSILON)
    return np.asarray(clipped / clipped.sum(axis=-1, keepdims=True))


def members(y_pred: FloatArray, *, is_multiclass: bool) -> FloatArray:
    """Bring predictions into the form in which they are averaged.

    Probabilities are clipped and normalised, anything else is averaged as it is.

    Parameters
    ----------
    y_pred : ndarray of shape (..., n_samples[, n_columns])
    is_multiclass : bool

    Returns
    -------
    ndarray of the same shape
    """
    return normalise(y_pred) if is_multiclass else y_pred


def bag_folds(
    y_preds: Sequence[FloatArray],
    held_out: Sequence[IntArray] | None = None,
    n_samples: int | None = None,
    *,
    is_multiclass: bool,
) -> Iterator[Bag]:
    """Average the predictions of a submission over its first 1, 2, ..., n folds.

    Parameters
    ----------
    y_preds : sequence of ndarray
        Predictions of each fold: of its held-out samples if `held_out` is given (valid bags),
        otherwise of all samples (test bags). Shape (n_rows,) or (n_rows, n_columns). NaN where a
        fold has no prediction.
    held_out : sequence of ndarray of int, optional
        Per fold the samples that it did not train on, in the order of its predictions.
    n_samples : int, optional
        Number of all samples; needed with `held_out`.
    is_multiclass : bool
        Whether rows are probabilities that are clipped and normalised before averaging.

    Yields
    ------
    Bag
        After each fold; the arrays are fresh.

    Raises
    ------
    ValueError
        If the lengths do not fit.

    Examples
    --------
    >>> folds = [np.array([1.0, 2.0]), np.array([4.0])]
    >>> held_out = [np.array([0, 1]), np.array([1])]
    >>> [bag.y_pred.tolist() for bag in bag_folds(folds, held_out, 3, is_multiclass=False)]
    [[1.0, 2.0, nan], [1.0, 3.0, nan]]
    """
    if (held_out is None) != (n_samples is None):
        raise ValueError("Bagging over held-out samples needs n_samples, other bagging does not.")
    if held_out is not None and len(held_out) != len(y_preds):
        raise ValueError(f"{len(y_preds)} folds of predictions, {len(held_out)} of samples.")
    sums: FloatArray | None = None
    for i, fold in enumerate(y_preds):
        values = members(np.asarray(fold, dtype=np.float64), is_multiclass=is_multiclass)
        if sums is None:
            sums = np.zeros((n_samples or len(values), *values.shape[1:]))
            counts = np.zeros(sums.shape, dtype=np.int64)
        where = slice(None) if held_out is None else held_out[i]
        spread = np.full(sums.shape, np.nan)
        spread[where] = values
        is_known = ~np.isnan(spread)
        sums[is_known] += spread[is_known]
        counts += is_known
        with np.errstate(invalid="ignore"):
            mean = sums / np.where(counts == 0, np.nan, counts)
        yield Bag(mean, ~np.isnan(mean if mean.ndim == 1 else mean[:, 0]))


def bagged_scores(
    bags: Iterator[Bag], score: Callable[[FloatArray, IntArray], float]
) -> list[float]:
    """Score the bag of the first 1, 2, ..., n folds.

    Parameters
    ----------
    bags : iterator of Bag
    score : callable
        Takes the predictions of the valid samples, of shape (n_valid,) or (n_valid, n_columns),
        and the indices of these samples, and returns the score.

    Returns
    -------
    list of float
        One score per number of folds.
    """
    return [score(bag.y_pred[bag.is_valid], np.flatnonzero(bag.is_valid)) for bag in bags]

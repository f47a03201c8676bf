"""Influences: how much each example moves each score.

Once a score is linearised, its error is the mean of its influences, and everything about noise is
products of matrices (`databoard.domain.statistics`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain.scoring import Decomposition, decompose

FloatArray = NDArray[np.float64]


def influences_of(
    decomposition: Decomposition, y_preds: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Linearise scores: how much each example moves each score.

    Parameters
    ----------
    decomposition : Decomposition
    y_preds : ndarray of shape (n_submissions, n_samples[, n_columns])

    Returns
    -------
    scores : ndarray of shape (n_submissions,)
    influences : ndarray of shape (n_submissions, n_samples)
        Centred, in units of the score; the error of a score is the mean of its influences
        (delta method).

    Examples
    --------
    >>> from databoard.domain.scoring import decompose
    >>> score, moves = influences_of(decompose("RMSE", np.zeros(2)), np.array([[3.0, 1.0]]))
    >>> moves.round(3)
    array([[ 0.894, -0.894]])
    """
    parts = decomposition.examples(y_preds)
    mean = parts.mean(axis=-1)
    step = 1e-6 * np.maximum(np.abs(mean), 1e-9)
    scores = decomposition.link(mean)
    slope = (decomposition.link(mean + step) - scores) / step
    return scores, np.asarray((parts - mean[:, None]) * slope[:, None])


def influences_of_auc(
    y_true: NDArray[np.bool_], y_scores: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Linearise areas under the ROC curve, which do not decompose but nearly.

    An example moves the area by the share of the examples of the other class on whose right side
    it stands (DeLong's structural components).

    Parameters
    ----------
    y_true : ndarray of bool of shape (n_samples,)
        Both classes must be there.
    y_scores : ndarray of shape (n_submissions, n_samples)

    Returns
    -------
    scores : ndarray of shape (n_submissions,)
    influences : ndarray of shape (n_submissions, n_samples)
        As from `influences_of`.

    Raises
    ------
    ValueError
        If there is but one class.

    References
    ----------
    E. DeLong, D. DeLong, D. Clarke-Pearson, "Comparing the areas under two or more correlated
    receiver operating characteristic curves", Biometrics 44, 1988.

    Examples
    --------
    >>> y_true = np.array([False, False, True, True])
    >>> influences_of_auc(y_true, np.array([[0.1, 0.4, 0.35, 0.8]]))[0]
    array([0.75])
    """
    from scipy.stats import rankdata

    n_true = int(np.count_nonzero(y_true))
    n_false = len(y_true) - n_true
    if not (n_true and n_false):
        raise ValueError("An area under the ROC curve needs examples of both classes.")
    # What an example's rank has more than its rank among its like is its place among the others.
    place = rankdata(y_scores, axis=1)
    place[:, y_true] -= rankdata(y_scores[:, y_true], axis=1)
    place[:, ~y_true] -= rankdata(y_scores[:, ~y_true], axis=1)
    share = np.where(y_true, place / n_false, 1 - place / n_true)
    scores = share[:, y_true].mean(axis=1)
    weight = np.where(y_true, len(y_true) / n_true, len(y_true) / n_false)
    return scores, (share - scores[:, None]) * weight


def moves_of(
    name: str,
    y_true: FloatArray,
    y_preds: FloatArray,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[FloatArray, FloatArray] | None:
    """Linearise scores of any score type for which that is known.

    Parameters
    ----------
    name : str
        Class name of the score type, as in ramp-workflow.
    y_true : ndarray of shape (n_samples[, n_columns])
        In the form of predictions.
    y_preds : ndarray of shape (n_submissions, n_samples[, n_columns])
    parameters : mapping, optional
        Attributes of the score type.

    Returns
    -------
    tuple of ndarray, or None
        Scores and influences; None if predictions must be resampled instead.
    """
    if name == "ROCAUC" and y_preds.ndim == 3 and y_preds.shape[-1] == 2:
        label = y_true.argmax(axis=-1) == 1
        return None if label.all() or not label.any() else influences_of_auc(label, y_preds[..., 1])
    decomposition = decompose(name, y_true, parameters)
    return None if decomposition is None else influences_of(decomposition, y_preds)

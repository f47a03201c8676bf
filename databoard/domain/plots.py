"""What plots of predictions show: counts in bins, never single rows.

Only held-out rows enter, and only sums leave: a plot is seen by the team, who must not read the
labels of rows from it (threats L12).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

N_BINS = 12
N_LEVELS = 10
#: More classes than this make no readable matrix.
MAX_CLASSES = 40
#: Differences of two numbers below it, and bins of such differences, do not overflow.
LARGEST = 1e300


def confusion(y_true: FloatArray, y_pred: FloatArray) -> list[list[int]]:
    """Count true classes (rows) against predicted ones (columns).

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_rows, n_classes)
        Indicators of the class, and probabilities.

    Examples
    --------
    >>> confusion(np.eye(2)[[0, 0, 1]], np.eye(2)[[0, 1, 1]])
    [[1, 1], [0, 1]]
    """
    n_classes = y_true.shape[1]
    pairs = y_true.argmax(axis=1) * n_classes + y_pred.argmax(axis=1)
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    return [[int(value) for value in row] for row in counts]


def reliability(y_true: FloatArray, y_pred: FloatArray) -> list[list[float]]:
    """Compare the probability of the predicted class with how often it is the true one.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_rows, n_classes)

    Returns
    -------
    list of [confidence, accuracy, n_rows]
        Mean per tenth of the confidence; tenths without rows are left out.

    Examples
    --------
    >>> reliability(np.eye(2)[[0, 1]], np.array([[0.75, 0.25], [0.75, 0.25]]))
    [[0.75, 0.5, 2]]
    """
    chosen = y_pred.argmax(axis=1)
    confidence = np.clip(y_pred.max(axis=1), 0.0, 1.0)
    is_right = y_true.argmax(axis=1) == chosen
    level = np.minimum((confidence * N_LEVELS).astype(int), N_LEVELS - 1)
    return [
        [float(confidence[rows].mean()), float(is_right[rows].mean()), int(rows.sum())]
        for rows in (level == i for i in range(N_LEVELS))
        if rows.any()
    ]


def agreement(y_true: FloatArray, y_pred: FloatArray) -> dict[str, Any]:
    """Count true values against predicted ones in bins of equal width.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_rows,)

    Returns
    -------
    dict
        ``edges`` of the bins of both axes, from the true values' 1st to 99th percentile with what
        lies beyond in the outer bins; ``counts[i][j]`` rows of true bin i and predicted bin j.
    """
    edges = _edges(y_true)
    counts, _, _ = np.histogram2d(
        np.clip(y_true, edges[0], edges[-1]), np.clip(y_pred, edges[0], edges[-1]), bins=edges
    )
    return {
        "edges": [float(edge) for edge in edges],
        "counts": [[int(value) for value in row] for row in counts],
    }


def residuals(y_true: FloatArray, y_pred: FloatArray) -> dict[str, Any]:
    """Count how far predictions are off (predicted minus true), in bins of equal width."""
    values = y_pred - y_true
    edges = _edges(values)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return {"edges": [float(edge) for edge in edges], "counts": [int(value) for value in counts]}


def _edges(values: FloatArray) -> FloatArray:
    low, high = np.percentile(values, [1, 99])
    if not high > low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, high, N_BINS + 1)


def draw(kind: str, y_true: FloatArray, y_pred: FloatArray) -> dict[str, Any]:
    """Sum predictions on held-out rows up for plots.

    Parameters
    ----------
    kind : {"multiclass", "regression", ...}
        Anything else has no plots.
    y_true, y_pred : ndarray of shape (n_rows, n_columns) or (n_rows,)
        Rows with a value that is not finite, or too large to subtract, are left out.

    Returns
    -------
    dict
        Ready for JSON; empty if there is nothing to draw.
    """
    if kind not in ("multiclass", "regression"):
        return {}
    columns = [np.asarray(values, dtype=np.float64) for values in (y_true, y_pred)]
    columns = [values.reshape(len(values), -1) for values in columns]
    is_good = np.all([(np.abs(values) < LARGEST).all(axis=1) for values in columns], axis=0)
    true, pred = (values[is_good] for values in columns)
    if not len(true) or true.shape != pred.shape:
        return {}
    if kind == "multiclass" and 2 <= true.shape[1] <= MAX_CLASSES:
        return {"confusion": confusion(true, pred), "reliability": reliability(true, pred)}
    if kind == "regression" and true.shape[1] == 1:
        true, pred = true[:, 0], pred[:, 0]
        return {"agreement": agreement(true, pred), "residuals": residuals(true, pred)}
    return {}

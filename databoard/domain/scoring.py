"""Scores that are averages over examples, for many submissions at once.

A score type is *decomposable* when its score is a function of the mean of one number per example:
``score = link(mean(parts))``. Then paired comparisons, resampling and blending are matrix sums.
Anything else (AUC, F1, a kit's own invention) is not decomposable and goes through its own
``score_function``.

A kit may give its own score type the name of a known one: `matches` tells whether a decomposition
really reproduces what the kit says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Map = Callable[[FloatArray], FloatArray]


def _same(values: FloatArray) -> FloatArray:
    return values


@dataclass(frozen=True)
class Votes:
    """Parts that depend on nothing but the largest column of a row.

    Attributes
    ----------
    label : ndarray of int of shape (n_samples,)
        The right column.
    hit, miss : ndarray of shape (n_samples,)
        The part of an example if the largest column is the right one, and if it is not.
    """

    label: IntArray
    hit: FloatArray
    miss: FloatArray

    def parts(self, y_pred: FloatArray) -> FloatArray:
        """Return one number per example."""
        return np.where(y_pred.argmax(axis=-1) == self.label, self.hit, self.miss)


@dataclass(frozen=True)
class Decomposition:
    """How a score type falls apart over the examples of one ground truth.

    Attributes
    ----------
    parts : callable
        Maps reduced predictions of shape (..., n_samples[, n_reduced]) to one number per
        example, shape (..., n_samples).
    reduce : callable
        A linear map from predictions (..., n_samples[, n_columns]) to what the parts need; the
        reduction of an average is the average of the reductions.
    link : callable
        Increasing map from means of parts to scores.
    slope : callable or None
        Derivative of the parts with respect to the reduced predictions, same shape as these, if
        parts are convex losses; None otherwise.
    votes : Votes or None
        What the parts are made of if they depend on the largest column of a row only.
    """

    parts: Map
    reduce: Map = _same
    link: Map = _same
    slope: Map | None = None
    votes: Votes | None = None

    def examples(self, y_pred: FloatArray) -> FloatArray:
        """Return one number per example.

        Parameters
        ----------
        y_pred : ndarray of shape (..., n_samples) or (..., n_samples, n_columns)
            Predictions of one submission or of many.

        Returns
        -------
        ndarray of shape (..., n_samples)
        """
        return self.parts(self.reduce(y_pred))

    def scores(self, y_pred: FloatArray) -> FloatArray:
        """Return the scores of one submission or of many.

        Parameters
        ----------
        y_pred : ndarray of shape (..., n_samples) or (..., n_samples, n_columns)

        Returns
        -------
        ndarray of shape (...)
        """
        return self.scores_of_reduced(self.reduce(y_pred))

    def scores_of_reduced(self, reduced: FloatArray) -> FloatArray:
        """Return the scores of predictions that `reduce` has been applied to."""
        return self.link(self.parts(reduced).mean(axis=-1))


def _by_votes(y_true: FloatArray, hit: FloatArray, miss: FloatArray, link: Map) -> Decomposition:
    votes = Votes(y_true.argmax(axis=-1), hit, miss)
    return Decomposition(votes.parts, link=link, votes=votes)


def _accuracy(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition:
    return _by_votes(y_true, np.ones(len(y_true)), np.zeros(len(y_true)), _same)


def _classification_error(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition:
    return _by_votes(y_true, np.zeros(len(y_true)), np.ones(len(y_true)), _same)


def _balanced_accuracy(y_true: FloatArray, parameters: Mapping[str, Any]) -> Decomposition:
    """Weigh each hit by the rarity of its class; classes without an example do not count."""
    label = y_true.argmax(axis=-1)
    counts = np.bincount(label, minlength=y_true.shape[-1])
    n_classes = np.count_nonzero(counts)
    weight = len(label) / (n_classes * counts[label])
    chance = 1 / n_classes if parameters.get("adjusted", True) else 0.0
    return _by_votes(
        y_true, weight, np.zeros(len(label)), lambda mean: (mean - chance) / (1 - chance)
    )


def _negative_log_likelihood(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition:
    epsilon = float(np.finfo(np.float64).eps)
    label = y_true.argmax(axis=-1)[:, None]

    def reduce(y_pred: FloatArray) -> FloatArray:
        index = np.broadcast_to(label, (*y_pred.shape[:-1], 1))
        return np.ascontiguousarray(np.take_along_axis(y_pred, index, axis=-1)[..., 0])

    return Decomposition(
        parts=lambda p: -np.log(np.clip(p, epsilon, 1 - epsilon)),
        reduce=reduce,
        slope=lambda p: -1 / np.clip(p, epsilon, 1 - epsilon),
    )


def _brier(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition | None:
    if y_true.shape[-1] != 2:
        return None
    truth = y_true.argmax(axis=-1).astype(np.float64)
    return Decomposition(
        parts=lambda p: (p - truth) ** 2,
        reduce=lambda y_pred: np.ascontiguousarray(y_pred[..., 1]),
        slope=lambda p: 2 * (p - truth),
    )


def _over_targets(values: FloatArray, y_true: FloatArray) -> FloatArray:
    """Average over the targets of a multi-target regression, if there are several."""
    return values if y_true.ndim == 1 else np.asarray(values.mean(axis=-1))


def _squared(scale: Map) -> Callable[[FloatArray, Mapping[str, Any]], Decomposition]:
    """Make the root of the mean squared error in units of `scale` of the truth."""

    def build(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition:
        unit = scale(y_true)
        width = 1 if y_true.ndim == 1 else y_true.shape[-1]
        return Decomposition(
            parts=lambda y_pred: _over_targets(((y_true - y_pred) / unit) ** 2, y_true),
            link=np.sqrt,
            slope=lambda y_pred: 2 * (y_pred - y_true) / (unit**2 * width),
        )

    return build


def _absolute(scale: Map) -> Callable[[FloatArray, Mapping[str, Any]], Decomposition]:
    """Make the mean absolute error in units of `scale` of the truth."""

    def build(y_true: FloatArray, _: Mapping[str, Any]) -> Decomposition:
        unit = scale(y_true)
        width = 1 if y_true.ndim == 1 else y_true.shape[-1]
        return Decomposition(
            parts=lambda y_pred: _over_targets(np.abs((y_true - y_pred) / unit), y_true),
            slope=lambda y_pred: np.sign(y_pred - y_true) / (np.abs(unit) * width),
        )

    return build


_REGISTRY: dict[str, Callable[[FloatArray, Mapping[str, Any]], Decomposition | None]] = {
    "Accuracy": _accuracy,
    "ClassificationError": _classification_error,
    "BalancedAccuracy": _balanced_accuracy,
    "NegativeLogLikelihood": _negative_log_likelihood,
    "BrierScore": _brier,
    "RMSE": _squared(np.ones_like),
    "NormalizedRMSE": _squared(lambda y_true: np.full_like(y_true, np.std(y_true))),
    "RelativeRMSE": _squared(_same),
    "MARE": _absolute(_same),
    "MAE": _absolute(np.ones_like),
}

_OF_CLASSES = {
    "Accuracy",
    "ClassificationError",
    "BalancedAccuracy",
    "NegativeLogLikelihood",
    "BrierScore",
}

#: Class names of the score types that may be decomposable.
DECOMPOSABLE = frozenset(_REGISTRY)


def decompose(
    name: str, y_true: FloatArray, parameters: Mapping[str, Any] | None = None
) -> Decomposition | None:
    """Find how a score type falls apart over examples.

    Parameters
    ----------
    name : str
        Class name of the score type, as in ramp-workflow: "Accuracy", "RMSE", ...
    y_true : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Ground truth in the form of predictions: one-hot rows for classes.
    parameters : mapping, optional
        Attributes of the score type, where they matter (``vars(score_type)``).

    Returns
    -------
    Decomposition or None
        None if the score type is not decomposable on this ground truth.

    Examples
    --------
    >>> accuracy = decompose("Accuracy", np.eye(2)[[0, 1, 1]])
    >>> accuracy.scores(np.array([[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]])).round(3)
    array([0.667])
    >>> decompose("ROCAUC", np.eye(2)) is None
    True
    """
    build, y_true = _REGISTRY.get(name), np.asarray(y_true, dtype=np.float64)
    if build is None or (name in _OF_CLASSES and not _is_one_hot(y_true)):
        return None
    return build(y_true, parameters or {})


def _is_one_hot(y_true: FloatArray) -> bool:
    """Tell single labels from values and from several labels per example."""
    return y_true.ndim == 2 and y_true.shape[1] > 1 and bool((y_true.max(axis=1) == 1).all())


def matches(
    decomposition: Decomposition, y_pred: FloatArray, score: float, tolerance: float = 1e-9
) -> bool:
    """Tell whether a decomposition gives the score that the kit's own score type gave.

    Parameters
    ----------
    decomposition : Decomposition
    y_pred : ndarray of shape (n_samples,) or (n_samples, n_columns)
    score : float
        What the kit says about `y_pred`.
    tolerance : float
        Relative above 1, absolute below.
    """
    ours = float(decomposition.scores(np.asarray(y_pred, np.float64)))
    return math.isfinite(score) and bool(abs(ours - score) <= tolerance * max(1.0, abs(score)))

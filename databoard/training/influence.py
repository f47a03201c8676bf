"""How much each example moves the scores of a submission; computed beside the labels.

Covariances of errors are products of these vectors, so whoever has them (the trainer, the web)
needs no label to say how much of a difference is noise. Where a score type does not fall apart
over examples, the scores of resampled predictions take their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain.influences import moves_of
from databoard.domain.statistics import overlap_inflation
from databoard.training.closed_forms import Quick

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Score = Callable[[Any, Any], float]

N_RESAMPLES = 200
#: Relative difference between the kit's score and ours from which on ours is not taken.
TOLERANCE = 1e-9


class Influence:
    """The influences on the official score of an event.

    Parameters
    ----------
    score_type : object
        Of the kit.
    make : callable
        Makes the kit's ``Predictions`` of an array.
    y_train, y_test : ndarray or None
        Truth in the form of predictions.
    folds : sequence of (ndarray, ndarray)
        Rows to train on and held out.
    """

    def __init__(
        self,
        score_type: Any,
        make: Callable[[Any], Any],
        y_train: Any,
        y_test: Any | None,
        folds: Sequence[tuple[IntArray, IntArray]],
    ) -> None:
        self._type, self._make = score_type, make
        self._quick = Quick(score_type)
        self._y_train, self._y_test = y_train, y_test
        self._held_out = [valid for _, valid in folds]
        self._inflation = overlap_inflation(
            len(folds),
            float(np.mean([len(train) for train, _ in folds])),
            float(np.mean([len(valid) for _, valid in folds])),
        )

    def of(
        self,
        trains: Sequence[Any],
        tests: Sequence[Any],
        bagged: Mapping[str, tuple[Any, IntArray]],
    ) -> dict[str, FloatArray]:
        """Return the influences of a submission, by board and way of ranking.

        Parameters
        ----------
        trains, tests : sequence of ndarray
            Predictions of each fold on all training and all test rows.
        bagged : mapping
            By step ("valid", "test") the bagged predictions and the rows that they are of.

        Returns
        -------
        dict
            Vectors in units of the score; those of cross-validation are inflated for overlapping
            training sets, so that ``evidence_of_examples`` needs no factor.
        """
        n = len(self._y_train)
        found = {
            "public_bagged": self._bagged(self._y_train, *bagged["valid"]),
            "public_mean": self._mean(
                self._y_train, [(trains[i][rows], rows) for i, rows in enumerate(self._held_out)], n
            ),
        }
        found = {name: vector * np.sqrt(self._inflation) for name, vector in found.items()}
        if self._y_test is not None and "test" in bagged:
            rows = np.arange(len(self._y_test))
            found["private_bagged"] = self._bagged(self._y_test, *bagged["test"])
            found["private_mean"] = self._mean(
                self._y_test, [(test, rows) for test in tests], len(rows)
            )
        return found

    def _bagged(self, truth: Any, y_pred: Any, rows: IntArray) -> FloatArray:
        moves = self._moves(truth[rows], y_pred)
        return self._resampled(truth[rows], y_pred, 0) if moves is None else moves

    def _mean(self, truth: Any, parts: Sequence[tuple[Any, IntArray]], n: int) -> FloatArray:
        """Average over folds: an example that is held out twice counts twice."""
        total = np.zeros(n)
        for y_pred, rows in parts:
            moves = self._moves(truth[rows], y_pred)
            if moves is None:
                vectors = [
                    self._resampled(truth[held], one, number)
                    for number, (one, held) in enumerate(parts)
                ]
                return np.asarray(np.mean(vectors, axis=0))
            # A row may be held out twice by one fold.
            np.add.at(total, rows, moves * (n / (len(parts) * len(rows))))
        return total

    def _moves(self, truth: Any, y_pred: Any) -> FloatArray | None:
        """Linearise the score; None if it does not decompose, or not as the kit computes it."""
        if any(np.asarray(values).dtype.kind not in "fiub" for values in (truth, y_pred)):
            return None
        found = moves_of(
            type(self._type).__name__, truth, np.asarray(y_pred)[None], vars(self._type)
        )
        if found is None:
            return None
        score = self._score(truth, y_pred)
        if abs(float(found[0][0]) - score) > TOLERANCE * max(1.0, abs(score)):
            return None
        return np.asarray(found[1][0], dtype=np.float64)

    def _score(self, truth: Any, y_pred: Any) -> float:
        return self._quick(self._make(truth), self._make(y_pred))

    def _resampled(self, truth: Any, y_pred: Any, number: int) -> FloatArray:
        """Score the same resampled examples for every submission.

        Their spread is an error itself, not the mean of many: hence the root.
        """
        rng = np.random.default_rng(number)
        draws = rng.integers(0, len(truth), (N_RESAMPLES, len(truth)))
        scores = np.array([self._tried(truth[rows], y_pred[rows]) for rows in draws])
        known = np.isfinite(scores)
        if not known.any():
            return np.zeros(N_RESAMPLES)
        centred = np.where(known, scores - scores[known].mean(), 0.0)
        return np.asarray(centred * np.sqrt(N_RESAMPLES * N_RESAMPLES / known.sum()))

    def _tried(self, truth: Any, y_pred: Any) -> float:
        """Score; NaN where the kit's score fails on what was drawn (a class that is missing)."""
        try:
            return self._score(truth, y_pred)
        except Exception:
            return float("nan")

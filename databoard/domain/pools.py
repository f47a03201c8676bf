"""Candidates of a blend, and how the best addition is found among them.

- A running sum replaces combining all members anew for every candidate.
- Decomposable scores are computed for many candidates at once.
- A convex loss lies above its tangent, so one matrix-vector product bounds what every candidate
  can reach, and only those that might win are computed.
- A row whose leading class cannot be overtaken by one more vote needs no second look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from databoard.domain.bagging import members as as_members
from databoard.domain.scoring import Decomposition, Votes

FloatArray = NDArray[np.float64]

#: Rounding errors that a bound may have, relative to the numbers at hand.
SLACK = 1e-10
#: Candidates that are scored together; keeps a block in the processor's cache.
BLOCK = 16


class Pool(Protocol):
    """Candidates, and the combination of those selected so far."""

    n_candidates: int

    def start_score(self, candidate: int) -> float:
        """Score a candidate alone, as it was submitted."""

    def add(self, candidate: int) -> None:
        """Add a candidate to the combination."""

    def score(self) -> float:
        """Score the combination."""

    def score_with(self, candidate: int) -> float:
        """Score the combination with one more member, without adding it."""

    def best_addition(self, to_beat: float, sign: int) -> tuple[int, float] | None:
        """Find the candidate whose addition gives the best score, if it beats `to_beat`.

        The first of equals wins. `sign` is 1 where lower is better, -1 where higher is.
        """


def _scan(pool: Pool, to_beat: float, sign: int) -> tuple[int, float] | None:
    best: tuple[int, float] | None = None
    for candidate in range(pool.n_candidates):
        score = pool.score_with(candidate)
        if sign * score < sign * to_beat:
            best, to_beat = (candidate, score), score
    return best


class CombinedPool:
    """Candidates of any kind, combined and scored by what the kit brings.

    Parameters
    ----------
    n_candidates : int
    score_alone : callable
        Takes an index, returns the score of that candidate as it was submitted.
    score_together : callable
        Takes indices in the order of selection, returns the score of their combination.
    """

    def __init__(
        self,
        n_candidates: int,
        score_alone: Callable[[int], float],
        score_together: Callable[[Sequence[int]], float],
    ) -> None:
        self.n_candidates = n_candidates
        self.selected: list[int] = []
        self._score_alone = score_alone
        self._score_together = score_together

    def start_score(self, candidate: int) -> float:
        """Score a candidate alone."""
        return self._score_alone(candidate)

    def add(self, candidate: int) -> None:
        """Add a candidate to the combination."""
        self.selected.append(candidate)

    def score(self) -> float:
        """Score the combination."""
        return self._score_together(self.selected)

    def score_with(self, candidate: int) -> float:
        """Score the combination with one more member."""
        return self._score_together([*self.selected, candidate])

    def best_addition(self, to_beat: float, sign: int) -> tuple[int, float] | None:
        """Find the best addition by trying all."""
        return _scan(self, to_beat, sign)


class MeanPool:
    """Candidates that are averaged, with any score.

    Parameters
    ----------
    y_preds : ndarray of shape (n_candidates, n_samples) or (n_candidates, n_samples, n_columns)
        What the candidates predict on the same held-out samples.
    score : callable
        Takes predictions of shape (n_samples,) or (n_samples, n_columns).
    is_multiclass : bool
        Whether members are clipped and normalised before averaging.
    """

    def __init__(
        self,
        y_preds: FloatArray,
        score: Callable[[FloatArray], float],
        *,
        is_multiclass: bool,
    ) -> None:
        self.n_candidates = len(y_preds)
        self._raw = y_preds
        self._score = score
        self._members = as_members(y_preds, is_multiclass=is_multiclass)
        self._sum = np.zeros(y_preds.shape[1:])
        self._size = 0

    def start_score(self, candidate: int) -> float:
        """Score a candidate alone."""
        return float(self._score(self._raw[candidate]))

    def add(self, candidate: int) -> None:
        """Add a candidate to the combination."""
        self._sum = self._sum + self._members[candidate]
        self._size += 1

    def score(self) -> float:
        """Score the combination."""
        return float(self._score(self._sum / self._size))

    def score_with(self, candidate: int) -> float:
        """Score the combination with one more member."""
        return float(self._score((self._sum + self._members[candidate]) / (self._size + 1)))

    def best_addition(self, to_beat: float, sign: int) -> tuple[int, float] | None:
        """Find the best addition by trying all."""
        return _scan(self, to_beat, sign)


class DecomposablePool:
    """Candidates that are averaged, with a decomposable score: the fast one.

    Parameters
    ----------
    y_preds : ndarray of shape (n_candidates, n_samples) or (n_candidates, n_samples, n_columns)
    decomposition : Decomposition
    is_multiclass : bool
    """

    def __init__(
        self, y_preds: FloatArray, decomposition: Decomposition, *, is_multiclass: bool
    ) -> None:
        self.n_candidates = len(y_preds)
        self._way = decomposition
        self._is_multiclass = is_multiclass
        self._start: list[float] = _blockwise(y_preds, decomposition.scores).tolist()
        # Twice the room: memory that is not written to costs nothing, and appending no copy.
        first = self._reduce(y_preds[:1])
        self._store = np.empty((2 * len(y_preds) + 8, *first.shape[1:]))
        self._largest = np.zeros(0)
        self._lowest = np.full(self._store.shape[1], np.inf)
        self._highest = -self._lowest
        for i in range(0, len(y_preds), BLOCK):
            block = self._reduce(y_preds[i : i + BLOCK])
            self._store[i : i + len(block)] = block
            self._note(block)
        self.restart()

    @property
    def _members(self) -> FloatArray:
        return self._store[: self.n_candidates]

    def _reduce(self, y_preds: FloatArray) -> FloatArray:
        return self._way.reduce(as_members(y_preds, is_multiclass=self._is_multiclass))

    def _note(self, members: FloatArray) -> None:
        """Remember the extremes that members may reach."""
        largest = np.abs(members).reshape(len(members), -1).max(axis=1)
        self._largest = np.append(self._largest, largest)
        if self._way.votes is not None:
            self._lowest = np.minimum(self._lowest, members.min(axis=(0, 2)))
            self._highest = np.maximum(self._highest, members.max(axis=(0, 2)))

    def append(self, y_pred: FloatArray) -> None:
        """Add a candidate to the pool; the combination stays as it is.

        Parameters
        ----------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_columns)
        """
        if self.n_candidates == len(self._store):
            room = np.empty((self.n_candidates, *self._store.shape[1:]))
            self._store = np.concatenate([self._store, room])
        member = self._reduce(y_pred[None])
        self._store[self.n_candidates] = member[0]
        self._start.append(float(self._way.scores(y_pred)))
        self.n_candidates += 1
        self._note(member)

    def restart(self) -> None:
        """Empty the combination; the candidates stay."""
        self._sum = np.zeros(self._store.shape[1:])
        self._size = 0

    def start_score(self, candidate: int) -> float:
        """Score a candidate alone."""
        return self._start[candidate]

    def add(self, candidate: int) -> None:
        """Add a candidate to the combination."""
        self._sum = self._sum + self._members[candidate]
        self._size += 1

    def score(self) -> float:
        """Score the combination."""
        return self._link(self._way.parts(self._sum / self._size).mean())

    def score_with(self, candidate: int) -> float:
        """Score the combination with one more member."""
        mean = (self._sum + self._members[candidate]) / (self._size + 1)
        return self._link(self._way.parts(mean).mean())

    def best_addition(self, to_beat: float, sign: int) -> tuple[int, float] | None:
        """Find the best addition: by bounds, by undecided rows, or by trying all in blocks."""
        if self._way.slope is not None and sign == 1:
            return self._by_bounds(to_beat, self._way.slope)
        scores = self._all() if self._way.votes is None else self._by_rows(self._way.votes)
        # argmin takes the first of equals, as the scan does.
        best = int(np.argmin(sign * scores))
        return (best, float(scores[best])) if sign * scores[best] < sign * to_beat else None

    def _link(self, mean: np.float64) -> float:
        return float(self._way.link(np.asarray(mean)))

    def _all(self) -> FloatArray:
        def score(block: FloatArray) -> FloatArray:
            return self._way.scores_of_reduced((self._sum + block) / (self._size + 1))

        return _blockwise(self._members, score)

    def _by_bounds(
        self, to_beat: float, slope: Callable[[FloatArray], FloatArray]
    ) -> tuple[int, float] | None:
        """Try candidates in the order of what they can reach at best.

        With the mean s of m members and a candidate p, convex parts f satisfy
        f(s + (p - s) / (m + 1)) >= f(s) + f'(s) (p - s) / (m + 1).
        """
        mean = self._sum / self._size
        gradient = slope(mean).ravel() / (len(mean) * (self._size + 1))
        drop = self._members.reshape(self.n_candidates, -1) @ gradient - gradient @ mean.ravel()
        now = self._way.parts(mean).mean()
        # Each by its own size: one that is far off must not have all others looked at.
        largest = np.maximum(self._largest, np.abs(mean).max())
        slack = SLACK * (abs(now) + np.abs(gradient).sum() * largest)
        bounds = self._way.link(np.maximum(now + drop - slack, 0.0))
        best: tuple[int, float] | None = None
        for candidate in np.argsort(bounds, kind="stable").tolist():
            if bounds[candidate] > to_beat:
                break
            score = self.score_with(candidate)
            is_first_of_equals = best is not None and score == to_beat and candidate < best[0]
            if score < to_beat or is_first_of_equals:
                best, to_beat = (candidate, score), score
        return best

    def _by_rows(self, votes: Votes) -> FloatArray:
        """Recompute only the rows that one more member can turn.

        A leading column that is ahead by more than the span of what members say of a row stays
        ahead.
        """
        top = np.partition(self._sum, -2, axis=-1)
        rows = np.flatnonzero(
            top[:, -1] - top[:, -2]
            <= self._highest - self._lowest + SLACK * (1 + self._largest.max())
        )
        settled = self._way.parts(self._sum)
        settled[rows] = 0.0
        base, sums = settled.sum(), self._sum[rows]
        label, hit, miss = votes.label[rows], votes.hit[rows], votes.miss[rows]

        def score(block: FloatArray) -> FloatArray:
            means = block[:, rows] if len(rows) < len(settled) else block.copy()
            means += sums
            means /= self._size + 1
            parts = np.where(means.argmax(axis=-1) == label, hit, miss)
            return self._way.link((base + parts.sum(axis=-1)) / len(settled))

        return _blockwise(self._members, score)


def _blockwise(array: FloatArray, function: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Apply a function to a few candidates at a time, which keeps temporaries small."""
    blocks = [function(array[i : i + BLOCK]) for i in range(0, len(array), BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0)

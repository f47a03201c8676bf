"""A board pair by pair, kept up to date as submissions arrive.

What rank intervals need of a board is the largest studentised difference between each submission
and all that stand above it, in every draw of the errors. A newcomer adds its own and is compared
once with those below; who falls off the end takes along nothing that others need. So one more
submission costs one row of pairs instead of all, and the result is that of all.

For this an error is drawn from the submission alone: the Gaussian multiplier bootstrap, with the
same multipliers of the examples for everybody.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from databoard.domain.statistics import Evidence, difference_sd

FloatArray = NDArray[np.float64]
#: Draws need no more than single precision, and are twice as fast with it.
DrawArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

Key = TypeVar("Key", bound=Hashable)

N_DRAWS = 1000
#: More examples are first added up in so many groups, with signs drawn at random: that keeps the
#: lengths of differences to within about a sixtieth of them.
MAX_GROUPS = 2048


@lru_cache(maxsize=2)
def _multipliers(n_samples: int, n_draws: int) -> DrawArray:
    rng = np.random.default_rng(n_samples)
    return rng.standard_normal((n_samples, n_draws), dtype=np.float32)


def multiplied(moves: FloatArray, n_draws: int = N_DRAWS) -> DrawArray:
    """Draw errors of scores by the Gaussian multiplier bootstrap.

    A row of the result follows from the same row of the moves only.

    Parameters
    ----------
    moves : ndarray of shape (n_submissions, n_samples)
        Centred influences of the examples.
    n_draws : int

    Returns
    -------
    ndarray of float32 of shape (n_submissions, n_draws)
        Of the law of `databoard.domain.statistics.evidence_of_examples`.
    """
    n_samples = moves.shape[1]
    unit = 1 / np.sqrt(n_samples * max(1, n_samples - 1))
    if n_samples > MAX_GROUPS:
        signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), n_samples)
        starts = np.linspace(0, n_samples, MAX_GROUPS, endpoint=False).astype(np.int64)
        moves = np.add.reduceat(moves * signs, starts, axis=1)
    multipliers = _multipliers(moves.shape[1], n_draws)
    return np.asarray((moves * unit).astype(np.float32) @ multipliers)


@dataclass(frozen=True)
class Contest(Generic[Key]):
    """The submissions of a board with the differences of their drawn errors, best first.

    Attributes
    ----------
    keys : tuple
        Of the submissions.
    evidence : Evidence
        With infinite degrees of freedom.
    draws : ndarray of float32 of shape (n_submissions, n_draws)
        Errors of the scores.
    ahead, behind : ndarray of float32 of shape (n_submissions, n_draws)
        Largest studentised difference by which a better submission is drawn ahead of this one,
        and behind it; zero if none is.
    """

    keys: tuple[Key, ...]
    evidence: Evidence
    draws: DrawArray
    ahead: DrawArray
    behind: DrawArray

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        draws: DrawArray,
        *,
        is_lower_the_better: bool,
        keys: Sequence[Key],
    ) -> Contest[Key]:
        """Compare all pairs.

        Parameters
        ----------
        evidence : Evidence
        draws : ndarray of float32 of shape (n_submissions, n_draws)
        is_lower_the_better : bool
        keys : sequence
            Of the rows of the evidence.
        """
        sign = 1 if is_lower_the_better else -1
        order = np.argsort(sign * evidence.scores, kind="stable")
        evidence = Evidence(evidence.scores[order], evidence.covariance[np.ix_(order, order)])
        draws = draws[order]
        inverse = _inverse(difference_sd(evidence.covariance))
        ahead, behind = np.zeros((2, *draws.shape), dtype=np.float32)
        buffer = np.empty_like(draws)
        for row in range(1, len(draws)):
            block = np.subtract(draws[:row], draws[row], out=buffer[:row])
            np.multiply(block, inverse[row, :row, None], out=block)
            np.maximum(0, block.max(axis=0), out=ahead[row])
            np.maximum(0, -block.min(axis=0), out=behind[row])
        return cls(tuple(keys[i] for i in order), evidence, draws, ahead, behind)

    def __len__(self) -> int:
        return len(self.keys)

    def first(self, n: int) -> Contest[Key]:
        """Keep the first so many: what follows nobody depends on."""
        part = Evidence(self.evidence.scores[:n], self.evidence.covariance[:n, :n])
        return Contest(self.keys[:n], part, self.draws[:n], self.ahead[:n], self.behind[:n])

    def joined(
        self,
        key: Key,
        score: float,
        covariances: FloatArray,
        draw: DrawArray,
        *,
        is_lower_the_better: bool,
    ) -> Contest[Key]:
        """Compare one more submission with all.

        Parameters
        ----------
        key : hashable
        score : float
        covariances : ndarray of shape (n_submissions + 1,)
            Of its error with those of all, and last its own variance.
        draw : ndarray of float32 of shape (n_draws,)
        is_lower_the_better : bool

        Returns
        -------
        Contest
            Equal to that of all; after those of the same score.
        """
        sign, old = (1 if is_lower_the_better else -1), self.evidence
        place = int(np.searchsorted(sign * old.scores, sign * score, side="right"))
        variance = np.diag(old.covariance)
        total = variance + covariances[-1]
        squares = total - 2 * covariances[:-1]
        sd = np.sqrt(np.where(squares > 1e-12 * total, squares, 0.0))
        differences = (self.draws - draw) * _inverse(sd)[:, None]
        ahead, behind = self.ahead.copy(), self.behind.copy()
        np.maximum(ahead[place:], -differences[place:], out=ahead[place:])
        np.maximum(behind[place:], differences[place:], out=behind[place:])
        above = differences[:place]
        own = np.concatenate([above, np.zeros((1, len(draw)), dtype=np.float32)])
        around = np.insert(covariances[:-1], place, covariances[-1])
        covariance = np.insert(old.covariance, place, covariances[:-1], axis=0)
        covariance = np.insert(covariance, place, around, axis=1)
        return Contest(
            (*self.keys[:place], key, *self.keys[place:]),
            Evidence(np.insert(old.scores, place, score), covariance),
            np.insert(self.draws, place, draw, axis=0),
            np.insert(ahead, place, own.max(axis=0), axis=0),
            np.insert(behind, place, -own.min(axis=0), axis=0),
        )

    def critical(self, level: float) -> float:
        """Find how many errors no difference exceeds, with this probability."""
        return float(np.quantile(np.maximum(self._largest(self.ahead), self.others()), level))

    def others(self) -> DrawArray:
        """Return the largest differences the other way round, of which none is ever rejected."""
        return self._largest(self.behind)

    def _largest(self, differences: DrawArray) -> DrawArray:
        if not len(differences):
            return np.zeros(differences.shape[1], dtype=np.float32)
        return np.asarray(differences.max(axis=0))

    def critical_of(self, is_open: BoolArray, level: float) -> float:
        """Find the same where only some pairs, better before worse, may still be rejected.

        Only draws that can reach the quantile are looked at: what is below it with all pairs is
        below it with fewer, and it is nowhere below that of the differences that stay.

        Parameters
        ----------
        is_open : ndarray of bool of shape (n_submissions, n_submissions)
            Above its diagonal.
        level : float
        """
        largest, all_open = self.others(), self._largest(self.ahead)
        least = np.sort(largest)[int(level * (len(largest) - 1))]
        wanted = np.flatnonzero((all_open > largest) & (all_open >= least))
        if len(wanted):
            found = largest[wanted]
            draws = np.ascontiguousarray(self.draws[:, wanted])
            inverse = _inverse(difference_sd(self.evidence.covariance))
            for row in np.flatnonzero(is_open.any(axis=0)):
                above = np.flatnonzero(is_open[:, row])
                block = (draws[above] - draws[row]) * inverse[above, row, None]
                np.maximum(found, block.max(axis=0), out=found)
            largest[wanted] = found
        return float(np.quantile(largest, level))


def _inverse(sd: FloatArray) -> DrawArray:
    """Invert errors; zero for two that err alike, which differ surely or not at all."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(sd > 0, 1 / sd, 0.0), dtype=np.float32)

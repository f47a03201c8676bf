"""A public board that cannot be gamed: the Ladder, and what a board has told.

A team that may look at its score again and again learns the answers from the board instead of
from the data. The Ladder answers with a new score only when a submission is better than the
team's best by more than chance explains; anything else is answered with the old score.

References
----------
A. Blum, M. Hardt, "The Ladder: a reliable leaderboard for machine learning competitions",
ICML 2015; the parameter-free variant is their figure 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ALPHA = 0.05
_LAW = NormalDist()


@dataclass(frozen=True)
class Rung:
    """Where a team stands on its ladder.

    Attributes
    ----------
    shown : float
        The score that the team sees.
    moves : ndarray of shape (n_samples,)
        Influences (or per-example scores) of the submission that earned it.
    n_steps : int
        How often the shown score has changed, the first included.
    n_tries : int
        How many submissions have been answered.
    """

    shown: float
    moves: FloatArray
    n_steps: int = 1
    n_tries: int = 1


def climb(
    rung: Rung | None,
    score: float,
    moves: FloatArray,
    *,
    is_lower_the_better: bool,
    is_strict: bool = True,
) -> Rung:
    """Answer one submission.

    Parameters
    ----------
    rung : Rung or None
        Where the team stands; None before its first submission.
    score : float
        Of the submission, at full precision; shown to nobody.
    moves : ndarray of shape (n_samples,)
        What the examples contribute to the score: per-example scores, or influences in units of
        the score.
    is_lower_the_better : bool
    is_strict : bool
        Whether the gain must be one that chance does not give in all tries together (the t-th try
        may err with probability 0.05 / (t (t + 1)), which sums to 0.025); otherwise it must be one
        standard error, as published, which a team that tries hundreds of times exceeds by luck.

    Returns
    -------
    Rung
        With another score only if the submission is significantly better.

    Examples
    --------
    >>> hits = np.array([1.0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    >>> first = climb(None, 0.3, hits, is_lower_the_better=False)
    >>> climb(first, 0.4, np.roll(hits, 5), is_lower_the_better=False).shown
    0.3
    >>> climb(first, 1.0, np.ones(10), is_lower_the_better=False).shown
    1.0
    """
    n_samples = len(moves)
    # One example more or less is the smallest step that a score may show.
    rounded = round(score * n_samples) / n_samples
    if rung is None:
        return Rung(rounded, moves)
    n_tries = rung.n_tries + 1
    gain = rung.shown - score if is_lower_the_better else score - rung.shown
    noise = float(np.std(moves - rung.moves, ddof=1)) / math.sqrt(n_samples)
    factor = _LAW.inv_cdf(1 - ALPHA / (n_tries * (n_tries + 1))) if is_strict else 1.0
    if gain > factor * noise:
        return Rung(rounded, moves, rung.n_steps + 1, n_tries)
    return replace(rung, n_tries=n_tries)


def shown_scores(
    scores: FloatArray,
    moves: FloatArray,
    *,
    is_lower_the_better: bool,
    is_strict: bool = True,
) -> FloatArray:
    """Replay the ladder of one team.

    Parameters
    ----------
    scores : ndarray of shape (n_submissions,)
        In the order of submission.
    moves : ndarray of shape (n_submissions, n_samples)
    is_lower_the_better : bool
    is_strict : bool

    Returns
    -------
    ndarray of shape (n_submissions,)
        What the team saw after each submission.
    """
    rung, shown = None, []
    for score, move in zip(scores.tolist(), moves, strict=True):
        rung = climb(
            rung, score, move, is_lower_the_better=is_lower_the_better, is_strict=is_strict
        )
        shown.append(rung.shown)
    return np.array(shown)


def bits_told(n_tries: int, n_levels: float, n_steps: int | None = None) -> float:
    """Return how much a board has told a team, in bits.

    Parameters
    ----------
    n_tries : int
        Submissions that were answered.
    n_levels : float
        How many different scores the board can show: the width of the range over the shown step.
    n_steps : int, optional
        How often the answer changed, on a ladder; without it every answer is a fresh score.

    Returns
    -------
    float
        Logarithm of the number of conversations that could have taken place: which tries
        changed the answer, and to what.

    Examples
    --------
    >>> bits_told(100, 1024), round(bits_told(100, 1024, n_steps=3), 1)
    (1000.0, 47.3)
    """
    if n_steps is None:
        return n_tries * math.log2(max(1.0, n_levels))
    which = math.log2(math.comb(n_tries, min(n_steps, n_tries)))
    return which + n_steps * math.log2(max(1.0, n_levels))


def largest_bias(bits: float, n_samples: int, *, width: float = 1.0, level: float = 0.95) -> float:
    """Bound how much better than the truth a team can look after so many bits.

    Parameters
    ----------
    bits : float
    n_samples : int
        Examples behind the public score.
    width : float
        Range of the score of one example.
    level : float
        Probability with which the bound holds.

    Returns
    -------
    float
        In units of the score: Hoeffding's bound over all submissions that the conversation
        could have led to.
    """
    return width * math.sqrt((bits * math.log(2) + math.log(1 / (1 - level))) / (2 * n_samples))


def budget_bits(bias: float, n_samples: int, *, width: float = 1.0, level: float = 0.95) -> float:
    """Return how many bits a board may tell before a team can look better than it is by `bias`.

    The inverse of `largest_bias`.

    Parameters
    ----------
    bias : float
        In units of the score.
    n_samples : int
    width, level : float
        As for `largest_bias`.

    Returns
    -------
    float
        Zero if the examples are too few for any.

    Examples
    --------
    >>> round(largest_bias(budget_bits(0.05, 10_000), 10_000), 6)
    0.05
    """
    spare = 2 * n_samples * (bias / width) ** 2 - math.log(1 / (1 - level))
    return max(0.0, spare / math.log(2))

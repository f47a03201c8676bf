"""Blending: the best combination of the submissions of a fold.

Greedy forward selection with replacement, as ramp-workflow's ``blend_on_fold`` does it: start
with the best submission, add again and again the one that improves the score of the average most
(the first of equals), stop when none does or at 80. The selections are the same; the cost is not
(`databoard.domain.pools`).

References
----------
R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble selection from libraries of models",
ICML 2004.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from databoard.domain.bagging import members as as_members
from databoard.domain.pools import Pool

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MAX_MEMBERS = 80


@dataclass(frozen=True)
class Blend:
    """What was selected, and how the score moved.

    Attributes
    ----------
    selected : tuple of int
        Indices of the members in the order of selection; repeated ones weigh more.
    scores : tuple of float
        Score of the combination after each selection.
    start_score : float
        Score of the first member as it was submitted, before combining clips and normalises it.
    """

    selected: tuple[int, ...]
    scores: tuple[float, ...]
    start_score: float


def blend(
    pool: Pool,
    *,
    is_lower_the_better: bool,
    max_members: int = MAX_MEMBERS,
) -> Blend:
    """Select the members of the best combination.

    Parameters
    ----------
    pool : Pool
        With at least one candidate and nothing selected; used up afterwards.
    is_lower_the_better : bool
    max_members : int
        How many may be selected, repetitions counted.

    Returns
    -------
    Blend

    Raises
    ------
    ValueError
        If there is no candidate.

    Examples
    --------
    >>> from databoard.domain.pools import DecomposablePool
    >>> from databoard.domain.scoring import decompose
    >>> y_preds = np.array([[0.0, 3.0], [4.0, 1.0], [9.0, 9.0]])
    >>> rmse = decompose("RMSE", np.array([2.0, 2.0]))
    >>> pool = DecomposablePool(y_preds, rmse, is_multiclass=False)
    >>> blend(pool, is_lower_the_better=True).selected
    (0, 1)
    """
    if not pool.n_candidates:
        raise ValueError("There is nothing to blend.")
    sign = 1 if is_lower_the_better else -1
    alone = [pool.start_score(candidate) for candidate in range(pool.n_candidates)]
    first = int(np.argmin(sign * np.array(alone)))
    pool.add(first)
    return _grow(pool, [first], [pool.score()], alone[first], sign, max_members)


def _grow(
    pool: Pool,
    selected: list[int],
    scores: list[float],
    start_score: float,
    sign: int,
    max_members: int,
) -> Blend:
    while len(selected) < max_members:
        found = pool.best_addition(scores[-1], sign)
        if found is None:
            break
        pool.add(found[0])
        selected.append(found[0])
        scores.append(found[1])
    return Blend(tuple(selected), tuple(scores), start_score)


def extend(
    old: Blend,
    pool: Pool,
    *,
    is_lower_the_better: bool,
    max_members: int = MAX_MEMBERS,
) -> Blend:
    """Update a blend when one candidate has arrived, as if it had been there from the start.

    The old selection is replayed with the new candidate alone against the old winners; only from
    the step on that it wins are all candidates looked at again.

    Parameters
    ----------
    old : Blend
        Of all candidates but the last, made with the same options.
    pool : Pool
        All candidates, the new one last; nothing selected.
    is_lower_the_better, max_members
        As for `blend`.

    Returns
    -------
    Blend
        What `blend` would return for the pool.
    """
    sign = 1 if is_lower_the_better else -1
    newcomer = pool.n_candidates - 1
    alone = pool.start_score(newcomer)
    if sign * alone < sign * old.start_score:
        pool.add(newcomer)
        return _grow(pool, [newcomer], [pool.score()], alone, sign, max_members)
    for step, candidate in enumerate(old.selected):
        if step and sign * pool.score_with(newcomer) < sign * old.scores[step]:
            # It beats the old winner of this step, and the old winner beat everybody else.
            kept, scores = [*old.selected[:step]], [*old.scores[:step]]
            return _grow(pool, kept, scores, old.start_score, sign, max_members)
        pool.add(candidate)
    kept, scores = [*old.selected], [*old.scores]
    return _grow(pool, kept, scores, old.start_score, sign, max_members)


def combine(y_preds: FloatArray, selected: Sequence[int], *, is_multiclass: bool) -> FloatArray:
    """Average the selected members.

    Parameters
    ----------
    y_preds : ndarray of shape (n_candidates, n_samples) or (n_candidates, n_samples, n_columns)
        On any samples, held-out or test.
    selected : sequence of int
    is_multiclass : bool

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_columns)
    """
    weights = np.bincount(np.asarray(selected, dtype=np.int64), minlength=len(y_preds))
    used = np.flatnonzero(weights)
    members = as_members(y_preds[used], is_multiclass=is_multiclass)
    return np.asarray(np.tensordot(weights[used] / len(selected), members, axes=1))

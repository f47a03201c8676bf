"""Contributivity: what each submission adds to what all achieve together.

Per fold, the members of the best combination share one unit equally (a member selected twice gets
two shares); contributivity is the average over the folds. Historical contributivity passes a part
of it on to those who were credited.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from databoard.domain.bagging import Bag, bag_folds, members
from databoard.domain.blending import MAX_MEMBERS, Blend, combine, extend
from databoard.domain.pools import Pool
from databoard.domain.scoring import Decomposition

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Key = TypeVar("Key", bound=Hashable)


def shares(selected: Sequence[int], n_candidates: int) -> FloatArray:
    """Share one unit among the members of a combination.

    Parameters
    ----------
    selected : sequence of int
        Indices of members, repetitions counted.
    n_candidates : int

    Returns
    -------
    ndarray of shape (n_candidates,)
        Sums to one.

    Examples
    --------
    >>> shares([2, 0, 2, 2], 3)
    array([0.25, 0.  , 0.75])
    """
    counts = np.bincount(np.asarray(selected, dtype=np.int64), minlength=n_candidates)
    return np.asarray(counts / max(1, len(selected)), dtype=np.float64)


def contributivity(selections: Sequence[Sequence[int]], n_candidates: int) -> FloatArray:
    """Average the shares over the folds.

    Parameters
    ----------
    selections : sequence of sequence of int
        Per fold the members of the best combination.
    n_candidates : int

    Returns
    -------
    ndarray of shape (n_candidates,)
        Sums to one if there is a fold.
    """
    if not selections:
        return np.zeros(n_candidates)
    return np.asarray(np.mean([shares(fold, n_candidates) for fold in selections], axis=0))


def historical(
    contributivities: Mapping[Key, float],
    submitted: Sequence[Key],
    credited: Mapping[Key, Mapping[Key, float]],
) -> dict[Key, float]:
    """Pass contributivity on to what a submission was built on.

    From the last submission back to the first, each gives the credited part of what it holds by
    then to its sources; so credit travels along chains, and the total stays the same.

    Parameters
    ----------
    contributivities : mapping
        Contributivity by submission.
    submitted : sequence
        All submissions in the order of their time.
    credited : mapping
        Per crediting submission the percentages by source; what it keeps for itself may be
        listed under its own name or not at all. Credit to a later submission counts for nothing,
        as it could travel in circles.

    Returns
    -------
    dict
        Historical contributivity by submission, in the order of `submitted`.

    Examples
    --------
    >>> historical({"b": 1.0}, ["a", "b"], {"b": {"a": 60, "b": 40}})
    {'a': 0.6, 'b': 0.4}
    """
    held = {key: contributivities.get(key, 0.0) for key in submitted}
    position = {key: i for i, key in enumerate(submitted)}
    for key in reversed(submitted):
        holding = held[key]
        for source, percent in credited.get(key, {}).items():
            if position.get(source, len(submitted)) < position[key]:
                held[source] += holding * percent / 100
                held[key] -= holding * percent / 100
    return held


def combined_bags(
    y_preds: Sequence[FloatArray],
    selections: Sequence[Sequence[int]],
    held_out: Sequence[IntArray] | None = None,
    n_samples: int | None = None,
    *,
    is_multiclass: bool,
) -> list[Bag]:
    """Bag the best combinations of the folds, as if they were one submission.

    Parameters
    ----------
    y_preds : sequence of ndarray
        Per fold the predictions of all candidates, of shape (n_candidates, n_rows) or
        (n_candidates, n_rows, n_columns).
    selections : sequence of sequence of int
        Per fold the members; one index per fold (``[blend.selected[:1]]``) gives the row "best
        per fold" of the board.
    held_out, n_samples
        As for `databoard.domain.bagging.bag_folds`.
    is_multiclass : bool

    Returns
    -------
    list of Bag
        After each fold.
    """
    folds = [
        combine(fold, selected, is_multiclass=is_multiclass)
        for fold, selected in zip(y_preds, selections, strict=True)
    ]
    return list(bag_folds(folds, held_out, n_samples, is_multiclass=is_multiclass))


@dataclass(frozen=True)
class Addition:
    """What one submission adds to the others.

    Attributes
    ----------
    share : float
        Of the combination with it, between 0 and 1.
    score_without, score_with : float
        Scores of the best combination of the others, and of all.
    """

    share: float
    score_without: float
    score_with: float


def would_add(
    others: Blend,
    pool: Pool,
    *,
    is_lower_the_better: bool,
    max_members: int = MAX_MEMBERS,
) -> Addition:
    """Answer "what would I add?" on one fold.

    Parameters
    ----------
    others : Blend
        The best combination without the submission.
    pool : Pool
        All candidates, the submission last; nothing selected; used up afterwards.
    is_lower_the_better : bool
    max_members : int

    Returns
    -------
    Addition
    """
    joined = extend(others, pool, is_lower_the_better=is_lower_the_better, max_members=max_members)
    share = float(shares(joined.selected, pool.n_candidates)[-1])
    return Addition(share, others.scores[-1], joined.scores[-1])


def what_if(
    y_preds: FloatArray,
    weights: Sequence[float] | FloatArray,
    decomposition: Decomposition,
    *,
    is_multiclass: bool,
) -> float:
    """Score a blend with weights that a visitor chose.

    Parameters
    ----------
    y_preds : ndarray of shape (n_members, n_samples) or (n_members, n_samples, n_columns)
    weights : array-like of shape (n_members,)
        Not negative, not all zero; only their proportions matter.
    decomposition : Decomposition
    is_multiclass : bool

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the weights are no weights.
    """
    share = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(share).all() and (share >= 0).all() and share.sum() > 0):
        raise ValueError("Weights must not be negative, and not all zero.")
    mixture = np.tensordot(
        share / share.sum(), members(y_preds, is_multiclass=is_multiclass), axes=1
    )
    return float(decomposition.scores(mixture))

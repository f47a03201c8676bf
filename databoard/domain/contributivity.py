"""Contributivity: what each submission adds to what all achieve together.

Per fold, the members of the best combination share one unit equally (a member selected twice gets
two shares); contributivity is the average over the folds. Historical contributivity passes a part
of it on to those who were credited.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

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

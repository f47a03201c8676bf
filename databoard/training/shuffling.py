"""The secret order of rows to predict, for strict events of kits whose rows are exchangeable.

The rows that a fold does not train on change places among themselves, and so do the test rows;
training rows stay where they are. A submission that looks at each row by itself trains on the same
rows in the same order and predicts the same numbers, which are put back before anybody stores or
scores them. One that guesses from where a row stands learns nothing.

The order is drawn from the labels: nobody who lacks them can know it, and it is the same again
when a submission is trained again, so that results reproduce.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.errors import KitError
from databoard.training import parcel, wire
from databoard.training.sampling import n_rows_of, pick

Rows = NDArray[np.int64]


def secret_of(*labels: Any) -> bytes:
    """Sum up labels; whoever knows them has nothing to gain from the order of rows."""
    sealed = parcel.seal(labels)
    try:
        return hashlib.sha256(wire.contents(sealed)).digest()
    finally:
        wire.close(sealed)


def shuffled(n_rows: int, fixed: Any, secret: bytes, name: str) -> Rows:
    """Return which row stands at each place; those in ``fixed`` stay where they are.

    Examples
    --------
    >>> rows = shuffled(6, [0, 3], b"secret", "fold 0")
    >>> rows[[0, 3]].tolist(), sorted(rows.tolist())
    ([0, 3], [0, 1, 2, 3, 4, 5])
    """
    digest = hashlib.sha256(secret + name.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest, "little"))
    rows = np.arange(n_rows)
    others = np.setdiff1d(rows, fixed)
    rows[others] = rng.permutation(others)
    return rows


def places(rows: Rows, of: Any) -> Rows:
    """Return where some rows stand, sorted, so that their order tells nothing either.

    Examples
    --------
    >>> places(np.array([0, 3, 1, 2]), [1, 3]).tolist()
    [1, 2]
    """
    found: Rows = np.sort(np.argsort(rows)[np.asarray(of)])
    return found


def rearranged(X: Any, rows: Rows) -> Any:
    """Put rows of X in another order; names of rows stay at their places.

    Raises
    ------
    KitError
        If X is of a kind whose rows cannot be moved.
    """
    if not (hasattr(X, "iloc") or isinstance(X, list | tuple | np.ndarray) or _is_sparse(X)):
        raise KitError(
            f"Rows of a {type(X).__name__} cannot be moved.",
            "Let X be an array, a table or a list, or take rows_are_exchangeable away.",
        )
    assert n_rows_of(X) == len(rows)
    moved = pick(X, rows)
    if hasattr(X, "iloc"):
        moved.index = X.index
    return moved


def _is_sparse(X: Any) -> bool:
    return hasattr(X, "tocsr") and hasattr(X, "shape")

"""A few public rows on which a team may try its code before it submits.

They come from the starting kit's ``public_train.csv``, which every team has; a kit without one
gives some of its training rows. They are always the same, so that asking again shows no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from databoard.errors import KitError
from databoard.kits.kit import Kit, running

N_ROWS = 120
VALID_SHARE = 4


@dataclass(frozen=True)
class Sample:
    """Rows with labels, and which of them to train on; ``source`` is for people."""

    X: Any
    y: Any
    train_is: Any
    valid_is: Any
    source: str


def n_rows_of(values: Any) -> int:
    """Count the rows of data of any kind that kits return."""
    return int(values.shape[0]) if hasattr(values, "shape") else len(values)


def pick(values: Any, rows: Any) -> Any:
    """Take some rows of data of any kind that kits return.

    >>> pick(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if isinstance(values, list | tuple):
        return type(values)(values[i] for i in rows)
    return values[rows]


def _public(kit: Kit) -> tuple[Any, Any] | None:
    """Read the public rows of a 2016 problem with the problem's own reader, if it has one."""
    path = kit.path / "starting_kit" / "public_train.csv"
    read = getattr(kit.module, "read_data", None)
    if read is None or not path.is_file():
        return None
    for argument in (str(path), "public"):
        try:
            with running("reading public_train.csv stops", kit.path, ""):
                X, y = read(argument)
        except KitError:
            continue
        return X, y
    return None


def sample(kit: Kit, X_train: Any, y_train: Any, n_rows: int = N_ROWS) -> Sample:
    """Choose rows in the order of the data: three quarters to train on, the others held out.

    Raises
    ------
    KitError
        If the data are of a kind that cannot be cut.
    """
    found = _public(kit)
    source = "rows of the starting kit's public_train.csv" if found else "training rows"
    X, y = found or (X_train, y_train)
    rng = np.random.default_rng(57)
    n_all = n_rows_of(y)
    chosen = np.sort(rng.permutation(n_all)[:n_rows])
    places = rng.permutation(len(chosen))
    n_valid = max(1, len(chosen) // VALID_SHARE)
    try:
        X, y = pick(X, chosen), pick(y, chosen)
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise KitError(f"The data of {kit.name} cannot be sampled: {error}") from error
    return Sample(X, y, np.sort(places[n_valid:]), np.sort(places[:n_valid]), source)

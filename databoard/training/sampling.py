"""A few rows on which a team may try its code before it submits.

They come from the data of the starting kit, which every team has. A kit without any gives some of
its training rows: as they are where the event shows whole logs, and with their labels dealt out
anew where it does not, since what one fold trains on is what another one is judged by. They are
always the same, so that asking again shows no more.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from databoard.errors import KitError
from databoard.kits.kit import Kit, running

N_ROWS = 120
VALID_SHARE = 4
#: Where rows come from, in words that pages translate.
TABLE = "rows of the starting kit's public_train.csv"
FOLDERS = {
    place: f"rows of the starting kit, {place}" for place in ("starting_kit/data", "data/public")
}
TRAINING = "training rows"
DEALT_OUT = "training rows with the labels of other rows"
SOURCES = (TABLE, *FOLDERS.values(), TRAINING, DEALT_OUT)


@dataclass(frozen=True)
class Sample:
    """Rows with labels, and which of them to train on; ``source`` is for people."""

    X: Any
    y: Any
    train_is: Any
    valid_is: Any
    source: str
    is_public: bool


def n_rows_of(values: Any) -> int:
    """Count the rows of data of any kind that kits return."""
    if _is_folder_with_names(values):
        values = next(part for part in values if hasattr(part, "shape"))
    return int(values.shape[0]) if hasattr(values, "shape") else len(values)


def pick(values: Any, rows: Any) -> Any:
    """Take some rows of data of any kind that kits return.

    >>> pick(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if _is_folder_with_names(values):
        return tuple(part if isinstance(part, str) else pick(part, rows) for part in values)
    if isinstance(values, list | tuple):
        return type(values)(values[i] for i in rows)
    return values[rows]


def _is_folder_with_names(values: Any) -> bool:
    """Whether X is ``(folder, names)``, as ramp-workflow's classifiers of images take it."""
    return (
        isinstance(values, tuple)
        and any(isinstance(part, str) for part in values)
        and any(hasattr(part, "shape") for part in values)
    )


def _public(kit: Kit, n_train: int) -> tuple[Any, Any, str] | None:
    """Read the rows of the starting kit with the problem's own reader; None if it has none."""
    table = kit.path / "starting_kit" / "public_train.csv"
    if kit.is_ramp_kit:
        return _public_of_ramp_kit(kit, n_train)
    read = getattr(kit.module, "read_data", None)
    if read is None or not table.is_file():
        return None
    for argument in (str(table), "public"):
        try:
            with running("reading public_train.csv stops", kit.path, ""):
                X, y = read(argument)
        except KitError:
            continue
        return X, y, TABLE
    return None


def _public_of_ramp_kit(kit: Kit, n_train: int) -> tuple[Any, Any, str] | None:
    """Have ``get_train_data`` read the ``data`` folder that participants have.

    As many rows as the server trains on may be those rows, read from where they always are.
    """
    for place in FOLDERS:
        folder = kit.path / place
        if not folder.is_dir() or not any(folder.iterdir()):
            continue
        with tempfile.TemporaryDirectory() as root:
            Path(root, "data").symlink_to(folder)
            try:
                with running(f"reading {place} stops", kit.path, ""):
                    X, y = kit.module.get_train_data(path=root)
            except KitError:
                continue
            if X is not None and y is not None and n_rows_of(y) != n_train:
                return X, y, FOLDERS[place]
    return None


def sample(
    kit: Kit, X_train: Any, y_train: Any, n_rows: int = N_ROWS, *, is_open: bool = False
) -> Sample:
    """Choose rows in the order of the data: three quarters to train on, the others held out.

    Parameters
    ----------
    kit : Kit
    X_train, y_train
        What to take where the starting kit has no data.
    n_rows : int
        At most so many.
    is_open : bool
        Whether training rows may be shown with their own labels.

    Raises
    ------
    KitError
        If the data are of a kind that cannot be cut.
    """
    found = _public(kit, n_rows_of(y_train))
    X, y, source = found or (X_train, y_train, TRAINING)
    rng = np.random.default_rng(57)
    n_all = n_rows_of(y)
    chosen = np.sort(rng.permutation(n_all)[:n_rows])
    places = rng.permutation(len(chosen))
    n_valid = max(1, len(chosen) // VALID_SHARE)
    try:
        X, y = pick(X, chosen), pick(y, chosen)
        if not (found or is_open):
            y, source = _dealt_out(y), DEALT_OUT
    except (TypeError, KeyError, IndexError, ValueError) as error:
        raise KitError(f"The data of {kit.name} cannot be sampled: {error}") from error
    return Sample(
        X, y, np.sort(places[n_valid:]), np.sort(places[:n_valid]), source, found is not None
    )


def _dealt_out(y: Any) -> Any:
    """Return labels in an order that nobody knows; names of rows stay at their places."""
    dealt = pick(y, np.random.default_rng().permutation(n_rows_of(y)))
    if hasattr(y, "iloc"):
        dealt.index = y.index
    return dealt

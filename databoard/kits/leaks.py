"""Find in a problem's data what would give its answers away."""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]

SAMPLE_ROWS = 1000
TABLES = ("*.csv", "*.csv.gz", "*.csv.bz2")


def n_rows(X: Any) -> int | None:
    """Count the rows of X; None where X is of a kind that has none."""
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    return len(X) if isinstance(X, list) else None


def target_columns(y: Any) -> list[Column]:
    """Split a target into columns of one value per row; none if its rows are of another kind."""
    try:
        array = np.asarray(y)
    except ValueError:
        return []
    if array.size and not np.isscalar(array.flat[0]):
        return []
    if array.ndim == 1:
        return [array]
    return [array[:, i] for i in range(array.shape[1])] if array.ndim == 2 else []


def has_missing(column: Column) -> bool:
    """Tell whether a column has a missing value: None, or one that is not itself."""
    return any(value is None or value != value for value in column.tolist())


def is_sorted(y: Any) -> bool:
    """Tell whether the rows lie in the order of a target that has more than one value."""
    for column in target_columns(y):
        steps = np.diff(_codes(column))
        if np.any(steps) and (np.all(steps >= 0) or np.all(steps <= 0)):
            return True
    return False


def telling_columns(X: Any, y: Any) -> Iterator[tuple[str, bool]]:
    """Find the columns of X that tell a target.

    Yields
    ------
    name : str
        The column.
    is_equal : bool
        True if each of its values stands for one value of the target and the other way round;
        False if it only puts the rows in the target's order.
    """
    targets = [_codes(column) for column in target_columns(y)]
    for name, values in _columns(X):
        told = [_tells_all(values, target) for target in targets if len(target) == len(values)]
        if any(told):
            yield name, "equal" in told


def _columns(X: Any) -> Iterator[tuple[str, Column]]:
    """List the columns of a table, as numbers."""
    # Sparse matrices have a shape, but no length.
    if getattr(X, "ndim", 0) != 2 or not X.shape[0]:
        return
    if hasattr(X, "iloc"):
        names, columns = list(X.columns), [X.iloc[:, i].to_numpy() for i in range(X.shape[1])]
    elif isinstance(X, np.ndarray):
        names, columns = list(range(X.shape[1])), list(X.T)
    else:
        return
    for name, column in zip(names, columns, strict=True):
        if np.isscalar(column[0]):
            yield str(name), _codes(column)


def _codes(column: Column) -> NDArray[np.float64]:
    """Make numbers of a column: of texts, their place in the alphabet; missing ones come last."""
    try:
        numbers = np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        numbers = np.unique(column.astype(str), return_inverse=True)[1].astype(float)
    return np.where(np.isnan(numbers), np.inf, numbers)


def _tells_all(values: Column, target: Column) -> str:
    """Look at some rows first: a column that does not tell them does not tell all."""
    some = slice(None, None, max(1, len(values) // SAMPLE_ROWS))
    varies = len(np.unique(values[some])) > 1 and len(np.unique(target[some])) > 1
    if varies and not _tells(values[some], target[some]):
        return ""
    return _tells(values, target)


def _tells(values: Column, target: Column) -> str:
    """Tell whether a column is as good as the target ("equal"), in its "order", or neither."""
    n_pairs = len(np.unique(np.column_stack([values, target]), axis=0))
    n_values, n_targets = len(np.unique(values)), len(np.unique(target))
    # Neither a column that mixes the target's values nor one that splits them all can tell it.
    if min(n_values, n_targets) < 2 or n_pairs > max(n_values, n_targets):
        return ""
    is_ordered = any(
        np.all(np.diff(signed[np.lexsort((signed, values))]) >= 0) for signed in (target, -target)
    )
    is_one_to_one = n_pairs == n_values == n_targets
    if is_one_to_one and (is_ordered or 2 * n_values <= len(values)):
        return "equal"
    return "order" if is_ordered else ""


def common_rows(X: Any, X_test: Any) -> tuple[int, float] | None:
    """Count the test rows that are training rows too.

    Parameters
    ----------
    X, X_test : array-like of shape (n_samples, ...)

    Returns
    -------
    tuple of int and float, or None
        How many, and how many one would expect: as large a share as of the training rows that
        have a twin among the others. None where rows cannot be compared.
    """
    known, asked = _hashes(X), _hashes(X_test)
    if not known or not asked:
        return None
    counts = Counter(known)
    twins = sum(n for n in counts.values() if n > 1)
    return sum(row in counts for row in asked), len(asked) * twins / len(known)


def _hashes(X: Any) -> list[int]:
    """Hash rows; empty where X is no array of numbers or words."""
    try:
        values = np.asarray(X)
    except (TypeError, ValueError):
        return []
    if values.ndim < 2 or not values.shape[0]:
        return []
    rows = values.reshape(len(values), -1)
    if rows.dtype.kind in "fiub":
        # -0.0 is 0.0, and whole numbers may be stored as either kind.
        rows = np.ascontiguousarray(rows, dtype=np.float64) + 0.0
        return [hash(row.tobytes()) for row in rows]
    return [hash(tuple(map(repr, row))) for row in rows]


def private_files_in(files: Mapping[str, Path], path: Path) -> list[str]:
    """Name the files of a starting kit whose bytes are those of a private data file."""
    private = {
        _hash(file)
        for folder in ("data/private", "data/raw")
        for file in (path / folder).rglob("*")
        if file.is_file() and file.stat().st_size and file.name != "README.md"
    }
    return [name for name, file in files.items() if private and _hash(file) in private]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def public_test_rows(path: Path) -> Iterator[tuple[str, str, int]]:
    """Find the rows that a public and a test table have in common.

    Yields
    ------
    public, test : str
        The tables, relative to the problem's folder.
    n_common : int
        How many rows of the test table are in the public one, in all columns that both have.
        Whole numbers that are all different are taken for row numbers and not compared.
    """
    public = [*_tables(path / "starting_kit"), *_tables(path / "data" / "public")]
    tests = [
        table
        for folder in ("data/private", "data")
        for table in _tables(path / folder)
        if table.name.startswith("test") or "_test" in table.name
    ]
    for public_table in public:
        for test_table in tests:
            n_common = _n_common_rows(public_table, test_table)
            if n_common:
                yield _name(public_table, path), _name(test_table, path), n_common


def _name(table: Path, path: Path) -> str:
    return table.relative_to(path).as_posix()


def _tables(folder: Path) -> list[Path]:
    return sorted(table for pattern in TABLES for table in folder.glob(pattern))


def _n_common_rows(public_table: Path, test_table: Path) -> int:
    pandas = importlib.import_module("pandas")
    public, test = pandas.read_csv(public_table, dtype=str), pandas.read_csv(test_table, dtype=str)
    columns = list(test.columns)
    if not set(columns) <= set(public.columns) or not len(public) or not len(test):
        return 0
    columns = [name for name in columns if not _is_row_number(public[name], test[name])] or columns
    known = set(public[columns].itertuples(index=False, name=None))
    return sum(row in known for row in test[columns].itertuples(index=False, name=None))


def _is_row_number(public: Any, test: Any) -> bool:
    """Tell whether a column has whole numbers that are all different."""
    return all(
        column.is_unique and column.fillna("").str.isdecimal().all() for column in (public, test)
    )

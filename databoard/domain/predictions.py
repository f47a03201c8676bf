"""What comes out of a box: bytes to numbers, strictly.

Nothing from a box is unpickled, evaluated or trusted. The shape is known beforehand, so a header
that says anything else is refused before any memory is taken for it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from databoard.domain.states import Fault
from databoard.errors import TrainingError

FloatArray = NDArray[np.float64]
#: A row of object predictions: any number of objects, each a tuple of numbers.
Row = list[tuple[float, ...]]

MAGIC = b"\x93NUMPY\x01\x00"
MAX_HEADER = 512
MAX_JSON_BYTES = 64 * 2**20
_HEADER = re.compile(
    r"\{'descr': '<f8', 'fortran_order': False, 'shape': \((\d{1,12}),(?: (\d{1,12}))?\), \} *\n"
)


def _refuse(message: str) -> TrainingError:
    return TrainingError(message, Fault.TEAM)


def encode_npy(y_pred: NDArray[np.generic]) -> bytes:
    """Write predictions in the one form that `parse_npy` reads: little-endian float64, C order.

    Parameters
    ----------
    y_pred : ndarray of shape (n_samples,) or (n_samples, n_columns)
        Numbers of any real type.

    Returns
    -------
    bytes
        A .npy file of version 1.0.

    Raises
    ------
    TrainingError
        If the values are not real numbers or the array is not one- or two-dimensional.
    """
    y_pred = np.asarray(y_pred)
    if y_pred.dtype.kind not in "fiub":
        raise _refuse(f"Predictions must be real numbers, not {y_pred.dtype}.")
    if y_pred.ndim not in (1, 2):
        raise _refuse(f"Predictions must have 1 or 2 dimensions, not {y_pred.ndim}.")
    values = np.ascontiguousarray(y_pred, dtype="<f8")
    shape = f"({values.shape[0]},)" if values.ndim == 1 else str(values.shape)
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    # The whole header is a multiple of 64 bytes, as the format asks.
    text += " " * (-(len(MAGIC) + 2 + len(text) + 1) % 64) + "\n"
    return MAGIC + len(text).to_bytes(2, "little") + text.encode() + values.tobytes()


def parse_npy(raw: bytes, shape: tuple[int, ...]) -> FloatArray:
    """Read predictions, or say why they are none.

    Parameters
    ----------
    raw : bytes
        A .npy file of version 1.0, little-endian float64 in C order.
    shape : tuple of int
        The only shape that is accepted: (n_samples,) or (n_samples, n_columns).

    Returns
    -------
    ndarray of shape `shape`
        Finite, writable, owning its memory.

    Raises
    ------
    TrainingError
        With fault "team": wrong header, type, shape or size, or a value that is not finite.

    Examples
    --------
    >>> parse_npy(encode_npy(np.array([1.0, 2.5])), (2,))
    array([1. , 2.5])
    """
    start = len(MAGIC) + 2
    if raw[: len(MAGIC)] != MAGIC or len(raw) < start:
        raise _refuse("The predictions are not a .npy file of version 1.0.")
    end = start + int.from_bytes(raw[start - 2 : start], "little")
    if end - start > MAX_HEADER or end > len(raw):
        raise _refuse("The header of the predictions is too long.")
    match = _HEADER.fullmatch(raw[start:end].decode("ascii", errors="replace"))
    if match is None:
        raise _refuse("Predictions must be float64 in C order, with one or two dimensions.")
    found = tuple(int(size) for size in match.groups() if size is not None)
    if found != tuple(shape):
        raise _refuse(f"Predictions must have the shape {tuple(shape)}, not {found}.")
    if len(raw) - end != 8 * math.prod(shape):
        raise _refuse("The predictions are cut off or have more bytes than their shape says.")
    y_pred = np.frombuffer(raw, dtype="<f8", offset=end).reshape(shape).astype(np.float64)
    _check_finite(y_pred)
    return y_pred


def _check_finite(y_pred: FloatArray) -> None:
    is_finite = np.isfinite(y_pred)
    if not is_finite.all():
        n_bad = int(np.size(y_pred) - np.count_nonzero(is_finite))
        row = int(np.argwhere(~is_finite)[0][0])
        raise _refuse(
            f"Predictions must be finite: {n_bad} values are NaN or infinite, the first in row "
            f"{row}."
        )


def check_probabilities(y_pred: FloatArray, tolerance: float = 1e-6) -> None:
    """Refuse rows that are no probability distributions.

    Parameters
    ----------
    y_pred : ndarray of shape (n_samples, n_classes)
    tolerance : float
        How far a value may lie outside [0, 1], and a sum from 1.

    Raises
    ------
    TrainingError
        With fault "team", naming the first bad row.
    """
    is_bad = (
        (y_pred < -tolerance).any(axis=1)
        | (y_pred > 1 + tolerance).any(axis=1)
        | (np.abs(y_pred.sum(axis=1) - 1) > tolerance)
    )
    if is_bad.any():
        row = int(np.argmax(is_bad))
        raise _refuse(
            f"Row {row} of the predictions is no probability distribution: its values must lie "
            "between 0 and 1 and sum to 1."
        )


def encode_rows(rows: Iterable[Iterable[Iterable[float]]]) -> bytes:
    """Write object predictions as JSON: per sample a list of objects, each a list of numbers.

    Parameters
    ----------
    rows : iterable of iterable of iterable of float

    Returns
    -------
    bytes

    Raises
    ------
    TrainingError
        If a value is not a finite number.
    """
    try:
        plain = [[[float(value) for value in item] for item in row] for row in rows]
        return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError):
        raise _refuse(
            "Predictions must be a list of objects per sample, each a list of finite numbers."
        ) from None


def parse_rows(
    raw: bytes,
    n_samples: int,
    *,
    n_values: tuple[int, int] = (3, 16),
    max_per_row: int = 10_000,
    max_bytes: int = MAX_JSON_BYTES,
) -> list[Row]:
    """Read object predictions (detections, for instance), or say why they are none.

    Parameters
    ----------
    raw : bytes
        What `encode_rows` writes.
    n_samples : int
        The only number of rows that is accepted.
    n_values : tuple of int
        Smallest and largest number of values of an object.
    max_per_row : int
        Most objects of one row.
    max_bytes : int
        Largest size of `raw`.

    Returns
    -------
    list of list of tuple of float
        Finite numbers.

    Raises
    ------
    TrainingError
        With fault "team".

    Examples
    --------
    >>> parse_rows(b"[[[0.9, 1, 2, 3]], []]", 2)
    [[(0.9, 1.0, 2.0, 3.0)], []]
    """
    if len(raw) > max_bytes:
        raise _refuse(f"The predictions are larger than {max_bytes} bytes.")
    try:
        rows = json.loads(raw, parse_int=float, parse_constant=_no_constant)
    # RecursionError: brackets nested a hundred thousand deep.
    except (ValueError, RecursionError):
        raise _refuse("The predictions are not JSON with finite numbers.") from None
    if not isinstance(rows, list) or len(rows) != n_samples:
        raise _refuse(f"Predictions must be a list of {n_samples} rows.")
    return [_parse_row(row, i, n_values, max_per_row) for i, row in enumerate(rows)]


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _parse_row(row: object, i: int, n_values: Sequence[int], max_per_row: int) -> Row:
    if not isinstance(row, list) or len(row) > max_per_row:
        raise _refuse(f"Row {i} of the predictions must be a list of at most {max_per_row}.")
    fewest, most = n_values
    for item in row:
        if not (isinstance(item, list) and fewest <= len(item) <= most):
            raise _refuse(f"Each object of row {i} must be a list of {fewest} to {most} numbers.")
        if not all(isinstance(value, float) and math.isfinite(value) for value in item):
            raise _refuse(f"Each value of row {i} must be a finite number.")
    return [tuple(item) for item in row]

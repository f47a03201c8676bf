"""Predictions as a box writes them, read by somebody who trusts none of it.

The file in memory has the size that we gave it. For an array its first 128 bytes must be the
header that we expect, so that nothing is parsed at all; the rest are numbers.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from typing import Any

import numpy as np

from databoard.training.wire import MAX_LIST_BYTES, NPY_HEADER_BYTES, Form, npy_header

DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
_MAX_DEPTH, _MAX_LISTS = 6, 1 << 20
# All that lists of numbers, or of nothing (null), are written with beside names: those of classes
# and of the parts of a detection ("bbox") are short, and of whole characters.
_OF_LISTS = b"0123456789+-.eE[]{}:, \t\r\nnul"
_NAME = re.compile(
    rb'"(?:[^"\\\x00-\x1f]|\\["\\/]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    rb'|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}){0,200}"'
)
_LISTS_PER_TABLE = 4  # of memory
#: Sums, squares and mean squares of numbers up to it do not overflow, whoever's are added.
LARGEST = 1e100
#: The same of each type, for labels of the same type. Integers that overflow begin anew: a score
#: of squares could be chosen by one row.
_LARGEST_OF = {
    "float32": 1e15,
    "float16": 1e2,
    "int64": 1e6,
    "int32": 2e4,
    "int16": 90,
    "int8": 5,
    "uint8": 7,
    "bool": 1,
}


class BadPredictionsError(ValueError):
    """What the box left is not what the step should give; the message is for the team."""


def read(raw: bytes, form: Form, *, strict: bool = False) -> bytes:
    """Check what a box left and return it as it is to be stored.

    Parameters
    ----------
    raw : bytes
        The whole file in memory.
    form : Form
    strict : bool
        Refuse rows that are not probabilities, too.

    Raises
    ------
    BadPredictionsError
    """
    if not any(raw[:NPY_HEADER_BYTES]):
        raise BadPredictionsError("no predictions were written")
    if form.kind == "any":
        return _read_any(raw, form)
    if len(raw) != form.capacity or raw[:NPY_HEADER_BYTES] != npy_header(form.shape):
        raise BadPredictionsError(f"the predictions are not float64 of shape {form.shape}")
    values = np.frombuffer(raw, dtype="<f8", offset=NPY_HEADER_BYTES).reshape(form.shape)
    _check_values(values)
    if strict and values.ndim == 2:
        _check_probabilities(values)
    return raw


def _check_values(values: np.ndarray[Any, np.dtype[Any]]) -> None:
    bad = values.size - int(np.isfinite(values).sum())
    if bad:
        raise BadPredictionsError(f"{bad} of {values.size} predictions are NaN or infinite")
    if values.size and np.abs(values).max() > LARGEST:
        raise BadPredictionsError(f"some predictions are larger than {LARGEST:g}")


def _check_probabilities(values: np.ndarray[Any, np.dtype[Any]]) -> None:
    off = np.abs(values.sum(axis=1) - 1.0) > 1e-3
    if (values < -1e-6).any() or (values > 1.0 + 1e-6).any() or off.any():
        raise BadPredictionsError("the rows are not probabilities that sum to 1")


def size_told(head: bytes, form: Form) -> int:
    """Tell how much of the file may hold predictions, by its first bytes: all need not be read.

    The file of a kit's own type has room for 4 kB per row, whatever is written.
    """
    if form.kind == "array":
        return form.capacity
    try:
        kind, shape, size = _head(head)
        told = 8 * math.prod(shape) if kind == "array" else size
        return NPY_HEADER_BYTES + max(0, min(int(told), form.capacity))
    except (BadPredictionsError, TypeError, ValueError, OverflowError):
        return NPY_HEADER_BYTES


def _head(raw: bytes) -> tuple[Any, tuple[Any, ...], Any]:
    try:
        head = json.loads(raw[:NPY_HEADER_BYTES])
        return head["form"], tuple(head.get("shape", ())), head.get("bytes", 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadPredictionsError("the predictions have no readable header") from None


def _read_any(raw: bytes, form: Form) -> bytes:
    kind, shape, size = _head(raw)
    body = memoryview(raw)[NPY_HEADER_BYTES:]
    if kind == "array":
        return _read_free_array(body, shape, form.shape[0])
    if kind != "json" or not isinstance(size, int) or not 0 <= size <= len(body):
        raise BadPredictionsError("the predictions are neither an array nor a list")
    if size > MAX_LIST_BYTES:
        raise BadPredictionsError("the predictions are larger than an event may store")
    return _read_list(bytes(body[:size]), form.shape[0])


def _read_free_array(body: memoryview, shape: tuple[Any, ...], rows: int) -> bytes:
    if not all(type(n) is int and 0 < n < 1 << 32 for n in shape) or not 1 <= len(shape) <= 4:
        raise BadPredictionsError("the predictions have no sensible shape")
    if shape[0] != rows:
        raise BadPredictionsError(f"there are {shape[0]} predictions for {rows} rows")
    size = 8 * math.prod(shape)
    if size > len(body):
        raise BadPredictionsError("the predictions are larger than an event may store")
    _check_values(np.frombuffer(body[:size], dtype="<f8"))
    return npy_header(shape) + bytes(body[:size])


def _read_list(text: bytes, rows: int) -> bytes:
    n_lists = text.count(b"[") + _LISTS_PER_TABLE * text.count(b"{") + text.count(b'"') // 2
    if n_lists > _MAX_LISTS:
        raise BadPredictionsError(f"the predictions hold more than {_MAX_LISTS:,} lists and names")
    if _NAME.sub(b"", text).translate(None, _OF_LISTS):
        raise BadPredictionsError("the predictions hold something that is no number and no name")
    try:
        values = json.loads(text, object_pairs_hook=_table)
    except (ValueError, RecursionError):
        raise BadPredictionsError("the predictions are not a list of finite numbers") from None
    if not isinstance(values, list) or len(values) != rows:
        raise BadPredictionsError(f"the predictions are not a list of {rows} items")
    if any(type(item) is str for item in values):
        raise BadPredictionsError("the predictions hold words in place of lists")
    _check_items(values)
    return text.strip()


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name stands twice")
    return table


def _check_items(level: list[Any]) -> None:
    """Look at all items of one depth at once: one by one takes ten times as long."""
    for _ in range(_MAX_DEPTH):
        numbers = [abs(item) for item in level if type(item) in (int, float)]
        if numbers and not max(numbers) <= LARGEST:
            raise BadPredictionsError(f"the predictions hold numbers larger than {LARGEST:g}")
        lists = [item for item in level if type(item) is list]
        lists += [list(item.values()) for item in level if type(item) is dict]
        if not lists:
            return
        level = list(itertools.chain.from_iterable(lists))
    raise BadPredictionsError(f"the predictions are lists of more than {_MAX_DEPTH} depths")


def put_back(stored: bytes, rows: np.ndarray[Any, np.dtype[np.int64]]) -> bytes:
    """Return stored predictions in the order of the data.

    Parameters
    ----------
    stored : bytes
        As `read` returned them, for rows in another order.
    rows : ndarray of int, shape (n_rows,)
        Which row of the data each prediction is for.
    """
    where = np.argsort(rows)
    if stored[:1] == b"[":
        items = json.loads(stored)
        return json.dumps([items[i] for i in where], separators=(",", ":")).encode()
    values = np.frombuffer(stored, dtype="<f8", offset=NPY_HEADER_BYTES).reshape(_shape(stored))
    return stored[:NPY_HEADER_BYTES] + values[where].tobytes()


def believed(stored: bytes, dtype: object) -> str:
    """Return the type that a box says its predictions had, if they can have had it.

    Parameters
    ----------
    stored : bytes
        As `read` returned them.
    dtype : object
        What the box says; 1e200 as float16 would become an infinity behind the checks.

    Returns
    -------
    str
        "float64" where the word does not fit the numbers, or their squares do not fit the type;
        of small integers the largest type of integers whose squares do.
    """
    if not isinstance(dtype, str) or dtype not in DTYPES or stored[:1] == b"[":
        return "float64"
    values = load(stored)
    with np.errstate(all="ignore"):
        if not np.array_equal(load(stored, dtype), values):
            return "float64"
    wider = [dtype, *(["int64"] if "int" in dtype else []), "float64"]
    largest = np.abs(values).max(initial=0)
    return next(name for name in wider if largest <= _LARGEST_OF.get(name, LARGEST))


def load(stored: bytes, dtype: str = "float64") -> np.ndarray[Any, np.dtype[Any]]:
    """Turn stored predictions into the array that the kit's ``Predictions`` takes.

    Parameters
    ----------
    stored : bytes
        A ``.npy`` of float64, or JSON, as `read` returned them.
    dtype : str
        The type that the submission returned; the scores in float32 differ from those in float64
        in the last digits. Unknown names mean float64.

    Returns
    -------
    ndarray
        Of numbers, or one-dimensional of objects (lists, dicts or None) where the predictions are
        lists.
    """
    if stored[:1] == b"[":
        items = json.loads(stored)
        boxed = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            boxed[i] = item
        return boxed
    shape = _shape(stored)
    values = np.frombuffer(stored, dtype="<f8", offset=NPY_HEADER_BYTES).reshape(shape)
    return values.astype(dtype if dtype in DTYPES else "float64")


def _shape(stored: bytes) -> tuple[int, ...]:
    """Read the shape from a header that equals the only one we write."""
    words = stored[10:NPY_HEADER_BYTES].decode("latin1")
    inner = words.partition("'shape': (")[2].partition(")")[0]
    shape = tuple(int(part) for part in inner.split(",") if part.strip())
    if stored[:NPY_HEADER_BYTES] != npy_header(shape):
        raise BadPredictionsError("the stored predictions are not a .npy of float64")
    return shape

"""Hostile result files: every one is refused, nothing in them is run."""

from __future__ import annotations

import io
import json
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from databoard.training.predictions import (
    LARGEST,
    BadPredictionsError,
    believed,
    load,
    read,
    size_told,
)
from databoard.training.wire import NPY_HEADER_BYTES, Form, npy_header

SHAPE = (4, 2)
ARRAY = Form("array", SHAPE)
ANY = Form("any", (3,))
GOOD = np.full(SHAPE, 0.5)


def _npy(values: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, **options)
    return stream.getvalue()


def _fit(raw: bytes, form: Form = ARRAY) -> bytes:
    """Cut or fill to the size that the file in memory always has."""
    return raw[: form.capacity].ljust(form.capacity, b"\0")


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (Path("bomb_was_here"),)


HOSTILE = {  # L6, L7, L8
    "nothing": bytes(ARRAY.capacity),
    "a pickle": pickle.dumps(Bomb()),
    "a pickle in an array": _npy(
        np.array([Bomb()] * 8, dtype=object).reshape(SHAPE), allow_pickle=True
    ),
    "zip": b"PK\x03\x04" + bytes(60),
    "1e12 rows": npy_header((10**12, 2)),
    "negative rows": npy_header((4, 2)).replace(b"(4, 2)", b"(-4,2)"),
    "version 2": b"\x93NUMPY\x02\x00" + npy_header(SHAPE)[8:],
    "version 3": b"\x93NUMPY\x03\x00" + npy_header(SHAPE)[8:],
    "float32": _npy(GOOD.astype("<f4")),
    "big endian": _npy(GOOD.astype(">f8")),
    "integers": _npy(np.ones(SHAPE, dtype="<i8")),
    "complex": _npy(np.ones((2, 2), dtype="<c16")),
    "booleans": _npy(np.ones((8, 8), dtype=bool)),
    "objects": npy_header(SHAPE).replace(b"'<f8'", b"'|O8'"),
    "void": npy_header(SHAPE).replace(b"'<f8'", b"'V8' "),
    "records": npy_header(SHAPE).replace(b"'<f8'", b"[('a','<f8')]"),
    "Fortran order": _npy(np.asfortranarray(np.arange(8.0).reshape(SHAPE))),
    "transposed": _npy(GOOD.T.copy()),
    "flat": _npy(GOOD.ravel()),
    "a row less": _npy(GOOD[1:]),
    "a column more": _npy(np.ones((4, 3))),
    "three dimensions": _npy(np.ones((4, 2, 1))),
    "code in the header": npy_header(SHAPE).replace(b"'<f8'", b"__import__('os')"),
    "header without end": b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 60_000,
    "NaN": _npy(np.full(SHAPE, np.nan)),
    "one NaN": _npy(np.array([[0.5, 0.5]] * 3 + [[0.5, np.nan]])),
    "infinity": _npy(np.full(SHAPE, np.inf)),
    "huge": _npy(np.full(SHAPE, -1.01 * LARGEST)),
    "the largest": _npy(np.array([[0.5, 0.5]] * 3 + [[0.5, np.finfo(float).max]])),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_array_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPredictionsError):
        read(_fit(raw), ARRAY)

    assert not Path("bomb_was_here").exists()


def test_a_file_of_another_size_is_refused() -> None:
    with pytest.raises(BadPredictionsError):
        read(_npy(GOOD) + b"\0", ARRAY)


def test_good_predictions_come_back_bit_by_bit() -> None:
    values = np.random.default_rng(0).dirichlet([1, 1], size=4)

    stored = read(_npy(values), ARRAY)

    assert (load(stored) == values).all()
    assert (np.load(io.BytesIO(stored)) == values).all()


@pytest.mark.parametrize(
    ("dtype", "values", "kept"),
    [
        ("float32", np.float32([0.1, 1e14]), True),
        ("float16", np.float16([0.1, 99]), True),
        ("int64", np.int64([-7, 10**6]), True),
        ("bool", np.array([True, False]), True),
        ("float32", [0.1, 0.2], False),
        ("float16", [1.0, 1e10], False),
        ("int64", [1.0, 1e100], False),
        ("uint8", [1.0, 256.0], False),
        ("float128", [1.0, 2.0], False),
        (["float32"], [1.0, 2.0], False),
    ],
)
def test_a_type_is_believed_only_where_the_numbers_may_have_had_it(dtype, values, kept) -> None:
    stored = npy_header((2,)) + np.asarray(values, "<f8").tobytes()

    assert believed(stored, dtype) == (dtype if kept else "float64")
    assert np.array_equal(load(stored, believed(stored, dtype)), np.asarray(values))


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ('{"form": "json", "bytes": 7}', 7),
        ('{"form": "array", "shape": [3, 2]}', 48),
        ('{"form": "json", "bytes": 1e400}', 0),
        ('{"form": "json", "bytes": -5}', 0),
        ('{"form": "json", "bytes": "7 8"}', 0),
        ('{"form": "json", "bytes": NaN}', 0),
        ('{"form": "array", "shape": [[], 2]}', 0),
        ('{"form": "array", "shape": [3, 1e300]}', ANY.capacity),
        ("[" * 128, 0),
        ("", 0),
    ],
)
def test_no_more_is_read_than_a_box_says_it_has_written(head, size) -> None:
    """Room for a kit's own type is 4 kB per row: for 100,000 rows the trainer read 400 MB."""
    raw = head.encode().ljust(NPY_HEADER_BYTES)

    assert size_told(raw, ANY) == NPY_HEADER_BYTES + size
    assert size_told(raw, ARRAY) == ARRAY.capacity


@pytest.mark.parametrize(
    ("dtype", "value", "used"),
    [
        ("float32", 1e30, "float64"),
        ("float16", 60_000, "float64"),
        ("int64", 4e9, "float64"),
        ("int32", 100_000, "int64"),
        ("uint8", 200, "int64"),
    ],
)
def test_squares_of_a_type_do_not_overflow(dtype, value, used) -> None:
    """The square of 2**32 is 0 as an integer: one row could choose the error of all others."""
    values = np.array([value, 0]).astype(dtype)
    stored = npy_header((2,)) + values.astype("<f8").tobytes()
    labels = np.zeros(2, dtype=dtype)

    found = load(stored, believed(stored, dtype))

    assert found.dtype == used
    assert np.square(labels - found).max() == float(values[0]) ** 2


def test_strict_events_refuse_rows_that_are_not_probabilities() -> None:
    raw = _npy(np.array([[0.5, 0.5]] * 3 + [[0.9, 0.9]]))

    assert read(raw, ARRAY) == raw
    with pytest.raises(BadPredictionsError, match="probabilities"):
        read(raw, ARRAY, strict=True)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["<f8", "<f4", "<i8", "|u1", "<c16"]),
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=5),
        elements={"allow_nan": True},
        fill=st.nothing(),
    )
)
def test_any_array_but_the_expected_one_is_refused(values: np.ndarray) -> None:  # L8
    raw = _npy(values)
    expected = values.dtype == "<f8" and values.shape == SHAPE
    expected = expected and np.isfinite(values).all() and (np.abs(values) <= LARGEST).all()

    if expected:
        assert load(read(raw, ARRAY)).tolist() == values.tolist()
    else:
        with pytest.raises(BadPredictionsError):
            read(raw, ARRAY)


def _list(text: str) -> bytes:
    head = json.dumps({"form": "json", "bytes": len(text.encode())}).encode()
    return _fit(head.ljust(NPY_HEADER_BYTES) + text.encode(), ANY)


BAD_LISTS = {
    "not a list": '{"a": 1}',
    "too short": "[[], []]",
    "words in place of lists": '["a", [], []]',
    "an essay": f'[["{"a" * 201}"], [], []]',
    "booleans": "[[true], [], []]",
    "NaN in an object": '[[{"a": NaN}], [], []]',
    "deep objects": "[[" + '{"a": ' * 30 + "1" + "}" * 30 + "], [], []]",
    "an essay for a name": f'[[{{"{"a" * 201}": 1}}], [], []]',
    "NaN": "[[NaN], [], []]",
    "infinity": "[[Infinity], [], []]",
    "too large a number": "[[1e999], [], []]",
    "a huge number": "[[1e101], [], []]",
    "a large integer": f"[[1{'0' * 309}], [], []]",
    "an integer of very many digits": f"[[1{'0' * 100_000}], [], []]",
    "a twin of NaN": "[[nan], [], []]",
    "two lists": "[[], [], []][[], [], []]",
    "too deep": "[" + "[" * 30 + "]" * 30 + ", [], []]",
    "endless": "[" * 100_000,
    "a deep list of nothing": "[[[[[[[[]]]]]]], [], []]",
    "a key twice": '[{"a": 1, "a": 2}, [], []]',
    "text": '["[1]", [], []]',
    "not JSON": "__import__('os')",
}


@pytest.mark.parametrize("text", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_hostile_list_is_refused(text: str) -> None:
    with pytest.raises(BadPredictionsError):
        read(_list(text), ANY)


@pytest.mark.parametrize(
    "head",
    [
        b"[]",
        b"{}",
        b'{"form": "pickle", "bytes": 3}',
        b'{"form": "json", "bytes": -1}',
        b'{"form": "json", "bytes": 99999999999}',
        b'{"form": "json", "bytes": "1"}',
        b'{"form": "array", "shape": [1000000000000, 2]}',
        b'{"form": "array", "shape": [3, 4000000000]}',
        b'{"form": "array", "shape": [true, 1]}',
        b'{"form": "array", "shape": []}',
        b'{"form": "array", "shape": 3}',
        b"\xff\xfe",
    ],
)
def test_a_hostile_head_is_refused(head: bytes) -> None:
    with pytest.raises(BadPredictionsError):
        read(_fit(head.ljust(NPY_HEADER_BYTES), ANY), ANY)


@pytest.mark.parametrize("unit", ["[]", "{}", '""', "0.5"])  # X4
def test_lists_of_very_many_parts_are_refused_before_they_are_read(unit: str) -> None:
    form = Form("any", (10_000,))
    text = f"[[{','.join([unit] * 8_000_000)}]{',[]' * 9_999}]".encode()
    head = json.dumps({"form": "json", "bytes": len(text)}).encode().ljust(NPY_HEADER_BYTES)
    tracemalloc.start()

    with pytest.raises(BadPredictionsError):
        read((head + text).ljust(form.capacity, b"\0"), form)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * form.capacity


def test_lists_of_objects_cross_as_numbers() -> None:
    stored = read(_list("[[[0.9, 1, 2, 3.5]], null, []]"), ANY)

    values = load(stored)

    assert values.dtype == object
    assert values.tolist() == [[[0.9, 1, 2, 3.5]], None, []]


def test_a_free_array_crosses_with_its_own_width() -> None:
    values = np.arange(12.0).reshape(3, 4)
    head = json.dumps({"form": "array", "shape": [3, 4]}).encode().ljust(NPY_HEADER_BYTES)

    stored = read(_fit(head + values.tobytes(), ANY), ANY)

    assert load(stored).tolist() == values.tolist()


@pytest.mark.parametrize("name", ["été", "a b", 'a "b"', "a\\b", "a/b", "😀", "𠀀"])
def test_a_class_may_have_any_name_of_whole_characters(name: str) -> None:
    form, items = Form("any", (1,)), [[{"class": name, "proba": 0.5}]]
    text = json.dumps(items).encode()  # as the runner writes it
    head = json.dumps({"form": "json", "bytes": len(text)}).encode().ljust(NPY_HEADER_BYTES)

    stored = read((head + text).ljust(form.capacity, b"\0"), form)

    assert load(stored)[0] == items[0]


@pytest.mark.parametrize("name", [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\n", "\0"])
def test_a_name_of_other_than_whole_characters_is_refused(name: str) -> None:
    form, text = Form("any", (1,)), f'[["{name}"]]'.encode()
    head = json.dumps({"form": "json", "bytes": len(text)}).encode().ljust(NPY_HEADER_BYTES)

    with pytest.raises(BadPredictionsError):
        read((head + text).ljust(form.capacity, b"\0"), form)

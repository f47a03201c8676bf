"""Bytes from a box become numbers, or nothing does."""

import io
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from databoard.domain import predictions
from databoard.errors import TrainingError

ANY_DTYPE = st.one_of(
    hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.boolean_dtypes(), hnp.complex_number_dtypes()
)


def saved(array, version=None, **kwargs):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, **kwargs)
    return buffer.getvalue()


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0)))
def test_what_was_encoded_is_read_back_to_the_last_bit_if_it_is_finite(y_pred):  # L8
    raw = predictions.encode_npy(y_pred)

    if np.isfinite(y_pred).all():
        read = predictions.parse_npy(raw, y_pred.shape)
        assert read.tobytes() == np.ascontiguousarray(y_pred).tobytes()
        assert read.flags.writeable
    else:
        with pytest.raises(TrainingError, match="finite"):
            predictions.parse_npy(raw, y_pred.shape)


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=2)))
def test_numpy_reads_what_is_written_and_the_other_way_round(y_pred):
    raw = predictions.encode_npy(y_pred)

    np.testing.assert_array_equal(np.load(io.BytesIO(raw)), y_pred)
    if np.isfinite(y_pred).all():
        np.testing.assert_array_equal(predictions.parse_npy(saved(y_pred), y_pred.shape), y_pred)


@given(
    hnp.arrays(
        ANY_DTYPE.filter(lambda dtype: dtype != np.dtype("<f8")), hnp.array_shapes(max_dims=3)
    )
)
def test_any_other_type_is_refused(y_pred):  # L8
    with pytest.raises(TrainingError) as refusal:
        predictions.parse_npy(saved(y_pred), y_pred.shape)

    assert refusal.value.fault == "team"


@pytest.mark.parametrize("shape", [(6,), (3, 2), (2, 3, 1), (2, 4), (1, 6), ()])
def test_any_other_shape_is_refused(shape):  # L8
    with pytest.raises(TrainingError):
        predictions.parse_npy(predictions.encode_npy(np.ones((2, 3))), shape)


def forged(shape_text, body=b"", descr="'<f8'", order="False"):
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape_text}, }}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + body


@pytest.mark.parametrize(
    "raw",
    [
        forged("(1000000000000,)"),
        forged("(1000000000000, 1000)"),
        forged("(-1,)"),
        forged("(3)"),
        forged("(True,)"),
        forged("(3L,)"),
        forged("(3,)", bytes(23)),
        forged("(3,)", bytes(25)),
        forged("(3,)", bytes(24), order="True"),
        forged("(3,)", bytes(24), descr="'|O'"),
        forged("(3,)", bytes(24), descr="'>f8'"),
        forged("(3,)", bytes(24), descr="[('a', '<f8')]"),
        forged("__import__('os').abort()", bytes(24)),
        forged("(٣,)", bytes(24)),
        forged("(3,)" + " " * 600, bytes(24)),
        saved(np.ones(3), version=(2, 0)),
        saved(np.array([None, 1, 2]), allow_pickle=True),
        saved(np.asfortranarray(np.ones((3, 2)))),
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_a_forged_file_is_refused_at_once_and_takes_no_memory(raw):  # L6, L7
    tracemalloc.start()
    start = time.process_time()

    with pytest.raises(TrainingError):
        predictions.parse_npy(raw, (3,))

    assert time.process_time() - start < 0.05
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(raw):  # L6
    with pytest.raises(TrainingError):
        predictions.parse_npy(b"\x93NUMPY\x01\x00" + raw, (2,))


def test_a_transposed_array_is_written_in_c_order():
    y_pred = np.arange(6.0).reshape(2, 3).T

    np.testing.assert_array_equal(
        predictions.parse_npy(predictions.encode_npy(y_pred), (3, 2)), y_pred
    )


@pytest.mark.parametrize(
    "y_pred", [np.array(["a"]), np.array([1j]), np.array(3.0), np.zeros((1, 1, 1)), np.array([{}])]
)
def test_what_is_no_prediction_is_not_encoded(y_pred):
    with pytest.raises(TrainingError):
        predictions.encode_npy(y_pred)


def test_integers_and_booleans_become_floats():
    raw = predictions.encode_npy(np.array([True, False]))

    assert predictions.parse_npy(raw, (2,)).tolist() == [1.0, 0.0]


def test_the_first_row_that_is_not_finite_is_named():
    with pytest.raises(TrainingError, match="2 values are NaN or infinite, the first in row 1"):
        predictions.parse_npy(
            predictions.encode_npy(np.array([[0, 1], [np.nan, 1], [np.inf, 0]])), (3, 2)
        )


@pytest.mark.parametrize("row", [[0.5, 0.6], [-0.1, 1.1], [0.0, 0.0]])
def test_rows_that_are_no_distribution_are_refused(row):  # L8
    with pytest.raises(TrainingError, match="Row 1"):
        predictions.check_probabilities(np.array([[0.25, 0.75], row]))


def test_distributions_are_taken_with_their_rounding_errors():
    predictions.check_probabilities(np.array([[0.1 + 0.2, 0.7], [1.0, 0.0]]))


OBJECTS = st.lists(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=5)),
    max_size=4,
)


@given(OBJECTS)
def test_objects_are_read_back_to_the_last_bit(rows):
    raw = predictions.encode_rows(rows)

    assert predictions.parse_rows(raw, len(rows)) == [[tuple(o) for o in row] for row in rows]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[[]]",
        b"[[],[],[]]",
        b"[[[1,2,3,NaN]],[]]",
        b"[[[1,2,3,Infinity]],[]]",
        b"[[[1,2,3,1e999]],[]]",
        b"[[[1,2,3,true]],[]]",
        b"[[[1,2,3,null]],[]]",
        b'[[[1,2,3,"4"]],[]]',
        b"[[[1,2]],[]]",
        b"[[[1,2,3,4,5,6]],[]]",
        b"[[[1,2,3],[1,2,3],[1,2,3],[1,2,3]],[]]",
        b"[null,[]]",
        b"[" * 200_000,
        b"\xff\xfe",
        b"[[],[]]" + b" " * 3000,
    ],
)
def test_objects_that_break_the_form_are_refused(raw):  # L8
    cap = len(raw) if raw.startswith(b"[[[[") else 2000
    with pytest.raises(TrainingError):
        predictions.parse_rows(raw, 2, n_values=(3, 5), max_per_row=3, max_bytes=cap)


@pytest.mark.parametrize("rows", [[[["a"]]], [[[float("nan")]]], [[3]], [[[{}]]]])
def test_objects_that_are_no_numbers_are_not_encoded(rows):
    with pytest.raises(TrainingError):
        predictions.encode_rows(rows)

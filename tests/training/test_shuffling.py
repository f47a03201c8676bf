"""Strict events: rows to predict in a secret order, put back before anybody stores them (L14)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from databoard.errors import KitError
from databoard.training import predictions, shuffling
from databoard.training.engine import Engine
from databoard.training.wire import FoldResult, FoldTask, Limits, npy_header
from tests.training.conftest import FOREST

BY_PLACE = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class ByPlace(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = np.arange(len(X)) / len(X)
        return np.column_stack([p, 1 - p, 0 * p])


def get_estimator():
    return ByPlace()
"""
NOT_NORMALISED = BY_PLACE.replace("1 - p", "p")


@pytest.fixture(scope="module")
def strict_engine(engine: Engine, problems: Path, tmp_path_factory) -> Iterator[Engine]:
    """An engine on the same flowers, whose kit declares its rows exchangeable."""
    root = tmp_path_factory.mktemp("strict") / "problems"
    shutil.copytree(problems / "flowers", root / "flowers")
    code = root / "flowers" / "problem.py"
    code.write_text(code.read_text() + "\n\nrows_are_exchangeable = True\n")
    one = Engine(root, slots=2, min_isolation="landlock", isolation=engine.isolation)
    yield one
    one.close()


def train(engine: Engine, folder: Path, *, strict: bool) -> FoldResult:
    limits = Limits(seconds=30, memory_mb=512, disk_mb=32)
    task = FoldTask(folder, "flowers", None, 1, limits, log="full", strict=strict)
    return engine.train_fold(task).result(60)


def test_who_looks_at_each_row_by_itself_predicts_and_scores_the_same(
    strict_engine: Engine, submission: Callable[[str], Path]
) -> None:
    folder = submission(FOREST)

    usual, strict = (train(strict_engine, folder, strict=is_strict) for is_strict in (False, True))

    assert strict.verdict.is_ok, strict.verdict
    assert strict.y_pred_train == usual.y_pred_train
    assert strict.y_pred_test == usual.y_pred_test
    kit = strict_engine.kit("flowers")
    assert kit.score(1, strict) == kit.score(1, usual)
    assert train(strict_engine, folder, strict=True).y_pred_test == strict.y_pred_test  # R15


def test_no_fold_leaves_its_own_copy_of_the_data_behind(
    strict_engine: Engine, submission: Callable[[str], Path]
) -> None:
    def sealed() -> int:
        return sum("memfd:parcel" in os.path.realpath(f"/proc/self/fd/{fd}") for fd in range(400))

    folder = submission(BY_PLACE)
    task = FoldTask(folder, "flowers", None, 0, strict=True)
    kit = strict_engine.kit("flowers")
    before = sealed()

    with kit.lend(task) as one, kit.lend(task) as other:
        assert sealed() == before + 3, "two that run at once share a copy"
        assert one.X_train == other.X_train
    train(strict_engine, folder, strict=True)

    assert sealed() == before


def test_who_goes_by_places_is_led_astray_but_on_training_rows(
    strict_engine: Engine, submission: Callable[[str], Path]
) -> None:
    folder = submission(BY_PLACE)

    usual, strict = (train(strict_engine, folder, strict=is_strict) for is_strict in (False, True))

    assert usual.y_pred_train
    assert strict.y_pred_train
    assert usual.y_pred_test
    assert strict.y_pred_test
    before, after = predictions.load(usual.y_pred_train), predictions.load(strict.y_pred_train)
    moved = np.flatnonzero((before != after).any(axis=1))
    assert 20 < len(moved) <= 34  # 30 % of 113 rows are held out
    np.testing.assert_array_equal(np.sort(before[:, 0]), np.sort(after[:, 0]))
    assert usual.y_pred_test != strict.y_pred_test


def test_a_strict_event_takes_probabilities_only(  # L8
    strict_engine: Engine, submission: Callable[[str], Path]
) -> None:
    folder = submission(NOT_NORMALISED)

    assert train(strict_engine, folder, strict=False).verdict.is_ok
    verdict = train(strict_engine, folder, strict=True).verdict
    assert (verdict.state, verdict.message) == (
        "validating_error",
        "the rows are not probabilities that sum to 1",
    )


def test_a_kit_that_declares_nothing_keeps_its_order(
    engine: Engine, submission: Callable[[str], Path]
) -> None:
    folder = submission(BY_PLACE)

    usual, strict = (train(engine, folder, strict=is_strict) for is_strict in (False, True))

    assert strict.y_pred_train == usual.y_pred_train


def test_the_order_needs_the_labels() -> None:
    y = np.array(["a", "b"] * 20)
    other = y.copy()
    other[7] = "a"
    orders = [
        shuffling.shuffled(40, [3, 5], shuffling.secret_of(labels, None), "fold 0").tolist()
        for labels in (y, y.copy(), other)
    ]

    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(
    "X",
    [
        np.arange(8).reshape(4, 2),
        [[0, 1], [2, 3], [4, 5], [6, 7]],
        sparse.csr_array(np.arange(8).reshape(4, 2)),
    ],
    ids=["array", "list", "sparse"],
)
def test_rows_of_every_kind_are_moved(X: object) -> None:
    moved = shuffling.rearranged(X, np.array([0, 3, 1, 2]))

    dense = moved.toarray() if sparse.issparse(moved) else np.asarray(moved)
    assert dense.tolist() == [[0, 1], [6, 7], [2, 3], [4, 5]]


def test_names_of_rows_do_not_tell_where_they_stood() -> None:
    X = pd.DataFrame({"a": [1, 2, 3, 4]}, index=[10, 20, 30, 40])

    moved = shuffling.rearranged(X, np.array([0, 3, 1, 2]))

    assert moved["a"].tolist() == [1, 4, 2, 3]
    assert moved.index.tolist() == [10, 20, 30, 40]


def test_images_in_a_folder_are_moved_by_name() -> None:
    X = ("data/imgs", np.array(["a.png", "b.png", "c.png"]))

    folder, names = shuffling.rearranged(X, np.array([2, 0, 1]))

    assert (folder, list(names)) == ("data/imgs", ["c.png", "a.png", "b.png"])


def test_what_cannot_be_moved_is_refused() -> None:
    with pytest.raises(KitError, match="cannot be moved"):
        shuffling.rearranged({"images": [1, 2]}, np.array([1, 0]))


@pytest.mark.parametrize(
    ("stored", "back"),
    [
        (
            npy_header((3,)) + np.array([1.0, 2.0, 3.0]).tobytes(),
            npy_header((3,)) + np.array([2.0, 3.0, 1.0]).tobytes(),
        ),
        (b"[[1,2],null,[]]", b"[null,[],[1,2]]"),
    ],
    ids=["array", "list"],
)
def test_predictions_are_put_back(stored: bytes, back: bytes) -> None:
    assert predictions.put_back(stored, np.array([2, 0, 1])) == back

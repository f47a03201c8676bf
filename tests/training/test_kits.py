"""Kits that are not tables: images by path, objects as predictions, folds in the workflow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from databoard.training import predictions
from databoard.training.engine import Engine
from tests.training.conftest import train

IMAGES = """
import os

import numpy as np
import rampwf as rw
from sklearn.model_selection import KFold

problem_title = "Grey or not"
Predictions = rw.prediction_types.make_multiclass(label_names=[0, 1])
score_types = [rw.score_types.Accuracy(name="acc")]


class Workflow:
    element_names = ["classifier"]

    def train_submission(self, module_path, X, y, train_is=None):
        module = rw.utils.import_module_from_source(
            os.path.join(module_path, "classifier.py"), "classifier", sanitize=True
        )
        return module.Classifier().fit(X[train_is], y[train_is])

    def test_submission(self, trained_model, X, fold):
        assert (fold is None) == (len(X) == 10), "the fold comes with the training rows only"
        return trained_model.predict_proba(X)


workflow = Workflow()


def get_cv(X, y):
    return KFold(2).split(X)


def _read(path, step, n):
    folder = os.path.join(path, "data", "images", step)
    names = sorted(os.listdir(folder))
    y = np.loadtxt(os.path.join(path, "data", step + "_labels.csv"), dtype=int)
    return np.array([os.path.join(folder, name) for name in names]), y


def get_train_data(path="."):
    return _read(path, "train", 20)


def get_test_data(path="."):
    return _read(path, "test", 10)
"""

READER = """
import pathlib

import numpy as np


class Classifier:
    def fit(self, X, y):
        labels = pathlib.Path(X[0]).parents[2] / "train_labels.csv"
        print("labels", labels.exists())
        return self

    def predict_proba(self, X):
        p = np.array([pathlib.Path(x).read_bytes()[0] / 255 for x in X])
        return np.column_stack([1 - p, p])
"""


def test_images_are_shown_and_labels_are_not(
    tier_engine: Engine, problems: Path, submission: Callable[..., Path]
) -> None:
    kit = problems / "images"
    if not kit.exists():
        for step, n in (("train", 20), ("test", 10)):
            folder = kit / "data" / "images" / step
            folder.mkdir(parents=True)
            for i in range(n):
                (folder / f"{i:02}.grey").write_bytes(bytes([255 * (i % 2)]))
            labels = "\n".join(str(i % 2) for i in range(n))
            (kit / "data" / f"{step}_labels.csv").write_text(labels + "\n")
        (kit / "problem.py").write_text(IMAGES)

    # Without namespaces the box's own user reads the folder at its place, as on any server; pytest
    # keeps its folders to itself.
    for folder in kit.parents:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)

    result = train(tier_engine, submission(READER, "classifier.py"), "images")

    assert result.verdict.is_ok, result.verdict
    scores = tier_engine.kit("images").score(0, result)
    assert {step: score["acc"] for step, score in scores.items()} == {
        "train": 1.0,
        "valid": 1.0,
        "test": 1.0,
    }
    if tier_engine.isolation.tier in ("full", "ns"):
        assert result.log == b"labels False\n"
    if tier_engine.isolation.tier == "landlock":
        # Landlock tells that a file exists but lets nobody read it.
        assert result.log in (b"labels False\n", b"labels True\n")


OBJECTS = """
import os

import numpy as np
import rampwf as rw
from rampwf.score_types.detection import OSPA
from sklearn.model_selection import KFold

problem_title = "Craters"
Predictions = rw.prediction_types.make_detection()
workflow = rw.workflows.ObjectDetector()
score_types = [OSPA()]


def get_cv(X, y):
    return KFold(2).split(X)


def _make(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 8, 8))
    y = np.empty(n, dtype=object)
    for i in range(n):
        y[i] = [(100.0 + 10 * k, 100.0, 20.0) for k in range(1 + i % 3)]
    return X, y


def get_train_data(path="."):
    return _make(12, 1)


def get_test_data(path="."):
    return _make(6, 2)
"""

DETECTOR = """
import numpy as np


class ObjectDetector:
    def fit(self, X, y):
        return self

    def predict(self, X):
        found = np.empty(len(X), dtype=object)
        for i in range(len(X)):
            found[i] = [(1.0, 101.0, 100.0, 20.0)] if i else []
        return found
"""


def test_predictions_that_are_no_arrays_cross_as_json(
    engine: Engine, problems: Path, submission: Callable[..., Path]
) -> None:
    kit = problems / "craters"
    if not kit.exists():
        (kit / "data").mkdir(parents=True)
        (kit / "problem.py").write_text(OBJECTS)

    results = [
        train(engine, submission(DETECTOR, "object_detector.py"), "craters", fold)
        for fold in range(2)
    ]

    assert results[0].verdict.is_ok, results[0].verdict
    assert (results[0].y_pred_train or b"")[:1] == b"["
    values = predictions.load(results[0].y_pred_test or b"")
    assert values.tolist() == [[], *[[[1.0, 101.0, 100.0, 20.0]]] * 5]
    prepared = engine.kit("craters")
    scores = prepared.score(0, results[0])
    assert set(scores) == {"train", "valid", "test"}
    assert np.isfinite(scores["test"]["ospa"])
    bagged = prepared.bag(
        [result.y_pred_train or b"" for result in results],
        [result.y_pred_test for result in results],
    )
    assert len(bagged["valid"]) == len(bagged["test"]) == 2

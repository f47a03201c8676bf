"""Kits that are not tables: images by path, objects as predictions, folds in the workflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from databoard.errors import KitError
from databoard.training import paths, predictions
from databoard.training.engine import Engine
from databoard.training.paths import folders_of_paths
from databoard.training.wire import FoldResult
from tests.training.conftest import train

Scores = dict[str, dict[str, float]]
AS_RAMP_TEST = """
import json, sys
from rampwf.utils import testing
from rampwf.utils.submission import run_submission_on_cv_fold
problem, data, cv = testing.assert_read_problem(), testing.assert_data(), testing.assert_cv()
tables = [run_submission_on_cv_fold(problem, sys.argv[1], fold, *data)[-1] for fold in cv]
tables = [table.drop(columns="time").astype(float) for table in tables]
print(json.dumps([{step: dict(table.loc[step]) for step in table.index} for table in tables]))
"""

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


# ------------------------------------------------------------------ other forms of public kits
NAMED_OBJECTS = """
import os
import sys

import numpy as np
import rampwf as rw
from sklearn.model_selection import KFold

sys.path.append(os.path.abspath(os.path.dirname(__file__)))
from boxes_helpers.scoring import Found  # noqa: E402

problem_title = "Follicles"


class Predictions(rw.prediction_types.make_detection()):
    @classmethod
    def combine(cls, predictions_list, index_list=None):
        rows = range(len(predictions_list)) if index_list is None else index_list
        joined = np.empty(len(predictions_list[0].y_pred), dtype=object)
        for place in range(len(joined)):
            said = [predictions_list[i].y_pred[place] for i in rows]
            joined[place] = [one for row in said if row is not None for one in row]
        return cls(y_pred=joined)


workflow = rw.workflows.ObjectDetector()
score_types = [Found("round"), Found("long")]


def get_cv(X, y):
    return KFold(2).split(X)


def _make(n):
    y = np.empty(n, dtype=object)
    for i in range(n):
        kind = "round" if i % 2 else "long"
        y[i] = [{"bbox": (1.0, 2.0, 3.0 + i, 4.0), "class": kind}]
    return np.arange(n), y


def get_train_data(path="."):
    return _make(12)


def get_test_data(path="."):
    return _make(6)
"""

FOUND = """
import numpy as np
from rampwf.score_types.base import BaseScoreType


class Found(BaseScoreType):
    is_lower_the_better = False
    minimum = 0.0
    maximum = 1.0

    def __init__(self, kind):
        self.name, self.precision, self.kind = f"found {kind}", 3, kind

    def __call__(self, y_true, y_pred):
        pairs = [
            max([p["proba"] for p in pred if p["class"] == true[0]["class"]], default=0.0)
            for true, pred in zip(y_true, y_pred)
            if true[0]["class"] == self.kind
        ]
        return float(np.mean(pairs))
"""

NAMING = """
import numpy as np


class ObjectDetector:
    def fit(self, X, y):
        return self

    def predict(self, X):
        found = np.empty(len(X), dtype=object)
        for i, x in enumerate(X):
            kind = "round" if x % 2 else "long"
            proba = np.float32(0.5 ** (x + 1))
            found[i] = [{"bbox": (x, 2, np.float64(3), 4), "class": kind, "proba": proba}]
        return found
"""


def test_detections_may_be_named_parts_with_a_class(
    engine: Engine, problems: Path, submission: Callable[..., Path]
) -> None:
    kit = problems / "named_objects"
    (kit / "boxes_helpers").mkdir(parents=True, exist_ok=True)
    (kit / "boxes_helpers" / "__init__.py").write_text("")
    (kit / "boxes_helpers" / "scoring.py").write_text(FOUND)
    (kit / "problem.py").write_text(NAMED_OBJECTS)
    folder = submission(NAMING, "object_detector.py")

    results = [train(engine, folder, "named_objects", fold) for fold in range(2)]

    assert [result.verdict.is_ok for result in results] == [True, True], results[0].verdict
    assert scores_of(engine, "named_objects", results) == scores_of_ramp_test(kit, folder)
    bagged = engine.kit("named_objects").bag(
        [result.y_pred_train or b"" for result in results],
        [result.y_pred_test for result in results],
    )
    assert len(bagged["valid"]) == len(bagged["test"]) == 2


def scores_of(engine: Engine, problem: str, results: list[FoldResult]) -> list[Scores]:
    """Score each fold, exactly."""
    kit = engine.kit(problem)
    return [kit.score(fold, result) for fold, result in enumerate(results)]


def scores_of_ramp_test(kit: Path, folder: Path) -> list[Scores]:
    """Score each fold by the functions of ramp-workflow that ``ramp-test`` prints from."""
    done = subprocess.run(
        [sys.executable, "-c", AS_RAMP_TEST, str(folder)],
        cwd=kit,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


OLD_FORM = """
import os

import numpy as np
import rampwf as rw
from rampwf.prediction_types.base import BasePrediction
from sklearn.model_selection import KFold

problem_title = "Steps"
weights = np.load(os.path.join(os.path.dirname(__file__), "weights.npy"))


class Predictions(BasePrediction):
    n_columns = 0

    def __init__(self, y_pred=None, y_true=None, n_samples=None):
        given = y_pred if y_pred is not None else y_true
        self.y_pred = np.full(n_samples, np.nan) if given is None else np.array(given)


workflow = rw.workflows.Estimator()
workflow.test_submission = lambda model, X: weights * model.predict(X)
score_types = [rw.score_types.RMSE(name="rmse")]


def get_cv(X, y):
    return KFold(3).split(X)


def _make(n):
    X = np.arange(3.0 * n).reshape(n, 3)
    return X, X[:, 0] % 7


def get_train_data(path="."):
    return _make(20)


def get_test_data(path="."):
    return _make(8)
"""

MEAN = """
from sklearn.dummy import DummyRegressor


def get_estimator():
    return DummyRegressor()
"""


def test_a_kit_of_before_fold_is_that_reads_a_file_beside_it_is_scored(
    engine: Engine, problems: Path, submission: Callable[..., Path]
) -> None:
    kit = problems / "old_form"
    kit.mkdir(exist_ok=True)
    (kit / "problem.py").write_text(OLD_FORM)
    np.save(kit / "weights.npy", np.array(0.5))

    result = train(engine, submission(MEAN), "old_form", 1)

    assert result.verdict.is_ok, result.verdict
    y = np.arange(0.0, 60.0, 3.0) % 7
    held_out = np.arange(7, 14)
    guess = 0.5 * np.delete(y, held_out).mean()
    assert engine.kit("old_form").score(1, result)["valid"]["rmse"] == pytest.approx(
        np.sqrt(np.mean((y[held_out] - guess) ** 2))
    )


def test_a_kit_that_downloads_when_it_is_imported_is_told_the_line(
    engine: Engine, problems: Path, submission: Callable[..., Path]
) -> None:
    kit = problems / "downloading"
    kit.mkdir(exist_ok=True)
    fetching = 'open(os.path.join(os.path.dirname(__file__), "data", "rows")).close()'
    (kit / "data").mkdir(exist_ok=True)
    (kit / "data" / "rows").write_text("1")
    np.save(kit / "weights.npy", np.array(0.5))
    (kit / "problem.py").write_text(f"import os\n\n{fetching}\n{OLD_FORM}")

    result = train(engine, submission(MEAN), "downloading")

    assert (result.verdict.state, result.verdict.fault) == ("checking_error", "organiser")
    assert "FileNotFoundError (problem.py, line 3)" in result.verdict.message
    assert "let functions read and download" in result.verdict.message


def test_a_folder_per_subject_is_shown_as_the_folder_of_all(tmp_path: Path) -> None:
    data = tmp_path.resolve() / "kit" / "data"
    names = [f"data/scans/{i}/run_1/scan.txt" for i in range(5)]
    for name in names:
        path = data.parent / name
        path.parent.mkdir(parents=True)
        path.write_text("1")

    assert folders_of_paths([names], data.parent) == [str(data / "scans")]

    (data / "scans" / "3" / "labels.csv").write_text("1")
    shown = [str(data / "scans" / f"{i}") for i in range(5)]
    shown[3] += "/run_1"
    assert folders_of_paths([names], data.parent) == shown
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_MOST_BYTES", 40)
        with pytest.raises(KitError, match="5 folders, more than a box can be shown"):
            folders_of_paths([names], data.parent)

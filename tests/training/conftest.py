"""Kits as ramp-workflow knows them, and one engine for all tests of this package."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from databoard.training import box
from databoard.training.engine import Engine
from databoard.training.wire import FoldEvent, FoldResult, FoldTask, Limits

CLASSIFICATION = """
import os

import pandas as pd
import rampwf as rw
from sklearn.model_selection import StratifiedShuffleSplit

problem_title = "Flowers"
Predictions = rw.prediction_types.make_multiclass(label_names=["setosa", "versicolor", "virginica"])
workflow = rw.workflows.Estimator()
score_types = [
    rw.score_types.Accuracy(name="acc"),
    rw.score_types.NegativeLogLikelihood(name="nll"),
    rw.score_types.F1Above(name="f1_70", threshold=0.7),
]


def get_cv(X, y):
    return StratifiedShuffleSplit(n_splits=3, test_size=0.3, random_state=57).split(X, y)


def _read(path, name):
    data = pd.read_csv(os.path.join(path, "data", name))
    return data.drop(columns="target"), data["target"].values


def get_train_data(path="."):
    return _read(path, "train.csv")


def get_test_data(path="."):
    return _read(path, "test.csv")
"""

REGRESSION = (
    CLASSIFICATION.replace(
        'make_multiclass(label_names=["setosa", "versicolor", "virginica"])', "make_regression()"
    )
    .replace("StratifiedShuffleSplit(n_splits=3", "ShuffleSplit(n_splits=3")
    .replace("StratifiedShuffleSplit", "ShuffleSplit")
    .replace('rw.score_types.Accuracy(name="acc")', "rw.score_types.RMSE()")
    .replace(
        'rw.score_types.NegativeLogLikelihood(name="nll")',
        'rw.score_types.RelativeRMSE(name="rel_rmse")',
    )
    .replace('    rw.score_types.F1Above(name="f1_70", threshold=0.7),\n', "")
)

FOREST = """
from sklearn.ensemble import RandomForestClassifier


def get_estimator():
    return RandomForestClassifier(n_estimators=10, max_depth=3, random_state=61)
"""
RIDGE = """
from sklearn.linear_model import Ridge


def get_estimator():
    return Ridge(alpha=0.1)
"""
FLOAT32 = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier


class Single(RandomForestClassifier):
    def predict_proba(self, X):
        return super().predict_proba(X).astype(np.float32)


def get_estimator():
    return Single(n_estimators=7, random_state=61)
"""


def _write_csv(path: Path, X: np.ndarray, y: np.ndarray) -> None:
    names = [f"x{i}" for i in range(X.shape[1])]
    lines = [",".join([*names, "target"])]
    lines += [
        ",".join([*map(repr, row), str(label)]) for row, label in zip(X.tolist(), y, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")


def _write_kit(folder: Path, code: str, X: np.ndarray, y: np.ndarray) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "problem.py").write_text(code)
    order = np.random.default_rng(57).permutation(len(X))
    cut = len(X) // 4
    _write_csv(folder / "data" / "test.csv", X[order[:cut]], y[order[:cut]])
    _write_csv(folder / "data" / "train.csv", X[order[cut:]], y[order[cut:]])


@pytest.fixture(scope="session")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two kits: flowers and diabetes."""
    root = tmp_path_factory.mktemp("installation") / "problems"
    iris = load_iris()
    _write_kit(root / "flowers", CLASSIFICATION, iris.data, iris.target_names[iris.target])
    X, y = load_diabetes(return_X_y=True)
    _write_kit(root / "diabetes_kit", REGRESSION, X[:200], y[:200])
    return root


@pytest.fixture(scope="session")
def engine(problems: Path) -> Iterator[Engine]:
    """An engine in the best tier of this machine."""
    shared = Engine(problems, slots=2, min_isolation="landlock")
    if not shared.can_train:
        pytest.skip(shared.isolation.words)
    yield shared
    shared.close()


@pytest.fixture(scope="session", params=["full", "ns", "ns without bubblewrap", "landlock", "none"])
def tier_engine(request: pytest.FixtureRequest, problems: Path) -> Iterator[Engine]:
    """An engine per tier that this machine offers; ``none`` by naming the risk."""
    words = request.param.split(" without ")
    with pytest.MonkeyPatch.context() as patch:
        if len(words) > 1:
            patch.setattr(shutil, "which", lambda _: None)
        isolation = box.detect((words[0],))
    if isolation.tier != words[0]:
        pytest.skip("; ".join(isolation.notes))
    if len(words) > 1:
        assert isolation.bwrap == ""
    one = Engine(
        problems, slots=2, min_isolation="landlock", allow_unsafe=True, isolation=isolation
    )
    yield one
    one.close()


@pytest.fixture
def submission(tmp_path: Path) -> Callable[[str], Path]:
    """Write a submission of one file."""

    def write(code: str, name: str = "estimator.py") -> Path:
        folder = tmp_path / f"submission_{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / name).write_text(code)
        return folder

    return write


def train(
    engine: Engine,
    folder: Path,
    problem: str = "flowers",
    fold: int = 0,
    on_event: Callable[[FoldEvent], None] = lambda _: None,
    log: str = "full",
    **limits: float,
) -> FoldResult:
    """Train one fold and wait for it."""
    given = Limits(**{"seconds": 30, "memory_mb": 512, "disk_mb": 32, **limits})  # type: ignore[arg-type]
    task = FoldTask(folder, problem, None, fold, given, log=log)  # type: ignore[arg-type]
    return engine.train_fold(task, on_event).result(60)

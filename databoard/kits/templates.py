"""A complete new problem that trains at once: what an organiser starts from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from databoard.domain import rules
from databoard.errors import DuplicateError, InvalidError

N_TRAIN, N_TEST, N_COLUMNS, SEED = 200, 100, 4, 57

_PROBLEM = Template('''\
"""$title: what the server and the participants know of the problem.

Change the data, the scores and the folds to yours; see ``python manage.py check-problem $name``.
"""

import os

import pandas as pd
import rampwf as rw
from sklearn.model_selection import $splitter

problem_title = "$title"
target_column = "target"

Predictions = $predictions
workflow = rw.workflows.$workflow()

# The first one ranks.
score_types = [
$scores
]


def get_cv(X, y):
    """Give the folds; they are stored when an event is opened."""
    cv = $splitter(n_splits=3, test_size=0.25, random_state=$seed)
    return cv.split(X, y)


def _read(path, name):
    table = pd.read_csv(os.path.join(path, "data", name))
    X = table.drop(columns=target_column)
    return X$values, table[target_column].values


def get_train_data(path="."):
    """Give X and y to train on."""
    return _read(path, "train.csv")


def get_test_data(path="."):
    """Give X and y of the private leaderboard."""
    return _read(path, "test.csv")
''')

_README = Template("""\
# $title

What is to be predicted, from what, and why it matters.

## The data

`data/train.csv` has $n_train rows: `x0` to `x$last` and `target`.

## What you submit

$files. The starting kit in `submissions/starting_kit` works as it is.
""")

_CLASSIFIER = """\
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression


class Classifier(BaseEstimator):
    def __init__(self):
        self.model = LogisticRegression()

    def fit(self, X, y):
        self.model.fit(X, y)

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""

_REGRESSOR = """\
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge


class Regressor(BaseEstimator):
    def __init__(self):
        self.model = Ridge()

    def fit(self, X, y):
        self.model.fit(X, y)

    def predict(self, X):
        return self.model.predict(X)
"""

_FEATURE_EXTRACTOR = """\
class FeatureExtractor:
    def fit(self, X_df, y):
        pass

    def transform(self, X_df):
        return X_df.values
"""

_CLASSES = (0, 1)
_CLASSIFIER_SCORES = """\
    rw.score_types.Accuracy(name="acc", precision=3),
    rw.score_types.NegativeLogLikelihood(name="nll", precision=3),"""
_REGRESSOR_SCORES = '    rw.score_types.RMSE(name="rmse", precision=3),'


@dataclass(frozen=True)
class _Kind:
    """What is particular to a template."""

    workflow: str
    files: dict[str, str]
    is_classification: bool = False
    takes_table: bool = False


TEMPLATES = {
    "classifier": _Kind("Classifier", {"classifier.py": _CLASSIFIER}, is_classification=True),
    "regressor": _Kind("Regressor", {"regressor.py": _REGRESSOR}),
    "feature_extractor_regressor": _Kind(
        "FeatureExtractorRegressor",
        {"feature_extractor.py": _FEATURE_EXTRACTOR, "regressor.py": _REGRESSOR},
        takes_table=True,
    ),
}


def write_kit(name: str, template: str, problems_dir: Path) -> Path:
    """Write a new problem's folder; the same name and template give the same bytes.

    Parameters
    ----------
    name : str
        The problem, and its folder.
    template : {"classifier", "regressor", "feature_extractor_regressor"}
        Its workflow.
    problems_dir : Path
        Where problem folders lie.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InvalidError
        If there is no such template, or the name cannot be one.
    DuplicateError
        If there is a folder of this name; nothing in it is touched.
    """
    rules.check_identifier(name, "problem")
    if template not in TEMPLATES:
        raise InvalidError(f"The template must be one of {', '.join(TEMPLATES)}.", "template")
    folder = problems_dir / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise DuplicateError(f"There is a folder problems/{name} already.", "name") from None
    for path, text in _files(name, TEMPLATES[template]).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def _files(name: str, kind: _Kind) -> dict[str, str]:
    title = name.replace("_", " ").capitalize()
    words = {
        "name": name,
        "title": title,
        "workflow": kind.workflow,
        "seed": str(SEED),
        "n_train": str(N_TRAIN),
        "last": str(N_COLUMNS - 1),
        "files": " and ".join(f"`{file}`" for file in kind.files),
        "values": "" if kind.takes_table else ".values",
        "splitter": "StratifiedShuffleSplit" if kind.is_classification else "ShuffleSplit",
        "scores": _CLASSIFIER_SCORES if kind.is_classification else _REGRESSOR_SCORES,
        "predictions": (
            f"rw.prediction_types.make_multiclass(label_names={list(_CLASSES)})"
            if kind.is_classification
            else "rw.prediction_types.make_regression()"
        ),
    }
    train, test = _data(is_classification=kind.is_classification)
    return {
        "problem.py": _PROBLEM.substitute(words),
        "README.md": _README.substitute(words),
        "data/train.csv": train,
        "data/test.csv": test,
        **{f"submissions/starting_kit/{file}": text for file, text in kind.files.items()},
    }


def _data(*, is_classification: bool) -> tuple[str, str]:
    """Draw a linear relation with noise: training rows and test rows."""
    random = np.random.default_rng(SEED)
    X = random.normal(size=(N_TRAIN + N_TEST, N_COLUMNS))
    y = X @ np.arange(1.0, N_COLUMNS + 1) + random.normal(scale=1.0, size=len(X))
    targets = [str(int(value > 0)) if is_classification else f"{value:.6f}" for value in y]
    rows = [[*(f"{value:.6f}" for value in x), t] for x, t in zip(X, targets, strict=True)]
    return _table(rows[:N_TRAIN]), _table(rows[N_TRAIN:])


def _table(rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(f"x{number}" for number in range(N_COLUMNS)), "target"])
    writer.writerows(rows)
    return text.getvalue()

"""Write small problems of both conventions into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

PROBLEM = """
import os
import pandas as pd
import rampwf as rw
from sklearn.model_selection import StratifiedShuffleSplit

problem_title = "Flowers"
Predictions = rw.prediction_types.make_multiclass(label_names=["a", "b"])
workflow = rw.workflows.Estimator()
score_types = [
    rw.score_types.Accuracy(name="acc"),
    rw.score_types.NegativeLogLikelihood(name="nll", precision=4),
]


def get_cv(X, y):
    return StratifiedShuffleSplit(n_splits=3, test_size=0.25, random_state=57).split(X, y)


def _read(path, name):
    table = pd.read_csv(os.path.join(path, "data", name))
    return table.drop(columns="kind"), table["kind"].values


def get_train_data(path="."):
    return _read(path, "train.csv")


def get_test_data(path="."):
    return _read(path, "test.csv")
"""

ESTIMATOR = """
from sklearn.linear_model import LogisticRegression


def get_estimator():
    return LogisticRegression()
"""

PROBLEM_2016 = """
import os
import sys
import pandas as pd
from sklearn.model_selection import train_test_split
import databoard.multiclass_prediction as prediction
from databoard.config import submissions_path, problems_path

sys.path.append(os.path.dirname(os.path.abspath(submissions_path)))

problem_name = "irises"
random_state = 57
raw_filename = os.path.join(problems_path, problem_name, "data", "raw", "iris.csv")
train_filename = os.path.join(problems_path, problem_name, "data", "public", "train.csv")
test_filename = os.path.join(problems_path, problem_name, "data", "private", "test.csv")
prediction_labels = ["a", "b"]
target_column_name = "kind"
workflow_name = "classifier_workflow"


def prepare_data():
    df = pd.read_csv(raw_filename)
    df_train, df_test = train_test_split(df, test_size=0.2, random_state=random_state)
    df_train.to_csv(train_filename, index=False)
    df_test.to_csv(test_filename, index=False)


def read_data(filename):
    data = pd.read_csv(filename)
    return data.drop([target_column_name], axis=1).values, data[target_column_name].values


def get_train_data():
    return read_data(train_filename)


def get_test_data():
    return read_data(test_filename)
"""

EVENT_2016 = """
import datetime
from sklearn.model_selection import StratifiedShuffleSplit
from databoard.specific.problems.irises import problem_name  # noqa

event_name = "irises_test"
event_title = "Iris classification (test)"
score_type_descriptors = [
    {"name": "accuracy", "precision": 1, "new_name": "acc"},
    "error",
    {"name": "negative_log_likelihood", "new_name": "nll"},
]


def get_cv(y_train_array):
    cv = StratifiedShuffleSplit(n_splits=2, test_size=0.5, random_state=57)
    return cv.split(y_train_array, y_train_array)


max_members_per_team = 2
max_n_ensemble = 80
is_send_trained_mails = False
is_send_submitted_mails = True
min_duration_between_submissions = 15 * 60
opening_timestamp = datetime.datetime(2000, 1, 1, 0, 0, 0)
public_opening_timestamp = datetime.datetime(2001, 1, 1, 0, 0, 0)
closing_timestamp = datetime.datetime(4000, 1, 1, 0, 0, 0)
is_public = True
"""

CLASSIFIER = """
from sklearn.linear_model import LogisticRegression


class Classifier(LogisticRegression):
    pass
"""


def table(n_rows: int, seed: int) -> str:
    """Make a csv of two kinds that a line nearly separates."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["a", "b"], size=n_rows)
    x = rng.normal(size=(n_rows, 2)) + (kinds == "b")[:, np.newaxis]
    lines = [f"{row[0]:.4f},{row[1]:.4f},{kind}" for row, kind in zip(x, kinds, strict=True)]
    return "\n".join(["height,width,kind", *lines]) + "\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files, by their names in the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def ramp_kit(problems: Path, name: str = "flowers", **files: Any) -> Path:
    """Write a whole ramp-kit; keyword arguments replace the text of its problem.py."""
    problem = files.pop("problem", PROBLEM)
    return write(
        problems / name,
        {
            "problem.py": problem,
            "data/train.csv": table(60, 1),
            "data/test.csv": table(20, 2),
            "submissions/starting_kit/estimator.py": ESTIMATOR,
            "submissions/second/estimator.py": ESTIMATOR.replace("()\n", "(C=9)\n"),
        },
    )

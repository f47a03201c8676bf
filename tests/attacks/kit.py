"""The problem that the acts attack, with a mark on everything worth stealing."""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

N_TRAIN, N_TEST = 200, 40

PROBLEM = '''
import os

import numpy as np
import pandas as pd
import rampwf as rw
from rampwf.utils.importing import import_module_from_source
from sklearn.model_selection import KFold

problem_title = "Coin flips"
Predictions = rw.prediction_types.make_multiclass(label_names=["0", "1"])
score_types = [
    rw.score_types.Accuracy(name="acc"),
    rw.score_types.NegativeLogLikelihood(name="nll"),
]


class Unsanitised:
    """A classifier whose words nobody reads first."""

    element_names = ["classifier"]

    def train_submission(self, module_path, X, y, train_is=None):
        path = os.path.join(module_path, "classifier.py")
        module = import_module_from_source(path, "classifier")
        return module.Classifier().fit(X[train_is], y[train_is])

    def test_submission(self, trained_model, X):
        return trained_model.predict_proba(X)


workflow = Unsanitised()


def get_cv(X, y):
    return KFold(5, shuffle=True, random_state=57).split(X)


def _read(path, name):
    data = pd.read_csv(os.path.join(path, "data", name))
    data.attrs["secret"] = data["secret"].tolist()
    return data[["a", "b"]].to_numpy(), data["y"].astype(str).to_numpy()


def get_train_data(path="."):
    return _read(path, "train.csv")


def get_test_data(path="."):
    return _read(path, "test.csv")
'''

HONEST = '''
"""What every act falls back on: its score must be that of this."""

import json
import os

import numpy as np


class Honest:
    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([p, 1 - p])


def attempt(act):
    """Return what the act returns, or None if it fails."""
    try:
        return act()
    except (OSError, ValueError, AttributeError, TypeError, OverflowError):
        return None


def claim(*events):
    """Say to the trusted side what the runner would say."""
    for event in events:
        os.write(3, json.dumps({"event": event, "dtype": "float64"}).encode())
'''

SUBMISSION = """
from honest import Honest


class Classifier(Honest):
    pass
"""


@dataclass
class Target:
    """The problem, its neighbours, and what must not be touched."""

    root: Path
    problems: Path = field(init=False)
    sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems = self.root / "problems"
        kit = self.problems / "coins"
        (kit / "data").mkdir(parents=True)
        rng = np.random.default_rng(57)
        for name, rows in (("train", N_TRAIN), ("test", N_TEST)):
            lines = ["a,b,y,secret"]
            for _ in range(rows):
                a, b = rng.normal(size=2)
                lines.append(f"{a},{b},{rng.integers(2)},CANARY-LABELS-{rng.integers(1 << 40)}")
            path = kit / "data" / f"{name}.csv"
            path.write_text("\n".join(lines) + "\n")
            path.chmod(0o644)
        (kit / "problem.py").write_text(PROBLEM)
        (kit / "honest.py").write_text(HONEST)
        sibling = self.submission("sibling", SUBMISSION + "\nnote = 'CANARY-SIBLING'\n")
        self._listen()
        places = {
            "LABELS": str(kit / "data" / "test.csv"),
            "SIBLING": str(sibling / "classifier.py"),
            "TRAINER": os.getpid(),
            "PORT": self.port,
            "UNIX": self.unix,
            "ABSTRACT": self.abstract,
            "LETTERS": self.letters,
        }
        text = "".join(f"{name} = {value!r}\n" for name, value in places.items())
        (kit / "places.py").write_text(text)

    def _listen(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        self.unix = str(Path(tempfile.mkdtemp(dir=self.root, prefix="s")) / "socket")
        by_path = socket.socket(socket.AF_UNIX)
        by_path.bind(self.unix)
        Path(self.unix).chmod(0o777)
        by_path.listen()
        self.abstract = f"databoard-act-{os.getpid()}-{self.port}"
        by_name = socket.socket(socket.AF_UNIX)
        by_name.bind("\0" + self.abstract)
        by_name.listen()
        self.letters = f"{self.unix}.letters"
        by_letter = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        by_letter.bind(self.letters)
        Path(self.letters).chmod(0o777)
        self.sockets = [tcp, udp, by_path, by_name, by_letter]
        for one in self.sockets:
            one.setblocking(False)

    def submission(self, name: str, code: str) -> Path:
        """Write a submission."""
        folder = self.root / "submissions" / name
        folder.mkdir(parents=True)
        (folder / "classifier.py").write_text(code)
        return folder

    def was_reached(self) -> bool:
        """Whether anybody has come to one of the sockets."""
        for one in self.sockets:
            try:
                if one.type == socket.SOCK_DGRAM:
                    one.recv(10)
                else:
                    one.accept()
            except BlockingIOError:
                continue
            return True
        return False

    def close(self) -> None:
        """Close the sockets."""
        for one in self.sockets:
            one.close()

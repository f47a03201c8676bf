"""What tests of the services share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databoard.services import submissions
from databoard.store.base import Base
from databoard.store.engine import make_engine
from databoard.store.models import EventTeam, Submission
from tests import postgres
from tests.builders import NOON
from tests.invariants import violations

_numbers = count(1)
CODE = {"classifier.py": b"class Classifier:\n    pass\n"}

PROBLEM = """
import numpy as np

problem_title = "Tell even from odd"


class Workflow:
    element_names = ["classifier"]

    def train_submission(self, module_path, X, y, train_is=None):
        return None

    def test_submission(self, model, X):
        return np.zeros((len(X), 2))


class Predictions:
    label_names = [0, 1]
    n_columns = 2
    n_columns_true = 0


class Score:
    def __init__(self, name, precision, lower):
        self.name, self.precision, self.is_lower_the_better = name, precision, lower
        self.minimum, self.maximum = 0.0, float("inf") if lower else 1.0


workflow = Workflow()
score_types = [Score("acc", 2, False), Score("nll", 3, True)]


def get_cv(X, y):
    rows = np.arange(len(y))
    for k in range(3):
        yield rows[rows % 3 != k], rows[rows % 3 == k]


def get_train_data(path="."):
    return np.arange(12.0).reshape(12, 1), np.arange(12) % 2


def get_test_data(path="."):
    return np.arange(6.0).reshape(6, 1), np.arange(6) % 2
"""


@pytest.fixture(autouse=True)
def _sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did, the database makes sense afterwards."""
    session = request.getfixturevalue("session") if "session" in request.fixturenames else None
    yield
    if session is not None and session.is_active:
        session.expunge_all()
        assert violations(session) == []


@pytest.fixture
def submissions_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


@pytest.fixture
def problems_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "problems"
    folder.mkdir()
    return folder


@pytest.fixture
def make_kit(problems_dir: Path) -> Callable[..., Path]:
    """Write a small ramp-kit; ``replace`` maps parts of its problem.py to others."""

    def make(name: str = "parity", **replace: str) -> Path:
        text = PROBLEM
        for old, new in replace.items():
            assert old in text
            text = text.replace(old, new)
        start = problems_dir / name / "submissions" / "starting_kit"
        start.mkdir(parents=True)
        (problems_dir / name / "problem.py").write_text(text)
        (problems_dir / name / "README.md").write_text("# Parity\n\nTell *even* from odd.\n")
        (start / "classifier.py").write_bytes(CODE["classifier.py"])
        return problems_dir / name

    return make


@pytest.fixture
def submit(submissions_dir: Path) -> Callable[..., Submission]:
    """Submit with what matters to the test."""

    def make(session: Session, place: EventTeam, name: str = "forest", **fields) -> Submission:
        values = {"files": CODE, "now": NOON, "submissions_dir": submissions_dir, **fields}
        return submissions.submit(session, place, name, **values)

    return make


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A database with all tables on the PostgreSQL server, to be copied."""
    name = f"databoard_services_{os.getpid()}"
    engine = make_engine(postgres.create_database(postgres_server, name))
    Base.metadata.create_all(engine)
    engine.dispose()
    yield name
    postgres.drop_database(postgres_server, name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def each_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a database with all tables and no row; once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'each.db'}")
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    template = request.getfixturevalue("postgres_template")
    server = request.getfixturevalue("postgres_server")
    name = f"{template}_{next(_numbers)}"
    engine = make_engine(postgres.create_database(server, name, template))
    yield engine
    engine.dispose()
    postgres.drop_database(server, name)

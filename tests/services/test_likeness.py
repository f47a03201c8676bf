"""Who is alike: different teams, in code without the starting kit's, or in errors."""

from __future__ import annotations

import io

import numpy as np
import pytest

from databoard.services import likeness
from databoard.store.files import Files
from databoard.store.influences import Influences, kind_of
from tests.builders import make_event, make_event_team, make_scored_submission, make_team

KIT = b"class Classifier:\n    def fit(self, X, y):\n        return self\n"
CODE = KIT + b"".join(
    b"    def f%d(self, x):\n        return x + %d * y%d\n" % (i, i, i) for i in range(20)
)


@pytest.fixture
def event(session):
    return make_event(session)


@pytest.fixture
def team(session, event):
    return lambda name: make_event_team(session, event, make_team(session, name))


@pytest.fixture
def problem_dir(tmp_path):
    folder = tmp_path / "problem"
    (folder / "starting_kit").mkdir(parents=True)
    (folder / "starting_kit" / "classifier.py").write_bytes(KIT)
    return folder


@pytest.fixture
def submit(session, event, tmp_path):
    def submit(place, code, errors=None, name="best"):
        one = make_scored_submission(session, place, name, score=0.5)
        Files(tmp_path).write_sources(one.folder, {file.filename: code for file in one.files})
        if errors is not None:
            content = io.BytesIO()
            np.save(content, errors)
            kind = kind_of("public", event.ranking, event.official_score.id)
            Influences(tmp_path).write(one.folder, one.run, kind, content.getvalue())
        return one

    return submit


@pytest.fixture
def names(session, event, tmp_path, problem_dir):
    def names():
        found = likeness.pairs(
            session, event, Files(tmp_path), Influences(tmp_path).read, problem_dir=problem_dir
        )
        return [({pair.one.team, pair.other.team}, pair) for pair in found]

    return names


def test_the_same_code_with_other_numbers_is_found(team, submit, names):
    submit(team("red"), CODE)
    submit(team("blue"), CODE.replace(b" + 1", b" + 123"))
    submit(team("green"), b"import os\nx = [1, 2]\n" * 9)

    ((teams, pair),) = names()

    assert teams == {"red", "blue"}
    assert pair.code == 1
    assert pair.errors is None


def test_what_all_took_from_the_starting_kit_proves_nothing(team, submit, names):
    submit(team("red"), KIT)
    submit(team("blue"), KIT)

    assert names() == []


def test_a_team_may_repeat_itself(team, submit, names):
    red = team("red")
    submit(red, CODE, name="first")
    submit(red, CODE, name="second")

    assert names() == []


def test_the_same_errors_are_found_whatever_the_code(team, submit, names):
    rng = np.random.default_rng(1)
    errors = rng.normal(size=200)
    submit(team("red"), CODE, errors)
    submit(team("blue"), b"import os\nx = [1, 2]\n" * 9, 2 * errors + 0.01 * rng.normal(size=200))
    submit(team("green"), b"def g(a, b, c):\n    return a\n" * 9, rng.normal(size=200))

    ((teams, pair),) = names()

    assert teams == {"red", "blue"}
    assert pair.code == 0
    assert pair.errors > 0.99


def test_an_empty_event_has_no_pairs(names):
    assert names() == []

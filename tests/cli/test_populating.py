"""``populate`` and ``depopulate``: a laptop is ready in one command (neighbours 94, 95)."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from databoard.cli.actions.populating import depopulate, populate
from databoard.errors import InvalidError
from databoard.services import leaderboards
from databoard.store.models import Event, Job, ScoreType, Submission, User, Workflow
from databoard.store.opening import open_session
from databoard.store.queries import events
from tests.builders import NOON


def count(settings, *models):
    with open_session(settings.database_url) as session:
        return tuple(session.scalar(select(func.count()).select_from(model)) for model in models)


def test_structure_and_data_are_filled_apart_and_once(with_iris):
    populate(with_iris, structure=True, small=True)
    assert count(with_iris, Workflow, Event, User) == (1, 0, 0)
    n_scores = count(with_iris, ScoreType)
    assert n_scores > (0,)

    said = populate(with_iris, data=True, small=True)
    assert "1 events, 3 new submissions, 3 new users with the password" in said
    assert count(with_iris, Event, Submission, Job) == (1, 3, 3)

    assert populate(with_iris, data=True, small=True) == "1 events, 0 new submissions"
    assert count(with_iris, Submission, Workflow, ScoreType) == (3, 1, *n_scores)


def test_one_command_gives_a_board_and_another_empties_it(with_iris, monkeypatch, capsys):
    populate(with_iris, small=True)

    with open_session(with_iris.database_url) as session:
        board = leaderboards.build(session, events.by_name(session, "iris"), "public", now=NOON)
    assert len(board.rows) >= 3
    folders = list(with_iris.submissions_dir.glob("submission_*"))
    assert len(folders) == 3

    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with pytest.raises(InvalidError):
        depopulate(with_iris)
    question = capsys.readouterr().err
    assert with_iris.database_url in question
    assert "submission_scores" in question
    assert str(with_iris.submissions_dir) in question
    assert count(with_iris, Submission) == (3,)

    depopulate(with_iris, yes=True)
    assert count(with_iris, Submission, Event, User, Workflow) == (0, 0, 0, 0)
    assert list(with_iris.submissions_dir.glob("submission_*")) == []


def test_production_is_neither_filled_nor_emptied(settings):
    production = replace(settings, is_production=True)

    for action in (populate, depopulate):
        with pytest.raises(InvalidError, match="production"):
            action(production)

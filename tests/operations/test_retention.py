"""What goes after a season, and what never does."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta

import pytest

from databoard.cli.actions.retention import clean
from databoard.errors import InvalidError
from databoard.services import leaderboards, tasks
from databoard.store.models import Credit, TaskRun
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from databoard.training.environments.recipe import parse
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
)

LONG_AGO = datetime.now(UTC) - timedelta(days=100)


@pytest.fixture
def season(settings):
    """Submissions of a hundred days ago, one of each kind, with files."""
    old = {"submitted_at": LONG_AGO, "ended_at": LONG_AGO}
    with open_session(settings.database_url) as session:
        place = make_event_team(session, make_event(session, "spring"))
        made = {
            "failed": make_submission(session, place, state="training_error", **old),
            "cancelled": make_submission(session, place, state="cancelled", **old),
            "replaced": make_submission(
                session, place, state="testing_error", withdrawn_at=LONG_AGO, **old
            ),
            "withdrawn": make_scored_submission(
                session, place, withdrawn_at=LONG_AGO, withdrawal="a copy", submitted_at=LONG_AGO
            ),
            "on_board": make_scored_submission(session, place, submitted_at=LONG_AGO),
            "starred": make_submission(
                session, place, state="training_error", is_starred=True, **old
            ),
            "credited": make_submission(session, place, state="training_error", **old),
            "waiting": make_submission(session, place, submitted_at=LONG_AGO),
            "running": make_submission(
                session, place, state="training", submitted_at=LONG_AGO, has_job=True
            ),
            "queued_again": make_submission(
                session, place, state="training_error", has_job=True, **old
            ),
            "young": make_submission(
                session,
                place,
                state="training_error",
                submitted_at=LONG_AGO,
                ended_at=datetime.now(UTC) - timedelta(days=80),
            ),
        }
        session.add(
            Credit(
                submission_id=made["on_board"].id,
                source_id=made["credited"].id,
                percent=10,
                given_at=NOON,
            )
        )
        session.commit()
        folders = {name: submission.folder for name, submission in made.items()}
    for folder in folders.values():
        fold = settings.submissions_dir / folder / "fold_0"
        fold.mkdir(parents=True)
        (fold.parent / "classifier.py").write_text("pass\n")
        (fold / "y_pred_test.npy").write_bytes(b"x" * 1000)
    return folders


def left(settings, season):
    return {
        name
        for name, folder in season.items()
        if (settings.submissions_dir / folder / "fold_0").exists()
    }


def boards(settings):
    with open_session(settings.database_url) as session:
        event = event_queries.by_name(session, "spring")
        return [leaderboards.build(session, event, name, now=NOON) for name in leaderboards.BOARDS]


# neighbours 75; issue 5, 12
def test_only_what_nobody_needs_goes(settings, season):
    before = boards(settings)

    line = clean(settings, older_than="90d", yes=True)

    assert line.startswith("Removed predictions and logs of 3 submissions")
    assert set(season) - left(settings, season) == {"failed", "cancelled", "replaced"}
    assert boards(settings) == before
    for folder in season.values():
        assert (settings.submissions_dir / folder / "classifier.py").exists()
    assert clean(settings, yes=True) == "Nothing that may go is older than 90d."


# neighbours 75
def test_a_dry_run_lists_what_the_real_one_removes(settings, season, capsys):
    line = clean(settings, dry_run=True)

    listed = {row.split()[0] for row in capsys.readouterr().out.splitlines()}
    assert listed == {season[name] for name in ("failed", "cancelled", "replaced")}
    assert line.startswith("These would go: ")
    assert left(settings, season) == set(season)

    clean(settings, yes=True)
    removed = {row.split()[0] for row in capsys.readouterr().out.splitlines()}
    assert removed == listed


def test_nothing_goes_without_a_yes(settings, season, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(InvalidError, match="--yes"):
        clean(settings)

    assert left(settings, season) == set(season)


@pytest.mark.parametrize("age", ["soon", "0d", "-1d", "90"])
def test_an_age_must_be_one(settings, age):
    with pytest.raises(InvalidError, match="90d"):
        clean(settings, older_than=age)


def test_a_task_keeps_the_end_of_what_it_said(session):
    run = tasks.start(session, "backup", now=NOON)
    assert (run.ended_at, run.ok) == (None, None)

    later = NOON + timedelta(minutes=2)
    tasks.finish(session, run, ok=False, message="x" * 9000 + "the end", now=later)

    kept = session.get(TaskRun, run.id)
    assert (kept.ok, kept.ended_at) == (False, later)
    assert kept.message.endswith("the end")
    assert len(kept.message) == tasks.MESSAGE_LENGTH


def test_environments_that_no_problem_needs_go_when_nobody_has_used_them(settings):
    folder = settings.problems_dir / "own"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("tabulate\n")
    needed, unused, fresh = parse("tabulate\n").key, parse("old").key, parse("new").key
    for key in (needed, unused, fresh):
        (settings.environments_dir / key / "bin").mkdir(parents=True)
    for key in (needed, unused):
        os.utime(settings.environments_dir / key, (0, 0))

    line = clean(settings, yes=True)

    assert line.endswith("and 1 files and folders of environments.")
    assert {path.name for path in settings.environments_dir.iterdir()} == {needed, fresh}

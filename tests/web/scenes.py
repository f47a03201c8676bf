"""What the tests of events, boards and submissions are played with."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bs4 import BeautifulSoup
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from databoard.store.files import Files
from databoard.store.models import EventTeam, SandboxFile, Submission
from databoard.web.extensions import db
from tests.builders import (
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)

CODE = b"from sklearn.linear_model import LogisticRegression\n\n\nclass Classifier:\n    pass\n"


def soup(answer: Any) -> BeautifulSoup:
    """Read an answer's page."""
    return BeautifulSoup(answer.data, "html.parser")


def names(answer: Any) -> list[str]:
    """List the submissions on a board, in its order."""
    return [row.select_one(".col-name a").text for row in soup(answer).select("tr[data-key]")]


def ago(**span: float) -> datetime:
    """A moment before now."""
    return datetime.now(UTC) - timedelta(**span)


def ahead(**span: float) -> datetime:
    """A moment after now."""
    return datetime.now(UTC) + timedelta(**span)


def make_scene(rows: Session, root: Path, **fields: Any) -> SimpleNamespace:
    """Make an event with two teams, each with a scored submission whose files lie on the disk."""
    ada, bob, eve = (make_user(rows, name) for name in ("ada", "bob", "eve"))
    organiser = make_user(rows, "orga")
    admin = make_user(rows, "root", access_level="admin")
    event = make_event(rows, "open", admins=[organiser], **fields)
    ladies, men = make_team(rows, "ladies", [ada]), make_team(rows, "men", [bob])
    first, second = make_event_team(rows, event, ladies), make_event_team(rows, event, men)
    for place in (first, second):
        rows.add(
            SandboxFile(
                event_team_id=place.id, filename="classifier.py", content=CODE, updated_at=ago()
            )
        )
    scene = SimpleNamespace(
        ada=ada, bob=bob, eve=eve, organiser=organiser, admin=admin, event=event,
        ladies=first, men=second, root=root,
    )  # fmt: skip
    scene.own = with_files(scene, make_scored_submission(rows, first, "forest", score=0.9))
    scene.other = with_files(
        scene,
        make_scored_submission(rows, second, "boosting", score=0.8),
        CODE.replace(b"pass", b"depth = 3"),
    )
    rows.commit()
    return scene


def with_files(scene: SimpleNamespace, submission: Submission, code: bytes = CODE) -> Submission:
    """Lay the files of a submission on the disk."""
    files = Files(scene.root / "submissions")
    files.write_sources(submission.folder, {f.filename: code for f in submission.files})
    return submission


def make_failed(rows: Session, scene: SimpleNamespace, place: EventTeam, **fields: Any):
    """Make a submission that failed in its own code."""
    values = {
        "state": "training_error",
        "fault": "team",
        "message": "ValueError: Input contains NaN " + "x" * 400,
        "error_file": "classifier.py",
        "error_line": 4,
        "error_fold": 0,
        "error_text": "Traceback (most recent call last):\n  the whole secret story",
        "ended_at": ago(),
        **fields,
    }
    submission = make_submission(rows, place, f"broken{secrets.token_hex(2)}", **values)
    with_files(scene, submission)
    rows.commit()
    return submission


class counting:  # noqa: N801 - reads as a sentence
    """Collect the statements that the application sends meanwhile."""

    def __init__(self, app):
        with app.app_context():
            self.engine = db.engine
        self.statements = []

    def __enter__(self):
        sqlalchemy_event.listen(self.engine, "before_cursor_execute", self.note)
        return self.statements

    def __exit__(self, *_):
        sqlalchemy_event.remove(self.engine, "before_cursor_execute", self.note)

    def note(self, _connection, _cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)

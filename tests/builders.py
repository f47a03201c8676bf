"""Small builders: each makes one row and whatever it cannot do without.

A test names only what matters to it::

    event = make_event(session, pause_s=900)
    submission = make_submission(session, make_event_team(session, event), name="forest")

Everything is flushed, nothing is committed. ``NOON`` is the clock of the tests.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from databoard.store.models import (
    BaggedScore,
    Event,
    EventAdmin,
    EventScoreType,
    EventTeam,
    Fold,
    FoldRun,
    FoldScore,
    Job,
    Problem,
    ScoreType,
    Submission,
    SubmissionFile,
    SubmissionScore,
    Team,
    TeamMember,
    User,
    Workflow,
    WorkflowElement,
    WorkflowElementType,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_numbers = count(1)


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def make_user(session: Session, name: str | None = None, **fields: Any) -> User:
    """Make an approved user with a confirmed address."""
    name = name or f"user{next(_numbers)}"
    values = {
        "email": f"{name}@example.org",
        "access_level": "user",
        "email_confirmed_at": NOON,
        "created_at": NOON,
        **fields,
    }
    return _add(session, User(name=name, **values))


def make_team(
    session: Session, name: str | None = None, members: Sequence[User] = (), **fields: Any
) -> Team:
    """Make a team; without members it gets one user, who is its admin."""
    name = name or f"team{next(_numbers)}"
    members = list(members) or [make_user(session)]
    values = {"admin": members[0], "created_at": NOON, **fields}
    team = Team(name=name, **values)
    team.members = [TeamMember(user=user, joined_at=NOON) for user in members]
    return _add(session, team)


def make_element_type(
    session: Session,
    name: str = "classifier",
    type: str = "code",  # noqa: A002
) -> WorkflowElementType:
    """Find or make a workflow element type."""
    found = session.scalar(select(WorkflowElementType).where(WorkflowElementType.name == name))
    return found or _add(session, WorkflowElementType(name=name, type=type))


def make_workflow(
    session: Session, name: str = "classifier", elements: Sequence[str] = ("classifier",)
) -> Workflow:
    """Find or make a workflow of code elements."""
    found = session.scalar(select(Workflow).where(Workflow.name == name))
    if found:
        return found
    workflow = Workflow(name=name)
    workflow.elements = [
        WorkflowElement(
            element_type=make_element_type(session, element),
            position=position,
            filename=f"{element}.py",
        )
        for position, element in enumerate(elements)
    ]
    return _add(session, workflow)


def make_problem(session: Session, name: str | None = None, **fields: Any) -> Problem:
    """Make a problem of three classes with the workflow ``classifier``."""
    name = name or f"problem{next(_numbers)}"
    values = {
        "title": name.replace("_", " ").capitalize(),
        "workflow": fields.pop("workflow", None) or make_workflow(session),
        "prediction_kind": "multiclass",
        "label_names": [0, 1, 2],
        "n_columns": 3,
        "n_train": 12,
        "n_test": 6,
        "added_at": NOON,
        **fields,
    }
    return _add(session, Problem(name=name, **values))


def make_score_type(
    session: Session,
    name: str = "accuracy",
    *,
    is_lower_the_better: bool = False,
    minimum: float = 0.0,
    maximum: float = 1.0,
) -> ScoreType:
    """Find or make a score type."""
    found = session.scalar(select(ScoreType).where(ScoreType.name == name))
    return found or _add(
        session,
        ScoreType(
            name=name, is_lower_the_better=is_lower_the_better, minimum=minimum, maximum=maximum
        ),
    )


def make_event(
    session: Session,
    name: str | None = None,
    *,
    score_types: Sequence[ScoreType] = (),
    n_folds: int = 2,
    admins: Sequence[User] = (),
    **fields: Any,
) -> Event:
    """Make an open event; its first score type is the official one."""
    name = name or f"event{next(_numbers)}"
    problem = fields.pop("problem", None) or make_problem(session)
    event = Event(name=name, problem=problem, **{"title": name, "created_at": NOON, **fields})
    event.score_types = [
        EventScoreType(
            score_type=score,
            name=score.name,
            position=position,
            is_official=position == 0,
            is_lower_the_better=score.is_lower_the_better,
            minimum=score.minimum,
            maximum=score.maximum,
        )
        for position, score in enumerate(score_types or [make_score_type(session)])
    ]
    rows = np.arange(problem.n_train)
    event.folds = [
        Fold(
            number=number,
            train_is=rows[rows % n_folds != number],
            valid_is=rows[rows % n_folds == number],
        )
        for number in range(n_folds)
    ]
    event.admins = [EventAdmin(user=user) for user in admins]
    return _add(session, event)


def make_event_team(
    session: Session, event: Event | None = None, team: Team | None = None, **fields: Any
) -> EventTeam:
    """Sign a team up and approve it."""
    values = {"signed_up_at": NOON, "approved_at": NOON, **fields}
    return _add(
        session,
        EventTeam(event=event or make_event(session), team=team or make_team(session), **values),
    )


def make_submission(
    session: Session,
    event_team: EventTeam | None = None,
    name: str | None = None,
    *,
    files: Mapping[str, bytes] | None = None,
    has_job: bool = False,
    **fields: Any,
) -> Submission:
    """Make a submission that waits for its training; its files are rows only."""
    event_team = event_team or make_event_team(session)
    name = name or f"submission{next(_numbers)}"
    files = {"classifier.py": b"pass\n"} if files is None else files
    values = {
        "hash_": secrets.token_hex(20),
        "event_id": event_team.event.id,
        "key": name,
        "submitted_at": NOON,
        **fields,
    }
    submission = Submission(event_team=event_team, name=name, **values)
    submission.files = [
        SubmissionFile(
            position=position,
            filename=filename,
            n_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for position, (filename, content) in enumerate(files.items())
    ]
    submission.fold_runs = [
        FoldRun(fold=fold, number=fold.number) for fold in event_team.event.folds
    ]
    _add(session, submission)
    if has_job:
        make_job(session, submission)
    return submission


def make_job(session: Session, submission: Submission, **fields: Any) -> Job:
    """Make the job of a submission."""
    values = {"due_at": submission.submitted_at, "created_at": submission.submitted_at, **fields}
    return _add(
        session,
        Job(
            submission=submission,
            event_id=submission.event_id,
            event_team_id=submission.event_team_id,
            **values,
        ),
    )


def make_scored_submission(
    session: Session,
    event_team: EventTeam | None = None,
    name: str | None = None,
    *,
    score: float = 0.9,
    **fields: Any,
) -> Submission:
    """Make a submission with the same ``score`` everywhere, by every score type."""
    values = {"state": "scored", "ended_at": NOON, "train_s": 1.0, "valid_s": 0.1}
    values |= {"awaits_analysis": True, **fields}
    submission = make_submission(session, event_team, name, **values)
    score_types = submission.event_team.event.score_types
    for fold_run in submission.fold_runs:
        fold_run.state = "scored"
        fold_run.started_at = fold_run.ended_at = NOON
        fold_run.train_s, fold_run.valid_s, fold_run.test_s = 1.0, 0.1, 0.1
        fold_run.scores = [
            FoldScore(event_score_type=kind, train=score, valid=score, test=score)
            for kind in score_types
        ]
    submission.scores = [
        SubmissionScore(
            event_score_type=kind,
            public=score,
            private=score,
            valid_bag=score,
            test_bag=score,
            train_mean=score,
            valid_mean=score,
            test_mean=score,
            train_std=0.0,
            valid_std=0.0,
            test_std=0.0,
        )
        for kind in score_types
    ]
    submission.bagged = [
        BaggedScore(event_score_type=kind, n_folds=n_folds, valid=score, test=score)
        for kind in score_types
        for n_folds in range(1, len(submission.fold_runs) + 1)
    ]
    session.flush()
    return submission

"""What the benchmarks of boards share: events with many scored submissions, written in bulk."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from databoard.services import accounts
from databoard.settings import Settings
from databoard.store import placing
from databoard.store.base import Base
from databoard.store.engine import make_engine, make_sessions
from databoard.store.models import (
    Event,
    EventScoreType,
    EventTeam,
    Fold,
    FoldRun,
    FoldScore,
    Problem,
    ScoreType,
    Submission,
    SubmissionScore,
    Team,
    TeamMember,
    User,
    Workflow,
)

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
N_TEAMS = 50
N_FOLDS = 4
N_TRAIN, N_TEST = 1000, 500


def settings_in(root: Path, url: str = "") -> Settings:
    """Make an installation's folders, and its settings."""
    root.chmod(0o755)
    for folder in ("problems", "submissions", "db"):
        (root / folder).mkdir(exist_ok=True)
    return Settings.from_env(environment(root, url))


def environment(root: Path, url: str = "") -> dict[str, str]:
    """Return the variables of an installation."""
    return {
        "DATABOARD_DB_URL": url or f"sqlite:///{root / 'db' / 'databoard.db'}",
        "DATABOARD_ROOT": str(root),
        "DATABOARD_SECRET_KEY": "a key for benchmarks, thirty-two bytes long",
        "DATABOARD_WORKERS": "2",
    }


def sessions_of(settings: Settings):
    """Make the tables, and a maker of sessions."""
    engine = make_engine(settings.database_url)
    Base.metadata.create_all(engine)
    return engine, make_sessions(engine)


def add_people(session: Session) -> list[Team]:
    """Make an administrator and the teams."""
    accounts.create_user(
        session, "root", "root@example.org", "a long password here", now=BEGAN,
        access_level="admin",
    )  # fmt: skip
    teams = []
    for number in range(N_TEAMS):
        user = User(
            name=f"user{number}", email=f"u{number}@example.org", access_level="user",
            email_confirmed_at=BEGAN, created_at=BEGAN,
        )  # fmt: skip
        team = Team(name=f"team{number}", admin=user, created_at=BEGAN)
        team.members = [TeamMember(user=user, joined_at=BEGAN)]
        teams.append(team)
    session.add_all(teams)
    session.flush()
    return teams


def add_event(session: Session, name: str, teams: list[Team], n: int) -> Event:
    """Make an event with n scored submissions."""
    workflow = session.query(Workflow).first() or Workflow(name="classifier")
    kind = session.query(ScoreType).first() or ScoreType(
        name="acc", is_lower_the_better=False, minimum=0.0, maximum=1.0
    )
    problem = Problem(
        name=name, title=name, workflow=workflow, prediction_kind="multiclass",
        label_names=[0, 1, 2], n_columns=3, n_train=N_TRAIN, n_test=N_TEST, added_at=BEGAN,
    )  # fmt: skip
    event = Event(name=name, title=name, problem=problem, created_at=BEGAN)
    event.score_types = [
        EventScoreType(
            score_type=kind,
            name="acc",
            position=0,
            is_official=True,
            is_lower_the_better=False,
            minimum=0.0,
            maximum=1.0,
        )
    ]
    rows = np.arange(N_TRAIN)
    event.folds = [
        Fold(number=i, train_is=rows[rows % N_FOLDS != i], valid_is=rows[rows % N_FOLDS == i])
        for i in range(N_FOLDS)
    ]
    event.teams = [EventTeam(team=team, signed_up_at=BEGAN, approved_at=BEGAN) for team in teams]
    session.add(event)
    session.flush()
    add_submissions(session, event, n)
    return event


def add_submissions(session: Session, event: Event, n: int, *, start: int = 0) -> None:
    """Write scored submissions with all that belongs to them, numbered from `start`."""
    rng, official = np.random.default_rng(n), event.official_score.id
    base = (session.query(Submission.id).order_by(Submission.id.desc()).limit(1).scalar() or 0) + 1
    run_base = (session.query(FoldRun.id).order_by(FoldRun.id.desc()).limit(1).scalar() or 0) + 1
    places, values = [place.id for place in event.teams], rng.uniform(0.5, 1.0, n).tolist()
    common = {"event_id": event.id, "state": "scored", "train_s": 1.0, "valid_s": 0.1}
    submissions = [
        {
            **common, "id": base + i, "hash_": secrets.token_hex(20), "name": f"s{start + i}",
            "event_team_id": places[i % len(places)], "key": f"k{start + i}",
            "submitted_at": BEGAN + timedelta(seconds=i), "ended_at": BEGAN + timedelta(seconds=i),
        }
        for i in range(n)
    ]  # fmt: skip
    scores = [
        {
            "submission_id": base + i, "event_score_type_id": official, "public": value,
            "private": value, "valid_bag": value, "test_bag": value, "valid_std": 0.01,
        }
        for i, value in enumerate(values)
    ]  # fmt: skip
    runs = [
        {
            "id": run_base + i * N_FOLDS + k, "submission_id": base + i, "fold_id": fold.id,
            "number": k, "state": "scored", "ended_at": BEGAN,
        }
        for i in range(n)
        for k, fold in enumerate(event.folds)
    ]  # fmt: skip
    fold_scores = [
        {"fold_run_id": run["id"], "event_score_type_id": official, "valid": 0.7, "test": 0.7}
        for run in runs
    ]
    for model, rows in (
        (Submission, submissions), (SubmissionScore, scores), (FoldRun, runs),
        (FoldScore, fold_scores),
    ):  # fmt: skip
        if rows:
            session.execute(insert(model), rows)
    if session.get_bind().dialect.name == "postgresql":
        # Where keys were given, the next ones are not known of by themselves.
        for table in ("submissions", "fold_runs"):
            last = f"(SELECT max(id) FROM {table})"
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))
    session.flush()
    placing.place(session, Submission.event_id == event.id)

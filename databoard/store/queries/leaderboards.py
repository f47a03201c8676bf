"""Questions of the leaderboards: columns, no objects, so that 10,000 rows cost little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.store.models import Event, EventTeam, Submission, SubmissionScore, Team

SCORED = ("scored",)
OPEN = ("new", "training")
FAILED = (
    "checking_error",
    "training_error",
    "validating_error",
    "testing_error",
    "scoring_error",
    "quarantined",
    "cancelled",
)


class Line(NamedTuple):
    """What a board needs of a submission."""

    id: int
    hash_: str
    name: str
    team_id: int
    team: str
    submitted_at: datetime
    state: str
    fault: str
    message: str
    train_s: float | None
    valid_s: float | None
    test_s: float | None
    peak_mb: float | None
    contributivity: float
    historical_contributivity: float
    is_baseline: bool
    is_late: bool
    disqualification: str
    team_disqualified_at: datetime | None


def version(session: Session, event_id: int) -> int:
    """Version of an event, read before its rows, so that a cached body is never too new."""
    return session.scalar(select(Event.version).where(Event.id == event_id)) or 0


def submissions(session: Session, event_id: int, states: Sequence[str]) -> list[Line]:
    """List the submissions of an event in these states, oldest first."""
    s = Submission
    rows = session.execute(
        select(
            s.id,
            s.hash_,
            s.name,
            EventTeam.team_id,
            Team.name,
            s.submitted_at,
            s.state,
            s.fault,
            s.message,
            s.train_s,
            s.valid_s,
            s.test_s,
            s.peak_mb,
            s.contributivity,
            s.historical_contributivity,
            s.is_baseline,
            s.is_late,
            s.disqualification,
            EventTeam.disqualified_at,
        )
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .where(s.event_id == event_id, s.state.in_(states), s.withdrawn_at.is_(None))
        .order_by(s.submitted_at, s.id)
    )
    return [Line._make(row) for row in rows]


def scores(
    session: Session, event_id: int, *, is_private: bool
) -> dict[int, dict[int, float | None]]:
    """Scores of the scored submissions of an event, by submission and score type."""
    column = SubmissionScore.private if is_private else SubmissionScore.public
    rows = session.execute(
        select(SubmissionScore.submission_id, SubmissionScore.event_score_type_id, column)
        .join(Submission, Submission.id == SubmissionScore.submission_id)
        .where(Submission.event_id == event_id, Submission.state == "scored")
    )
    found: dict[int, dict[int, float | None]] = {}
    for submission_id, score_type_id, score in rows:
        found.setdefault(submission_id, {})[score_type_id] = score
    return found


def spreads(
    session: Session, event_id: int, score_type_id: int, *, is_private: bool
) -> dict[int, float | None]:
    """Spread over folds of one score, by submission."""
    column = SubmissionScore.test_std if is_private else SubmissionScore.valid_std
    rows = session.execute(
        select(SubmissionScore.submission_id, column)
        .join(Submission, Submission.id == SubmissionScore.submission_id)
        .where(
            Submission.event_id == event_id,
            Submission.state == "scored",
            SubmissionScore.event_score_type_id == score_type_id,
        )
    )
    return dict(rows.tuples().all())


def n_tries(session: Session, event_id: int) -> dict[int, int]:
    """Count the submissions of each team, by team."""
    rows = session.execute(
        select(EventTeam.team_id, func.count(Submission.id))
        .join(Submission, Submission.event_team_id == EventTeam.id)
        .where(Submission.event_id == event_id)
        .group_by(EventTeam.team_id)
    )
    return dict(rows.tuples().all())

"""Questions of the leaderboards: columns, no objects, so that 10,000 rows cost little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from databoard.store.models import EventTeam, Standing, Submission, SubmissionScore, Team

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
    #: Of the whole team.
    n_tries: int
    is_final: bool
    is_starred: bool
    section: str
    #: Where it stands on the board, as far as that is known.
    rank_low: int | None
    rank_high: int | None
    tie_group: int | None
    p_best: float | None
    gap: float | None
    p_win: float | None
    p_podium: float | None
    delta: float | None
    delta_low: float | None
    delta_high: float | None
    verdict: str | None


def submissions(
    session: Session, event_id: int, states: Sequence[str], board: str = "public"
) -> list[Line]:
    """List the submissions of an event in these states, oldest first.

    With what is known of their places on the public or the private board.
    """
    s, place = Submission, Standing
    tries = (
        select(s.event_team_id, func.count().label("number"))
        .where(s.event_id == event_id)
        .group_by(s.event_team_id)
        .subquery()
    )
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
            tries.c.number,
            s.is_final,
            s.is_starred,
            EventTeam.section,
            place.rank_low,
            place.rank_high,
            place.tie_group,
            place.p_best,
            place.gap,
            place.p_win,
            place.p_podium,
            place.delta,
            place.delta_low,
            place.delta_high,
            place.verdict,
        )
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .join(tries, tries.c.event_team_id == s.event_team_id)
        .outerjoin(place, and_(place.submission_id == s.id, place.board == board))
        .where(s.event_id == event_id, s.state.in_(states), s.withdrawn_at.is_(None))
        .order_by(s.submitted_at, s.id)
    )
    return [Line._make(row) for row in rows]


def scores(
    session: Session, event_id: int, *, is_private: bool
) -> dict[int, dict[int, tuple[float | None, float | None]]]:
    """Scores of the scored submissions of an event and their spreads over folds.

    By submission and score type, in one question.
    """
    s = SubmissionScore
    columns = (s.private, s.test_std) if is_private else (s.public, s.valid_std)
    rows = session.execute(
        select(s.submission_id, s.event_score_type_id, *columns)
        .join(Submission, Submission.id == s.submission_id)
        .where(Submission.event_id == event_id, Submission.state == "scored")
    )
    found: dict[int, dict[int, tuple[float | None, float | None]]] = {}
    for submission_id, score_type_id, score, spread in rows:
        found.setdefault(submission_id, {})[score_type_id] = (score, spread)
    return found

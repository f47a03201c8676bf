"""Questions of the analyses: columns of scored submissions, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import (
    Credit,
    Event,
    EventScoreType,
    EventTeam,
    Fold,
    Standing,
    Submission,
    SubmissionScore,
)


class Candidate(NamedTuple):
    """What an analysis needs of a scored submission."""

    id: int
    hash_: str
    run: int
    event_team_id: int
    submitted_at: datetime
    ended_at: datetime | None
    is_baseline: bool
    is_late: bool
    is_final: bool
    is_starred: bool
    is_out: bool
    public: float | None
    private: float | None

    @property
    def folder(self) -> str:
        """Name of its folder below the submissions."""
        return f"submission_{self.hash_}"

    @property
    def is_ranked(self) -> bool:
        """Whether it takes a rank."""
        return not (self.is_baseline or self.is_late or self.is_out)


def candidates(session: Session, event_id: int) -> list[Candidate]:
    """List the scored submissions of an event with their official scores, oldest first."""
    s = Submission
    is_out = (s.disqualification != "") | EventTeam.disqualified_at.is_not(None)
    rows = session.execute(
        select(
            s.id,
            s.hash_,
            s.run,
            s.event_team_id,
            s.submitted_at,
            s.ended_at,
            s.is_baseline,
            s.is_late,
            s.is_final,
            s.is_starred,
            is_out,
            SubmissionScore.public,
            SubmissionScore.private,
        )
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(SubmissionScore, SubmissionScore.submission_id == s.id)
        .join(EventScoreType, EventScoreType.id == SubmissionScore.event_score_type_id)
        .where(
            s.event_id == event_id,
            s.state == "scored",
            s.withdrawn_at.is_(None),
            EventScoreType.is_official,
        )
        .order_by(s.submitted_at, s.id)
    )
    return [Candidate._make(row) for row in rows]


def due(session: Session) -> list[int]:
    """List the events of which more analyses were asked for than are done."""
    rows = session.scalars(
        select(Event.id).where(Event.analysis_asked > Event.analysis_done).order_by(Event.id)
    )
    return list(rows)


def event(session: Session, event_id: int) -> Event | None:
    """Event of this key with its problem and score types, as it is now."""
    found = session.scalars(
        select(Event)
        .where(Event.id == event_id)
        .options(joinedload(Event.problem), joinedload(Event.score_types))
        .execution_options(populate_existing=True)
    )
    return found.unique().one_or_none()


def done(session: Session, event_id: int, asked: int) -> None:
    """Say that what was asked for until then is done."""
    session.execute(
        update(Event)
        .where(Event.id == event_id, Event.analysis_done < asked)
        .values(analysis_done=asked)
        .execution_options(synchronize_session=False)
    )


def replace_standings(session: Session, event_id: int, rows: Sequence[Standing]) -> None:
    """Put these in the place of all standings of an event."""
    session.execute(
        delete(Standing)
        .where(
            Standing.submission_id.in_(select(Submission.id).where(Submission.event_id == event_id))
        )
        .execution_options(synchronize_session=False)
    )
    session.add_all(rows)


def write_shares(session: Session, event_id: int, shares: dict[int, tuple[float, float]]) -> None:
    """Write contributivity and historical contributivity, and zero for all others."""
    session.execute(
        update(Submission)
        .where(
            Submission.event_id == event_id,
            (Submission.contributivity != 0) | (Submission.historical_contributivity != 0),
            Submission.id.not_in(list(shares)),
        )
        .values(contributivity=0.0, historical_contributivity=0.0)
        .execution_options(synchronize_session=False)
    )
    if shares:
        session.execute(
            update(Submission),
            [
                {"id": key, "contributivity": own, "historical_contributivity": passed_on}
                for key, (own, passed_on) in sorted(shares.items())
            ],
        )


def contributivities(session: Session, event_id: int) -> dict[int, float]:
    """Contributivity of the submissions of an event that have any."""
    rows = session.execute(
        select(Submission.id, Submission.contributivity).where(
            Submission.event_id == event_id, Submission.contributivity != 0
        )
    )
    return {row[0]: row[1] for row in rows}


def credited(session: Session, event_id: int) -> dict[int, dict[int, float]]:
    """Percentages by source that the submissions of an event credit."""
    rows = session.execute(
        select(Credit.submission_id, Credit.source_id, Credit.percent)
        .join(Submission, Submission.id == Credit.submission_id)
        .where(Submission.event_id == event_id)
    )
    found: dict[int, dict[int, float]] = {}
    for submission_id, source_id, percent in rows:
        found.setdefault(submission_id, {})[source_id] = percent
    return found


def n_folds(session: Session, event_id: int) -> int:
    """Count the folds of an event."""
    return session.scalar(select(func.count()).where(Fold.event_id == event_id)) or 0


def standing(session: Session, submission_id: int) -> dict[str, Standing]:
    """Standings of a submission by board."""
    rows = session.scalars(select(Standing).where(Standing.submission_id == submission_id))
    return {row.board: row for row in rows}


def scores_of_event(session: Session, event_id: int) -> list[SubmissionScore]:
    """List the summed-up scores of an event's submissions."""
    rows = session.scalars(
        select(SubmissionScore)
        .join(Submission, Submission.id == SubmissionScore.submission_id)
        .where(Submission.event_id == event_id)
    )
    return list(rows)

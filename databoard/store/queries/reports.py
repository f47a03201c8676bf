"""Questions for the organisers' figures of an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from databoard.store.models import (
    EventScoreType,
    EventTeam,
    Submission,
    SubmissionFile,
    SubmissionScore,
    Team,
)


def results(session: Session, event_id: int) -> Sequence[Any]:
    """List the submissions of an event, oldest first, with their official bagged score."""
    return session.execute(
        select(
            Submission.id,
            Submission.hash_,
            Submission.name,
            Submission.run,
            Submission.event_team_id,
            Team.name.label("team"),
            Submission.submitted_at,
            Submission.ended_at,
            Submission.state,
            Submission.fault,
            Submission.message,
            Submission.contributivity,
            Submission.train_s,
            SubmissionScore.valid_bag.label("score"),
        )
        .join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .outerjoin(
            EventScoreType,
            and_(
                EventScoreType.event_id == Submission.event_id,
                EventScoreType.is_official.is_(True),
            ),
        )
        .outerjoin(
            SubmissionScore,
            and_(
                SubmissionScore.submission_id == Submission.id,
                SubmissionScore.event_score_type_id == EventScoreType.id,
            ),
        )
        .where(Submission.event_id == event_id, Submission.withdrawn_at.is_(None))
        .order_by(Submission.submitted_at, Submission.id)
    ).all()


def code_files(session: Session, submission_ids: Sequence[int]) -> dict[int, list[str]]:
    """Name the files of code of each submission."""
    rows = session.execute(
        select(SubmissionFile.submission_id, SubmissionFile.filename).where(
            SubmissionFile.submission_id.in_(submission_ids), SubmissionFile.type == "code"
        )
    )
    names: dict[int, list[str]] = {}
    for submission_id, filename in rows:
        names.setdefault(submission_id, []).append(filename)
    return names

"""Questions about blends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.store.models import (
    BlendQuestion,
    EventScoreType,
    EventTeam,
    Submission,
    SubmissionScore,
    Team,
)


def members(session: Session, event_id: int, ids: Iterable[int] | None = None) -> Sequence[Any]:
    """List the scored submissions of an event that have a public score, with what a blend needs.

    Parameters
    ----------
    ids : iterable of int, optional
        Only these.
    """
    query = (
        select(
            Submission.id,
            Submission.hash_,
            Submission.name,
            Submission.run,
            Submission.event_team_id,
            Submission.submitted_at,
            Submission.contributivity,
            Team.name.label("team"),
            SubmissionScore.public.label("score"),
        )
        .join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .join(SubmissionScore, SubmissionScore.submission_id == Submission.id)
        .join(EventScoreType, EventScoreType.id == SubmissionScore.event_score_type_id)
        .where(
            Submission.event_id == event_id,
            Submission.state == "scored",
            Submission.withdrawn_at.is_(None),
            EventScoreType.is_official,
            SubmissionScore.public.is_not(None),
        )
        .order_by(Submission.id)
    )
    if ids is not None:
        query = query.where(Submission.id.in_(list(ids)))
    return session.execute(query).all()


def same(session: Session, event_id: int, digest: str) -> BlendQuestion | None:
    """Question of this content that was answered with scores."""
    return session.scalars(
        select(BlendQuestion)
        .where(
            BlendQuestion.event_id == event_id,
            BlendQuestion.digest == digest,
            BlendQuestion.answered_at.is_not(None),
            BlendQuestion.error == "",
        )
        .limit(1)
    ).first()


def n_since(session: Session, user_id: int, since: datetime) -> int:
    """Count what a user has asked since a moment."""
    query = select(func.count(BlendQuestion.id)).where(
        BlendQuestion.user_id == user_id, BlendQuestion.asked_at > since
    )
    return session.scalar(query) or 0


def of_user(session: Session, event_id: int, user_id: int, limit: int) -> list[BlendQuestion]:
    """List what a user has asked about an event, newest first."""
    query = (
        select(BlendQuestion)
        .where(BlendQuestion.event_id == event_id, BlendQuestion.user_id == user_id)
        .order_by(BlendQuestion.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def version(session: Session, event_id: int, user_id: int) -> str:
    """Name the state of what a user has asked about an event: other when more is, or answered."""
    query = select(func.count(BlendQuestion.id), func.count(BlendQuestion.answered_at)).where(
        BlendQuestion.event_id == event_id, BlendQuestion.user_id == user_id
    )
    n_asked, n_answered = session.execute(query).one()
    return f"{n_asked}.{n_answered}"


def waiting(session: Session, limit: int, *, but: Iterable[int] = ()) -> list[BlendQuestion]:
    """List the questions that nobody has answered, but for some, oldest first."""
    query = select(BlendQuestion).where(
        BlendQuestion.answered_at.is_(None), BlendQuestion.id.not_in(list(but))
    )
    return list(session.scalars(query.order_by(BlendQuestion.id).limit(limit)))

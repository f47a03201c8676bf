"""Questions about all that is kept of one user."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from databoard.store.models import Comment, Event, EventTeam, Interaction, Submission, Team

#: The newest so many of a kind: nobody has more by hand.
MAX_ROWS = 10_000


def submissions(session: Session, user_id: int) -> list[tuple[Submission, str, str]]:
    """List what a user submitted, with the names of event and team, newest first."""
    rows = session.execute(
        select(Submission, Event.name, Team.name)
        .join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Event, Event.id == EventTeam.event_id)
        .join(Team, Team.id == EventTeam.team_id)
        .where(Submission.user_id == user_id)
        .order_by(Submission.submitted_at.desc())
        .limit(MAX_ROWS)
    )
    return [(submission, event, team) for submission, event, team in rows]


def comments(session: Session, user_id: int) -> list[Comment]:
    """List what a user wrote, newest first."""
    query = select(Comment).where(Comment.user_id == user_id, Comment.deleted_at.is_(None))
    return list(session.scalars(query.order_by(Comment.at.desc()).limit(MAX_ROWS)))


def actions(session: Session, user_id: int) -> list[Interaction]:
    """List what a user did, newest first."""
    query = select(Interaction).where(Interaction.user_id == user_id)
    return list(session.scalars(query.order_by(Interaction.id.desc()).limit(MAX_ROWS)))

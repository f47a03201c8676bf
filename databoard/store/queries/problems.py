"""Questions about problems and what describes them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from databoard.store.models import (
    Event,
    EventScoreType,
    EventTeam,
    Keyword,
    Problem,
    ScoreType,
    Submission,
    Workflow,
    WorkflowElement,
    WorkflowElementType,
)


def by_name(session: Session, name: str) -> Problem | None:
    """Problem of this name."""
    return session.scalar(select(Problem).where(Problem.name == name))


def all_problems(session: Session) -> list[Problem]:
    """List the problems by title, with their keywords."""
    query = select(Problem).options(selectinload(Problem.keywords)).order_by(Problem.title)
    return list(session.scalars(query))


def element_type(session: Session, name: str) -> WorkflowElementType | None:
    """Element type of this name."""
    return session.scalar(select(WorkflowElementType).where(WorkflowElementType.name == name))


def element_types(session: Session) -> list[WorkflowElementType]:
    """List the element types."""
    return list(session.scalars(select(WorkflowElementType).order_by(WorkflowElementType.name)))


def workflow(session: Session, name: str) -> Workflow | None:
    """Workflow of this name."""
    return session.scalar(select(Workflow).where(Workflow.name == name))


def workflows(session: Session) -> list[Workflow]:
    """List the workflows with their elements."""
    query = select(Workflow).options(selectinload(Workflow.elements)).order_by(Workflow.name)
    return list(session.scalars(query))


def score_type(session: Session, name: str) -> ScoreType | None:
    """Score type of this name."""
    return session.scalar(select(ScoreType).where(ScoreType.name == name))


def score_types(session: Session) -> list[ScoreType]:
    """List the score types."""
    return list(session.scalars(select(ScoreType).order_by(ScoreType.name)))


def keyword(session: Session, name: str) -> Keyword | None:
    """Keyword of this name."""
    return session.scalar(select(Keyword).where(Keyword.name == name))


def keywords(session: Session) -> list[Keyword]:
    """List the keywords."""
    return list(session.scalars(select(Keyword).order_by(Keyword.type, Keyword.name)))


def uses_of_element_type(session: Session, name: str) -> list[str]:
    """Names of the workflows that have an element of this type."""
    return list(
        session.scalars(
            select(Workflow.name)
            .join(WorkflowElement)
            .join(WorkflowElementType)
            .where(WorkflowElementType.name == name)
            .order_by(Workflow.name)
        )
    )


def uses_of_workflow(session: Session, name: str) -> list[str]:
    """Names of the problems of this workflow."""
    return list(
        session.scalars(
            select(Problem.name).join(Workflow).where(Workflow.name == name).order_by(Problem.name)
        )
    )


def uses_of_score_type(session: Session, name: str) -> list[str]:
    """Names of the events that use this score type."""
    return list(
        session.scalars(
            select(Event.name)
            .join(EventScoreType)
            .join(ScoreType)
            .where(ScoreType.name == name)
            .order_by(Event.name)
        )
    )


def events_of(session: Session, problem: Problem) -> list[Event]:
    """List the events on a problem."""
    return list(
        session.scalars(select(Event).where(Event.problem_id == problem.id).order_by(Event.name))
    )


def n_submissions_of(session: Session, events: list[Event]) -> int:
    """Count the submissions of these events."""
    ids = [event.id for event in events]
    return (
        session.scalar(select(func.count(Submission.id)).where(Submission.event_id.in_(ids))) or 0
    )


def n_teams_of(session: Session, events: list[Event]) -> int:
    """Count the sign-ups of these events."""
    ids = [event.id for event in events]
    return session.scalar(select(func.count(EventTeam.id)).where(EventTeam.event_id.in_(ids))) or 0

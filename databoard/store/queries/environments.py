"""Questions about environments: who has which, and what is in it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from databoard.store.models import (
    Environment,
    Event,
    Problem,
    ProblemEnvironment,
    Submission,
    Trainer,
)


def by_hash(session: Session, hash_: str) -> Environment | None:
    """Environment whose packages have this sum."""
    return session.get(Environment, hash_) if hash_ else None


def of_problem(session: Session, problem_id: int) -> ProblemEnvironment | None:
    """How the own environment of a problem stands; None where it has none."""
    return session.get(ProblemEnvironment, problem_id)


def standings(session: Session) -> list[tuple[Problem, ProblemEnvironment]]:
    """List the problems with environments of their own, by name."""
    query = (
        select(Problem, ProblemEnvironment)
        .join(ProblemEnvironment, ProblemEnvironment.problem_id == Problem.id)
        .order_by(Problem.name)
    )
    return [(problem, row) for problem, row in session.execute(query)]


def of_trainers(session: Session) -> Environment | None:
    """Environment of the trainer seen last, and so of problems that have none of their own."""
    return session.scalar(
        select(Environment)
        .join(Trainer, Trainer.environment_hash == Environment.hash_)
        .order_by(Trainer.seen_at.desc())
        .limit(1)
    )


def problems_in_use(session: Session) -> dict[int, str]:
    """Name the problems that have an event which is not archived, by their keys."""
    query = select(Problem.id, Problem.name).where(
        Problem.id.in_(select(Event.problem_id).where(Event.archived_at.is_(None)))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def events_of(session: Session, problem_id: int) -> list[int]:
    """Keys of the events on a problem."""
    return list(session.scalars(select(Event.id).where(Event.problem_id == problem_id)))


def failed_submissions(session: Session, problem_id: int, filename: str) -> list[Submission]:
    """List the submissions to a problem that failed because of a file of the organiser's."""
    query = (
        select(Submission)
        .join(Event, Event.id == Submission.event_id)
        .where(
            Event.problem_id == problem_id,
            Submission.state == "checking_error",
            Submission.fault == "organiser",
            Submission.error_file == filename,
            Submission.withdrawn_at.is_(None),
        )
        .order_by(Submission.submitted_at)
    )
    return list(session.scalars(query))

"""Questions about credits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload

from databoard.store.models import Credit, EventTeam, Interaction, Submission

#: What a team did with another's submission that suggests to credit it; the strongest first.
TRACES = ("import", "look")


def given(session: Session, submission_id: int) -> list[Credit]:
    """List the credits that a submission gives, with their sources."""
    return list(
        session.scalars(
            select(Credit)
            .where(Credit.submission_id == submission_id)
            .options(_with_team(Credit.source))
            .order_by(Credit.percent.desc(), Credit.source_id)
        )
    )


def received(session: Session, submission_id: int) -> list[Credit]:
    """List the credits that submissions on the board give to another one."""
    return list(
        session.scalars(
            select(Credit)
            .join(Submission, Submission.id == Credit.submission_id)
            .where(
                Credit.source_id == submission_id,
                Credit.submission_id != submission_id,
                Submission.state == "scored",
                Submission.withdrawn_at.is_(None),
            )
            .options(_with_team(Credit.submission))
            .order_by(Credit.percent.desc(), Credit.submission_id)
        )
    )


def of_event(session: Session, event_id: int) -> list[tuple[str, str, float]]:
    """List who credits whom in an event: giver, source, percent; not what they keep themselves."""
    giver, source = aliased(Submission), aliased(Submission)
    rows = session.execute(
        select(giver.hash_, source.hash_, Credit.percent)
        .select_from(Credit)
        .join(giver, giver.id == Credit.submission_id)
        .join(source, source.id == Credit.source_id)
        .where(giver.event_id == event_id, giver.id != source.id)
        .order_by(giver.submitted_at, giver.id, Credit.percent.desc())
    )
    return [(giver_hash, source_hash, percent) for giver_hash, source_hash, percent in rows]


def _with_team(relation: Any) -> Any:
    return joinedload(relation).joinedload(Submission.event_team).joinedload(EventTeam.team)


def sources(session: Session, event_id: int, hashes: Sequence[str]) -> list[Submission]:
    """List the submissions of an event with these public names."""
    return list(
        session.scalars(
            select(Submission).where(
                Submission.event_id == event_id, Submission.hash_.in_(list(hashes))
            )
        )
    )


def traces(session: Session, submission: Submission) -> list[tuple[Submission, str]]:
    """List what the team of a submission imported or read before it submitted, imports first."""
    rows = session.execute(
        select(Submission, Interaction.kind)
        .join(Interaction, Interaction.submission_id == Submission.id)
        .where(
            Interaction.event_team_id == submission.event_team_id,
            Interaction.kind.in_(TRACES),
            Interaction.at <= submission.submitted_at,
            Submission.id != submission.id,
            Submission.event_id == submission.event_id,
        )
        .options(joinedload(Submission.event_team).joinedload(EventTeam.team))
        .order_by(Interaction.at.desc())
    )
    found: dict[int, tuple[Submission, str]] = {}
    for source, kind in sorted(rows, key=lambda row: TRACES.index(row[1])):
        found.setdefault(source.id, (source, kind))
    return list(found.values())

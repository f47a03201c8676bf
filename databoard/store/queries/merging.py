"""Questions about teams that go on as one, and the move of what they submitted."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from databoard.store.models import EventTeam, Interaction, Job, SandboxFile, Submission, TeamMerge


def by_key(session: Session, key: int) -> TeamMerge | None:
    """Proposal of this key that nobody has answered, locked: of two answers, one counts."""
    return session.scalar(
        select(TeamMerge)
        .where(TeamMerge.id == key, TeamMerge.answered_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def went_on_as(session: Session, place_id: int) -> str | None:
    """Name of the team that a place went on as, if it was merged."""
    return session.scalar(
        select(TeamMerge.name)
        .where(
            TeamMerge.is_accepted,
            (TeamMerge.asking_id == place_id) | (TeamMerge.asked_id == place_id),
        )
        .order_by(TeamMerge.answered_at.desc())
        .limit(1)
    )


def open_of(session: Session, place_ids: Iterable[int]) -> list[TeamMerge]:
    """List the open proposals to or from some places, oldest first."""
    ids = list(place_ids)
    return list(
        session.scalars(
            select(TeamMerge)
            .where(
                TeamMerge.answered_at.is_(None),
                TeamMerge.asking_id.in_(ids) | TeamMerge.asked_id.in_(ids),
            )
            .options(
                joinedload(TeamMerge.event),
                joinedload(TeamMerge.proposed_by),
                joinedload(TeamMerge.asking).joinedload(EventTeam.team),
                joinedload(TeamMerge.asked).joinedload(EventTeam.team),
            )
            .order_by(TeamMerge.id)
        )
    )


def names(session: Session, place_id: int) -> set[str]:
    """Names of a place's submissions that stand."""
    return set(
        session.scalars(
            select(Submission.name).where(
                Submission.event_team_id == place_id, Submission.withdrawn_at.is_(None)
            )
        )
    )


def submissions(session: Session, place_id: int) -> Sequence[Submission]:
    """Submissions of a place, locked, in their order."""
    return session.scalars(
        select(Submission)
        .where(Submission.event_team_id == place_id)
        .order_by(Submission.id)
        .with_for_update(key_share=True)
    ).all()


def move(session: Session, old: EventTeam, new: EventTeam, *, with_sandbox: bool) -> None:
    """Give the jobs, the activity and maybe the sandbox of one place to another."""
    for model in (Job, Interaction):
        session.execute(
            update(model).where(model.event_team_id == old.id).values(event_team_id=new.id)
        )
    if with_sandbox:
        session.execute(
            update(SandboxFile)
            .where(SandboxFile.event_team_id == old.id)
            .values(event_team_id=new.id)
        )


def new_key() -> str:
    """Make the key of a request that will not be repeated."""
    return secrets.token_hex(16)

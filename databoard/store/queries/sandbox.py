"""Questions about sandboxes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from databoard.store.models import SandboxFile


def of_event_team(session: Session, event_team_id: int) -> list[SandboxFile]:
    """List what is in a team's sandbox."""
    return list(
        session.scalars(select(SandboxFile).where(SandboxFile.event_team_id == event_team_id))
    )


def file(session: Session, event_team_id: int, filename: str) -> SandboxFile | None:
    """Find one file of a team's sandbox, locked, so that two tabs save one after the other."""
    return session.scalar(
        select(SandboxFile)
        .where(SandboxFile.event_team_id == event_team_id, SandboxFile.filename == filename)
        .with_for_update()
        .execution_options(populate_existing=True)
    )

"""Note what people did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from databoard.store.models import AuditEntry, Interaction, User


def note(
    session: Session,
    kind: str,
    *,
    user_id: int | None,
    now: datetime,
    event_id: int | None = None,
    event_team_id: int | None = None,
    submission_id: int | None = None,
    filename: str = "",
    text: str = "",
) -> Interaction:
    """Keep that a user looked at or did something; credits are suggested from it."""
    interaction = Interaction(
        kind=kind,
        user_id=user_id,
        at=now,
        event_id=event_id,
        event_team_id=event_team_id,
        submission_id=submission_id,
        filename=filename,
        note=text,
    )
    session.add(interaction)
    session.flush()
    return interaction


def audit(
    session: Session,
    by: User | None,
    action: str,
    object_: str,
    *,
    now: datetime,
    event_id: int | None = None,
    **detail: Any,
) -> AuditEntry:
    """Keep what an admin did; ``by`` None is the command line."""
    entry = AuditEntry(
        at=now,
        user_id=by.id if by else None,
        by=by.name if by else "command line",
        action=action,
        object=object_,
        event_id=event_id,
        detail=detail,
    )
    session.add(entry)
    session.flush()
    return entry

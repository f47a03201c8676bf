"""Note what people did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from databoard.store.models import AuditEntry, Interaction, Team, User


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
    object_: str | User | Team,
    *,
    now: datetime,
    event_id: int | None = None,
    **detail: Any,
) -> AuditEntry:
    """Keep what an admin did; ``by`` None is the command line.

    Of a user, or of a user's own team, the key is kept too: the name goes with the account.
    """
    entry = AuditEntry(
        at=now,
        user_id=by.id if by else None,
        by=by.name if by else "command line",
        action=action,
        object=object_ if isinstance(object_, str) else object_.name,
        about_id=_user_named(object_),
        event_id=event_id,
        detail=detail,
    )
    session.add(entry)
    session.flush()
    return entry


def _user_named(object_: str | User | Team) -> int | None:
    if isinstance(object_, User):
        return object_.id
    return object_.admin_id if isinstance(object_, Team) and object_.is_individual else None

"""Questions about letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from databoard.store.models import OutgoingMail

MAX_ATTEMPTS = 8


def by_key(session: Session, key: str) -> OutgoingMail | None:
    """Letter of this news."""
    return session.scalar(select(OutgoingMail).where(OutgoingMail.key == key[:200]))


def due(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Keys of the letters that may be sent now, oldest first."""
    return list(
        session.scalars(
            select(OutgoingMail.id)
            .where(
                OutgoingMail.sent_at.is_(None),
                OutgoingMail.due_at <= now,
                OutgoingMail.attempts < MAX_ATTEMPTS,
                or_(OutgoingMail.claimed_until.is_(None), OutgoingMail.claimed_until < now),
            )
            .order_by(OutgoingMail.id)
            .limit(limit)
        )
    )


def claim(
    session: Session, letter_id: int, *, now: datetime, until: datetime
) -> OutgoingMail | None:
    """Take a letter to send it; None if somebody else did."""
    taken = session.execute(
        update(OutgoingMail)
        .where(
            OutgoingMail.id == letter_id,
            OutgoingMail.sent_at.is_(None),
            or_(OutgoingMail.claimed_until.is_(None), OutgoingMail.claimed_until < now),
        )
        .values(claimed_until=until)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    letter = session.get(OutgoingMail, letter_id)
    session.refresh(letter)
    return letter


def by_id(session: Session, letter_id: int) -> OutgoingMail | None:
    """Letter of this number."""
    return session.get(OutgoingMail, letter_id)


def _in_state(query: Select[Any], state: str) -> Select[Any]:
    is_open = OutgoingMail.sent_at.is_(None)
    conditions = {
        "sent": (OutgoingMail.sent_at.is_not(None),),
        "waiting": (is_open, OutgoingMail.attempts < MAX_ATTEMPTS),
        "failed": (is_open, OutgoingMail.attempts >= MAX_ATTEMPTS),
    }
    return query.where(*conditions.get(state, ()))


def newest(
    session: Session, limit: int = 200, *, state: str = "", offset: int = 0
) -> list[OutgoingMail]:
    """List letters, newest first; ``state`` is sent, waiting or failed."""
    query = _in_state(select(OutgoingMail), state)
    query = query.order_by(OutgoingMail.id.desc()).limit(limit).offset(offset)
    return list(session.scalars(query))


def number(session: Session, state: str = "") -> int:
    """Count letters."""
    return session.scalar(_in_state(select(func.count(OutgoingMail.id)), state)) or 0


def forget_unsent(session: Session) -> int:
    """Delete the letters that have not been sent; tell how many."""
    letters = session.scalars(select(OutgoingMail).where(OutgoingMail.sent_at.is_(None))).all()
    for letter in letters:
        session.delete(letter)
    session.flush()
    return len(letters)

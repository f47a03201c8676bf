"""What-if blends: what would these submissions score together?

A question is a row; a trainer's analyst answers it beside the labels. Only public scores are told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.errors import InvalidError, QuotaError
from databoard.phrases import phrase
from databoard.store.models import BlendQuestion, Event, User
from databoard.store.queries import blends as queries

MAX_MEMBERS = 20
MAX_PARTS = 100
#: Every answer tells something of the labels.
MAX_PER_HOUR = 60


def ask(
    session: Session, event: Event, user: User, parts: Mapping[int, int], *, now: datetime
) -> BlendQuestion:
    """Ask what submissions would score together; the same question is not computed again.

    Parameters
    ----------
    parts : mapping of int to int
        How often each counts, by key; the caller has checked that the user may read their code.

    Raises
    ------
    InvalidError
        With ``field`` = "parts": these are no parts.
    QuotaError
        If the user has asked too much.
    """
    chosen = {key: number for key, number in parts.items() if number}
    if not 1 <= len(chosen) <= MAX_MEMBERS or not all(
        0 < number <= MAX_PARTS for number in chosen.values()
    ):
        raise InvalidError(
            phrase(
                "Give 1 to %(parts)s parts to 1 to %(members)s submissions.",
                parts=MAX_PARTS,
                members=MAX_MEMBERS,
            ),
            "parts",
        )
    runs = {row.id: row.run for row in queries.members(session, event.id, chosen)}
    if runs.keys() != chosen.keys():
        raise InvalidError(phrase("One of these has no score any more; choose again."), "parts")
    if queries.n_since(session, user.id, now - timedelta(hours=1)) >= MAX_PER_HOUR:
        raise QuotaError(
            phrase("%(n)s blends in an hour are enough; try again later.", n=MAX_PER_HOUR),
            now + timedelta(hours=1),
        )
    content = json.dumps([event.folds_hash, sorted((k, runs[k], n) for k, n in chosen.items())])
    digest = hashlib.sha256(content.encode()).hexdigest()
    question = BlendQuestion(
        event_id=event.id,
        user_id=user.id,
        parts={str(key): number for key, number in sorted(chosen.items())},
        digest=digest,
        asked_at=now,
    )
    known = queries.same(session, event.id, digest)
    if known is not None:
        question.answer, question.answered_at = known.answer, now
    session.add(question)
    session.flush()
    return question


def answer(
    session: Session, question_id: int, scores: Mapping[str, float], *, now: datetime
) -> None:
    """Keep the scores that a question asked for."""
    _close(session, question_id, now=now, scores=dict(scores))


def refuse(session: Session, question_id: int, why: str, *, now: datetime) -> None:
    """Say why a question has no answer."""
    _close(session, question_id, now=now, error=why[:200])


def _close(
    session: Session,
    question_id: int,
    *,
    now: datetime,
    scores: dict[str, float] | None = None,
    error: str = "",
) -> None:
    question = session.get(BlendQuestion, question_id)
    if question is not None and question.answered_at is None:
        question.answer, question.error, question.answered_at = scores or {}, error, now
        session.flush()

"""Letters: written in the transaction of their news, sent after it, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.errors import InvalidError
from databoard.mail.transports import Transport
from databoard.phrases import phrase
from databoard.store.models import OutgoingMail
from databoard.store.queries import outbox as queries

CLAIM = timedelta(minutes=10)


def write(
    session: Session, key: str, to: str, subject: str, body: str, *, now: datetime
) -> OutgoingMail:
    """Put a letter into the outbox; the same news, by its key, is written once."""
    letter = queries.by_key(session, key)
    if letter is None:
        letter = OutgoingMail(
            key=key[:200], to=to, subject=subject, body=body, created_at=now, due_at=now
        )
        session.add(letter)
        session.flush()
    return letter


def send_due(session: Session, transport: Transport, *, now: datetime) -> int:
    """Send what is due and commit letter by letter, so that a crash repeats at most one.

    Returns
    -------
    int
        How many were sent.

    Notes
    -----
    A letter is claimed in a transaction of its own before it is sent; this is one of two services
    that commit, because what has left by mail cannot be rolled back.
    """
    sent = 0
    letter_ids = queries.due(session, now)
    session.commit()
    for letter_id in letter_ids:
        letter = queries.claim(session, letter_id, now=now, until=now + CLAIM)
        if letter is None:
            session.commit()
            continue
        to, subject, body = letter.to, letter.subject, letter.body
        session.commit()  # no transaction is open while a mail server thinks
        try:
            transport.send(to, subject, body)
        except Exception as error:  # a letter that cannot be sent must not hold up the others
            letter.attempts += 1
            letter.error = f"{type(error).__name__}: {error}"[:500]
            letter.claimed_until = None
            letter.due_at = now + timedelta(minutes=2**letter.attempts)
        else:
            letter.sent_at, letter.error = now, ""
            sent += 1
        session.commit()
    return sent


def send_again(session: Session, letter: OutgoingMail, *, now: datetime) -> None:
    """Make a letter due that could not be sent; one that was sent stays so.

    Raises
    ------
    InvalidError
        If it has left: nothing is sent twice.
    """
    if letter.sent_at is not None:
        raise InvalidError(phrase("This letter has been sent."))
    letter.attempts, letter.due_at, letter.claimed_until = 0, now, None
    session.flush()


def forget_unsent(session: Session) -> int:
    """Take out what has not been sent: it is another server's to send.

    Returns
    -------
    int
        How many letters went.
    """
    return queries.forget_unsent(session)

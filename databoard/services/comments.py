"""Remarks on submissions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.errors import ForbiddenError, InvalidError, TooSoonError
from databoard.phrases import phrase
from databoard.services import notifications
from databoard.services.sentences import say
from databoard.store.models import Comment, Submission, User
from databoard.store.queries import comments as queries
from databoard.store.queries import teams as team_queries

HOUR = timedelta(hours=1)
MAX_LENGTH = 4000
#: Nobody writes more in an hour by hand.
MAX_PER_HOUR = 60


def write(
    session: Session, submission: Submission, user: User, text: str, *, now: datetime
) -> Comment:
    """Keep a remark, and tell the team of the submission.

    Raises
    ------
    InvalidError
        With ``field`` = "text": it is empty or too long.
    TooSoonError
        If the user has written as many as one may in an hour.
    """
    text = text.replace("\r\n", "\n").strip()
    if not 1 <= len(text) <= MAX_LENGTH:
        raise InvalidError(
            phrase("A comment has 1 to %(most)s characters.", most=MAX_LENGTH), "text"
        )
    oldest = queries.last_but(session, user.id, MAX_PER_HOUR - 1)
    if oldest is not None and now < oldest + HOUR:
        raise TooSoonError((oldest + HOUR - now).total_seconds())
    comment = Comment(submission_id=submission.id, user_id=user.id, text=text, at=now)
    session.add(comment)
    session.flush()
    # Without the author, who may be unknown to the team in an anonymous event.
    told, url = say("commented", submission=submission.name), f"/{submission.hash_}#comments"
    for member in team_queries.members(session, submission.event_team.team_id):
        if member.id != user.id:
            key = f"comment:{comment.id}:{member.id}"
            notifications.tell(session, member, "comment", told, now=now, url=url, key=key)
    return comment


def remove(
    session: Session, comment: Comment, user: User, *, is_organiser: bool, now: datetime
) -> None:
    """Take a remark out; its author and organisers may.

    Raises
    ------
    ForbiddenError
    """
    if comment.user_id != user.id and not is_organiser:
        raise ForbiddenError(phrase("Only who wrote a comment, or an organiser, takes it out."))
    comment.deleted_at = now
    session.flush()

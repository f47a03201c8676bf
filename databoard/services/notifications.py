"""News for single users: on the site until they are read, and by letter, as each chose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.errors import InvalidError
from databoard.mail import letters
from databoard.mail.letters import Letter
from databoard.mail.stopping import footer
from databoard.phrases import Phrase, phrase
from databoard.services import outbox
from databoard.services.sentences import kept
from databoard.store.models import Notification, User
from databoard.store.queries import notifications as queries

#: What news is about, in the words in which one chooses.
KINDS = {
    "scored": "A submission of my team was scored",
    "failed": "A submission of my team failed or was withdrawn",
    "comment": "Somebody comments on a submission of my team",
    "credit": "Somebody credits a submission of my team",
    "invitation": "I am invited to a team, or mine is asked to merge",
    "team": "Somebody joins my team, or it is let into an event",
    "announcement": "The organisers announce something",
    "event": "An event of mine opens or closes",
}


def notify(
    session: Session, user: User, kind: str, text: str, *, now: datetime, url: str = ""
) -> Notification | None:
    """Tell a user something on the site, unless they chose not to hear of it there.

    Parameters
    ----------
    kind : str
        What it is about, one of `KINDS`.
    text : str
        What somebody wrote, as it is; or a phrase of ours, which is said in the reader's language.
    url : str
        Path on this site where more about it stands.
    """
    if kind in user.news_choices.split():
        return None
    parts = kept(text) if isinstance(text, Phrase) else None
    news = Notification(
        user_id=user.id, kind=kind, text=str(text), parts=parts, url=url[:200], at=now
    )
    session.add(news)
    session.flush()
    return news


def write(
    session: Session, user: User, kind: str, letter: Letter, key: str, *, now: datetime
) -> None:
    """Write a user a letter that can be stopped, unless they have stopped its kind."""
    if user.wants_mail and user.email_confirmed_at and kind not in user.mail_choices.split():
        body = letter.body + footer(user, kind)
        outbox.write(session, key, user.email, letter.subject, body, now=now)


def tell(
    session: Session,
    user: User,
    kind: str,
    text: str,
    *,
    now: datetime,
    url: str,
    key: str,
) -> None:
    """Tell a user something on the site and by letter, wherever they want to hear of it."""
    notify(session, user, kind, text, now=now, url=url)
    write(session, user, kind, letters.news(user, text, url), key, now=now)


def choose(session: Session, user: User, *, site: Iterable[str], mail: Iterable[str]) -> None:
    """Keep which kinds of news a user wants on the site, and by mail.

    Raises
    ------
    InvalidError
        For a kind that does not exist.
    """
    wanted = {"news_choices": set(site), "mail_choices": set(mail)}
    for name, kinds in wanted.items():
        if not kinds <= set(KINDS):
            raise InvalidError(phrase("There is no such kind of news."), "kinds")
        setattr(user, name, " ".join(kind for kind in KINDS if kind not in kinds))
    session.flush()


def stop(session: Session, user: User, kind: str) -> None:
    """Send a user no more letters of a kind; again changes nothing."""
    stopped = {*user.mail_choices.split(), kind}
    user.mail_choices = " ".join(one for one in KINDS if one in stopped)
    session.flush()


def mark_read(session: Session, user: User, *, now: datetime, key: int | None = None) -> None:
    """Mark one piece of a user's news as read, or all of it; again changes nothing."""
    for news in queries.unread(session, user.id):
        if key is None or news.id == key:
            news.read_at = now
    session.flush()

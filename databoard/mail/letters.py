"""Letters: values in, text out; their words are the files in ``templates``, subject first.

Letters to users are in the language of the reader, ``templates/<code>``, if it has them; those to
organisers, whose subject is a command, in the language of commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from databoard.languages import FIRST, LANGUAGES, said_in
from databoard.phrases import phrase

TEMPLATES = Path(__file__).parent / "templates"


class Reader(Protocol):
    """Whom a letter is written to: a user, say."""

    @property
    def id(self) -> int:
        """Key."""

    @property
    def name(self) -> str:
        """By which the letter greets."""

    @property
    def locale(self) -> str:
        """Code of the language."""


@dataclass(frozen=True)
class Letter:
    """A letter that is not addressed yet."""

    subject: str
    body: str


@cache
def _template(name: str) -> tuple[str, str]:
    subject, _, body = (TEMPLATES / f"{name}.txt").read_text("utf-8").partition("\n\n")
    return subject, body


def _letter(template: str, **values: str) -> Letter:
    """Fill a template; what stands in a value is never read as one."""
    subject, body = _template(template)
    return Letter(subject.format(**values), body.format(**values))


def _letter_to(to: Reader, template: str, **values: str) -> Letter:
    """Fill a template in the reader's language; of the values, phrases are said in it."""
    if to.locale in LANGUAGES and to.locale != FIRST:
        template = f"{to.locale}/{template}"
    told = {name: said_in(to.locale, value) for name, value in values.items()}
    return _letter(template, name=to.name, **told)


def confirm_email(to: Reader, link: str) -> Letter:
    """Ask a new user to confirm the address."""
    return _letter_to(to, "confirm_email", link=link)


def known_address(to: Reader, link: str) -> Letter:
    """Tell somebody who signed up again that there is an account."""
    return _letter_to(to, "known_address", link=link)


def reset_password(to: Reader, link: str) -> Letter:
    """Send the link that sets a new password."""
    return _letter_to(to, "reset_password", link=link)


def change_email(to: Reader, link: str) -> Letter:
    """Ask a user to confirm a new address."""
    return _letter_to(to, "change_email", link=link)


def approve_user(name: str, email: str, url: str) -> Letter:
    """Tell an admin that somebody asked; the subject is the command that approves."""
    return _letter("approve_user", name=name, email=email, url=url)


def approved(to: Reader, link: str) -> Letter:
    """Tell a user that an administrator let them in."""
    return _letter_to(to, "approved", link=link)


def refused(to: Reader, reason: str) -> Letter:
    """Tell a user that an administrator refused the account, and why."""
    return _letter_to(to, "refused", reason=reason)


def approve_sign_up(event: str, team: str, url: str, remark: str = "") -> Letter:
    """Tell an organiser that a team asked to join; the subject is the command that approves."""
    return _letter("approve_sign_up", event=event, team=team, url=url, remark=remark)


def signed_up(to: Reader, event_title: str, url: str) -> Letter:
    """Tell a member that the team takes part."""
    return _letter_to(to, "signed_up", event_title=event_title, url=url)


def invited(to: Reader, by: str, team: str, url: str) -> Letter:
    """Tell a user who invites them to which team."""
    return _letter_to(to, "invited", by=by, team=team, url=url)


def submitted(event: str, team: str, submission: str, url: str) -> Letter:
    """Tell an organiser of a new submission; the subject is the command that trains it."""
    return _letter("submitted", event=event, team=team, submission=submission, url=url)


def ended(to: Reader, submission: str, event_title: str, outcome: str, url: str) -> Letter:
    """Tell a member how a submission ended."""
    return _letter_to(
        to, "ended", submission=submission, event=event_title, outcome=outcome, url=url
    )


def unscorable(event: str, message: str, url: str) -> Letter:
    """Tell an organiser that a score of the kit fails on predictions that were accepted."""
    return _letter("unscorable", event=event, message=message, url=url)


def announcement(to: Reader, text: str, event_title: str, url: str) -> Letter:
    """Tell somebody what the organisers announce."""
    where = event_title or phrase("this site")
    return _letter_to(to, "announcement", text=text, where=where, url=url)


def alarm(name: str, what: str, mend: str) -> Letter:
    """Tell an administrator what went wrong on the server."""
    headline = what.split(". ")[0][:120].rstrip(".")
    return _letter("alarm", name=name, what=what, mend=mend, headline=headline)


def account_made(to: Reader, event_title: str) -> Letter:
    """Tell somebody of a class list about the account that was made."""
    return _letter_to(to, "account_made", event_title=event_title)


def news(to: Reader, text: str, url: str) -> Letter:
    """Tell a user by letter what the site tells them too."""
    return _letter_to(to, "news", text=text, url=url)


def proposed_merge(to: Reader, asking: str, asked: str, team: str, event: str, url: str) -> Letter:
    """Tell who leads a team that another one wants to go on together."""
    return _letter_to(
        to, "proposed_merge", asking=asking, asked=asked, team=team, event=event, url=url
    )

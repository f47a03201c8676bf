"""Letters: values in, text out; their words are the files in ``templates``, subject first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


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


def confirm_email(name: str, link: str) -> Letter:
    """Ask a new user to confirm the address."""
    return _letter("confirm_email", name=name, link=link)


def known_address(name: str, link: str) -> Letter:
    """Tell somebody who signed up again that there is an account."""
    return _letter("known_address", name=name, link=link)


def reset_password(name: str, link: str) -> Letter:
    """Send the link that sets a new password."""
    return _letter("reset_password", name=name, link=link)


def change_email(name: str, link: str) -> Letter:
    """Ask a user to confirm a new address."""
    return _letter("change_email", name=name, link=link)


def approve_user(name: str, email: str, url: str) -> Letter:
    """Tell an admin that somebody asked; the subject is the command that approves."""
    return _letter("approve_user", name=name, email=email, url=url)


def approved(name: str, link: str) -> Letter:
    """Tell a user that an administrator let them in."""
    return _letter("approved", name=name, link=link)


def refused(name: str, reason: str) -> Letter:
    """Tell a user that an administrator refused the account, and why."""
    return _letter("refused", name=name, reason=reason)


def approve_sign_up(event: str, team: str, url: str, remark: str = "") -> Letter:
    """Tell an organiser that a team asked to join; the subject is the command that approves."""
    return _letter("approve_sign_up", event=event, team=team, url=url, remark=remark)


def signed_up(name: str, event_title: str, url: str) -> Letter:
    """Tell a member that the team takes part."""
    return _letter("signed_up", name=name, event_title=event_title, url=url)


def invited(name: str, by: str, team: str, url: str) -> Letter:
    """Tell a user who invites them to which team."""
    return _letter("invited", name=name, by=by, team=team, url=url)


def submitted(event: str, team: str, submission: str, url: str) -> Letter:
    """Tell an organiser of a new submission; the subject is the command that trains it."""
    return _letter("submitted", event=event, team=team, submission=submission, url=url)


def ended(name: str, submission: str, event_title: str, outcome: str, url: str) -> Letter:
    """Tell a member how a submission ended."""
    return _letter(
        "ended", name=name, submission=submission, event=event_title, outcome=outcome, url=url
    )


def unscorable(event: str, message: str, url: str) -> Letter:
    """Tell an organiser that a score of the kit fails on predictions that were accepted."""
    return _letter("unscorable", event=event, message=message, url=url)


def announcement(name: str, text: str, event_title: str, url: str) -> Letter:
    """Tell somebody what the organisers announce."""
    where = event_title or "the site"
    return _letter("announcement", name=name, text=text, where=where, url=url)


def alarm(name: str, what: str, mend: str) -> Letter:
    """Tell an administrator what went wrong on the server."""
    headline = what.split(". ")[0][:120].rstrip(".")
    return _letter("alarm", name=name, what=what, mend=mend, headline=headline)


def account_made(name: str, event_title: str) -> Letter:
    """Tell somebody of a class list about the account that was made."""
    return _letter("account_made", name=name, event_title=event_title)


def news(name: str, text: str, url: str) -> Letter:
    """Tell a user by letter what the site tells them too."""
    return _letter("news", name=name, text=text, url=url)


def proposed_merge(name: str, asking: str, asked: str, team: str, event: str, url: str) -> Letter:
    """Tell who leads a team that another one wants to go on together."""
    return _letter(
        "proposed_merge", name=name, asking=asking, asked=asked, team=team, event=event, url=url
    )

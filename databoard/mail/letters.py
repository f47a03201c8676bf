"""Letters: values in, text out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """A letter that is not addressed yet."""

    subject: str
    body: str


def confirm_email(name: str, link: str) -> Letter:
    """Ask a new user to confirm the address."""
    return Letter(
        "Please confirm your e-mail address",
        f"Hello {name},\n\nopen this link to confirm your address and start:\n\n{link}\n\n"
        "It is good for three days. If you did not sign up, ignore this letter.\n",
    )


def known_address(name: str, link: str) -> Letter:
    """Tell somebody who signed up again that there is an account."""
    return Letter(
        "You have an account already",
        f"Hello {name},\n\nsomebody, most likely you, signed up with this address, but you have an "
        f"account already: {name}. Log in, or set a new password:\n\n{link}\n\n"
        "If it was not you, ignore this letter.\n",
    )


def reset_password(name: str, link: str) -> Letter:
    """Send the link that sets a new password."""
    return Letter(
        "Set a new password",
        f"Hello {name},\n\nopen this link to set a new password:\n\n{link}\n\n"
        "It works once, for one hour. If you did not ask for it, ignore this letter; "
        "your password stays as it is.\n",
    )


def change_email(name: str, link: str) -> Letter:
    """Ask a user to confirm a new address."""
    return Letter(
        "Please confirm your new e-mail address",
        f"Hello {name},\n\nopen this link to use this address from now on:\n\n{link}\n",
    )


def approve_user(name: str, email: str, url: str) -> Letter:
    """Tell an admin that somebody asked; the subject is the command that approves."""
    return Letter(
        f'fab approve_user:u="{name}"',
        f"{name} ({email}) asked for an account.\n\nApprove with the command in the subject, "
        f"or on {url}\n",
    )


def approved(name: str, link: str) -> Letter:
    """Tell a user that an administrator let them in."""
    return Letter(
        "Your account is active",
        f"Hello {name},\n\nan administrator has approved your account. Log in here:\n\n{link}\n",
    )


def refused(name: str, reason: str) -> Letter:
    """Tell a user that an administrator refused the account, and why."""
    return Letter(
        "Your account was not approved",
        f"Hello {name},\n\nthe administrators did not approve your account. Their reason:\n\n"
        f"{reason}\n",
    )


def approve_sign_up(event: str, team: str, url: str) -> Letter:
    """Tell an organiser that a team asked to join; the subject is the command that approves."""
    return Letter(
        f'fab sign_up_team:e="{event}",t="{team}"',
        f"The team {team} asked to join {event}.\n\nApprove with the command in the subject, "
        f"or on {url}\n",
    )


def signed_up(name: str, event_title: str, url: str) -> Letter:
    """Tell a member that the team takes part."""
    return Letter(
        f"You take part in {event_title}",
        f"Hello {name},\n\nyour team takes part in {event_title}. Your sandbox, filled with the "
        f"starting kit, is ready:\n\n{url}\n",
    )


def invited(name: str, by: str, team: str, url: str) -> Letter:
    """Tell a user who invites them to which team."""
    return Letter(
        f"{by} invites you to the team {team}",
        f"Hello {name},\n\n{by} invites you to the team {team}. Accept or decline here, within "
        f"seven days:\n\n{url}\n",
    )


def submitted(event: str, team: str, submission: str, url: str) -> Letter:
    """Tell an organiser of a new submission; the subject is the command that trains it."""
    return Letter(
        f'fab train_test:e="{event}",t="{team}",s="{submission}"',
        f"{team} submitted {submission} to {event}:\n\n{url}\n",
    )


def ended(name: str, submission: str, outcome: str, url: str) -> Letter:
    """Tell a member how a submission ended."""
    return Letter(
        f"{submission}: {outcome}",
        f"Hello {name},\n\nyour submission {submission} has ended: {outcome}.\n\n{url}\n",
    )


def announcement(name: str, text: str, event_title: str, url: str) -> Letter:
    """Tell somebody what the organisers announce."""
    where = event_title or "the site"
    return Letter(
        f"News of {where}",
        f"Hello {name},\n\nthe organisers of {where} announce:\n\n{text}\n\n{url}\n",
    )


def alarm(name: str, what: str, mend: str) -> Letter:
    """Tell an administrator what went wrong on the server."""
    return Letter(
        f"databoard needs you: {what.split('. ')[0][:120].rstrip('.')}",
        f"Hello {name},\n\n{what}\n\n{mend}\n\nThis is said once, until it has gone well again.\n",
    )


def account_made(name: str, event_title: str) -> Letter:
    """Tell somebody of a class list about the account that was made."""
    return Letter(
        f"Your account for {event_title}",
        f"Hello {name},\n\nan account was made for you, and you take part in {event_title}. Your "
        f"name there is {name}. Choose a password first; a link comes to this address:\n\n"
        "/password/forgotten\n",
    )

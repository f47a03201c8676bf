"""Signed links in letters: they carry who and what for, work once, and end by themselves."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from databoard.errors import NotFoundError
from databoard.mail import letters
from databoard.mail.letters import Letter
from databoard.services import outbox
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web.extensions import db
from databoard.web.guards import settings
from databoard.web.language import gettext

CONFIRM_S = 3 * 24 * 3600
RESET_S = 3600
#: Nobody gets more than one letter of a kind within this time, whoever asks for it.
LETTER_PAUSE_S = 300


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.config["SECRET_KEY"],
        salt=f"databoard.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def state_of(user: User) -> str:
    """Fingerprint that changes as soon as a link has been used, so that it works once."""
    text = f"{user.password_hash}|{user.email}|{user.email_confirmed_at}|{user.access_level}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sign(purpose: str, user: User, **more: Any) -> str:
    """Make the token of a link for one purpose and user."""
    return _serializer(purpose).dumps({"user": user.id, "state": state_of(user), **more})


def read(purpose: str, token: str, max_age_s: int) -> tuple[User, dict[str, Any]]:
    """Find the user of a link, and what else it carries.

    Raises
    ------
    NotFoundError
        If the link is forged, too old, or was used.
    """
    try:
        content = _serializer(purpose).loads(token, max_age=max_age_s)
    except BadSignature:
        content = {}
    user = queries.by_id(db.session(), content.get("user", 0))
    if user is None or not user.is_active or content.get("state") != state_of(user):
        raise NotFoundError(gettext("This link is too old, or was used already."))
    return user, content


def public_address(path: str) -> str:
    """Whole address of a page: from the settings, never from what a request claims."""
    return settings().public_url + path


def send(user: User, kind: str, letter: Letter, now: datetime, *, to: str | None = None) -> None:
    """Put a letter to a user into the outbox, at most one of a kind in a while."""
    key = f"{kind}:{user.id}:{to or ''}:{int(now.timestamp()) // LETTER_PAUSE_S}"
    session = db.session()
    outbox.write(session, key, to or user.email, letter.subject, letter.body, now=now)


def send_nothing(now: datetime) -> None:
    """Do the work of a letter that nobody gets, so that an unknown address takes as long."""
    session = db.session()
    with session.begin_nested() as point:
        text = _serializer("nothing").dumps({"user": 0, "state": secrets.token_hex(8)})
        outbox.write(session, f"nothing:{secrets.token_hex(8)}", "", "", text, now=now)
        point.rollback()


def send_confirmation(user: User, now: datetime) -> None:
    """Send the link that confirms an address."""
    path = url_for("accounts.confirm", token=sign("confirm", user))
    send(user, "confirm", letters.confirm_email(user, public_address(path)), now)


def send_reset(user: User, now: datetime) -> None:
    """Send the link that sets a new password."""
    path = url_for("accounts.reset_password", token=sign("reset", user))
    send(user, "reset", letters.reset_password(user, public_address(path)), now)


def send_change(user: User, email: str, now: datetime) -> None:
    """Send the link that takes a new address to that address."""
    path = url_for("accounts.confirm_new_email", token=sign("email", user, email=email))
    letter = letters.change_email(user, public_address(path))
    send(user, "email", letter, now, to=email)

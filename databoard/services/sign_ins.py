"""Sign-in elsewhere: who a provider of OpenID Connect says that a visitor is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.errors import DuplicateError, ForbiddenError, InvalidError
from databoard.phrases import phrase
from databoard.services import accounts
from databoard.store.models import User
from databoard.store.queries import accounts as queries

MAX_SUBJECT = 255


@dataclass(frozen=True)
class Identity:
    """A person as a provider knows them; ``subject`` is unique among all providers for ever."""

    subject: str
    email: str
    is_verified: bool
    nickname: str = ""
    firstname: str = ""
    lastname: str = ""


def subject_of(issuer: str, key: str) -> str:
    """Name a person of a provider: by its address, because labels may change hands.

    Raises
    ------
    InvalidError
        If there is nothing to name, or too much to keep.
    """
    subject = f"{issuer.rstrip('/')} {key}"
    if not key or len(subject) > MAX_SUBJECT:
        raise InvalidError(phrase("The provider names you in a way that cannot be kept here."))
    return subject


def sign_up(session: Session, name: str, identity: Identity, *, now: datetime) -> User:
    """Make an account without a password, whose address the provider has confirmed.

    Raises
    ------
    ForbiddenError
        If the provider does not vouch for the address.
    InvalidError, DuplicateError
        With the ``field`` that must change.
    """
    if not identity.is_verified:
        raise ForbiddenError(phrase("The provider does not vouch for your e-mail address."))
    user = accounts.sign_up(
        session,
        name,
        identity.email,
        None,
        now=now,
        firstname=identity.firstname[:80],
        lastname=identity.lastname[:80],
    )
    accounts.confirm_email(session, user, now=now)
    link(session, user, identity.subject)
    return user


def link(session: Session, user: User, subject: str) -> None:
    """Let a person of a provider log in as this user, who has said so.

    Raises
    ------
    DuplicateError
        If the account has another sign-in, or the sign-in another account.
    """
    if user.oidc_subject not in (None, subject):
        raise DuplicateError(phrase("Your account has another sign-in already; remove that first."))
    owner = queries.by_subject(session, subject)
    if owner is not None and owner.id != user.id:
        raise DuplicateError(phrase("This sign-in belongs to another account."))
    user.oidc_subject = subject
    session.flush()


def unlink(session: Session, user: User) -> None:
    """Forget the sign-in of a user, who has a password to log in with.

    Raises
    ------
    ForbiddenError
        If the account would have no way in.
    """
    if user.password_hash is None:
        raise ForbiddenError(phrase("Set a password first: this sign-in is your only way in."))
    user.oidc_subject = None
    session.flush()

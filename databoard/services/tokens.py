"""Personal tokens, by which programs act for a user."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.errors import InvalidError, NotFoundError
from databoard.phrases import phrase
from databoard.services.accounts import digest
from databoard.store.models import ApiToken, User
from databoard.store.queries import accounts as queries

SCOPES = ("read", "submit")
MAX_LIVE = 20
#: Makes a token that leaked into a log or a repository easy to find.
PREFIX = "databoard_"
#: A token's last use is kept to the hour, so that reading seldom writes.
RESOLUTION = timedelta(hours=1)


def create(
    session: Session,
    user: User,
    name: str,
    *,
    now: datetime,
    scopes: Iterable[str] = ("read",),
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; return its row and the secret, which is kept nowhere.

    Raises
    ------
    InvalidError
        With the ``field`` that must change.
    """
    name, wanted = name.strip(), set(scopes)
    if not 1 <= len(name) <= 80:
        raise InvalidError(phrase("A token has a name of 1 to 80 characters."), "name")
    if not wanted or not wanted <= set(SCOPES):
        raise InvalidError(
            phrase("A token may do one of %(names)s.", names=", ".join(SCOPES)), "scopes"
        )
    if expires_at is not None and expires_at <= now:
        raise InvalidError(phrase("A token must end in the future."), "expires_at")
    if len(queries.tokens_of(session, user.id)) >= MAX_LIVE:
        raise InvalidError(
            phrase("You have %(most)s tokens; revoke one that you do not use.", most=MAX_LIVE),
            "name",
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user_id=user.id,
        name=name,
        token_hash=digest(secret),
        scopes=" ".join(scope for scope in SCOPES if scope in wanted),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    return token, secret


def revoke(session: Session, user: User, token_id: int, *, now: datetime) -> ApiToken:
    """End a token of this user; again changes nothing.

    Raises
    ------
    NotFoundError
        If the user has no such token.
    """
    token = queries.token_by_id(session, token_id)
    if token is None or token.user_id != user.id:
        raise NotFoundError(phrase("You have no such token."))
    token.revoked_at = token.revoked_at or now
    session.flush()
    return token


def find(session: Session, secret: str, *, now: datetime) -> ApiToken | None:
    """Token of this secret, if it and its user may still act."""
    token = queries.token_by_hash(session, digest(secret))
    if token is None or not token.user.is_active:
        return None
    return None if token.expires_at is not None and token.expires_at <= now else token


def touch(session: Session, token: ApiToken, *, now: datetime) -> bool:
    """Keep when a token was last used; tell whether anything was written."""
    if token.last_used_at is not None and now < token.last_used_at + RESOLUTION:
        return False
    token.last_used_at = now
    session.flush()
    return True

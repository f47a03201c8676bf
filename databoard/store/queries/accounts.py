"""Questions about accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, with_expression

from databoard.store.models import ApiToken, LoginAttempt, Notification, User, UserSession


def by_id(session: Session, user_id: int) -> User | None:
    """Account of this key."""
    return session.get(User, user_id)


def by_name(session: Session, name: str) -> User | None:
    """Account of this name, in any case."""
    return session.scalar(select(User).where(func.lower(User.name) == name.strip().lower()))


def by_email(session: Session, email: str) -> User | None:
    """Account of this address, in any case."""
    return session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def by_login(session: Session, text: str) -> User | None:
    """Account of this name or address."""
    return by_email(session, text) if "@" in text else by_name(session, text)


def by_subject(session: Session, subject: str) -> User | None:
    """Account of a person of a provider of sign-in."""
    return session.scalar(select(User).where(User.oidc_subject == subject))


def everyone(session: Session, level: str | None = None, search: str = "") -> list[User]:
    """List the accounts, newest first; those of one access level; those that contain a word."""
    query = select(User).where(User.deleted_at.is_(None)).order_by(User.created_at.desc(), User.id)
    if level:
        query = query.where(User.access_level == level)
    if search:
        word = f"%{search.strip()}%"
        names = (User.name, User.email, User.firstname, User.lastname)
        query = query.where(or_(*(column.ilike(word) for column in names)))
    return list(session.scalars(query))


def admins(session: Session) -> list[User]:
    """List the site administrators."""
    return list(session.scalars(select(User).where(User.access_level == "admin")))


def live_session(session: Session, session_id: str) -> UserSession | None:
    """Login session that has not been ended, with its user and how much news the user has."""
    n_unread = (
        select(func.count(Notification.id))
        .where(Notification.user_id == UserSession.user_id, Notification.read_at.is_(None))
        .correlate(UserSession)
        .scalar_subquery()
    )
    return session.scalar(
        select(UserSession)
        .where(UserSession.id == session_id, UserSession.revoked_at.is_(None))
        .options(joinedload(UserSession.user), with_expression(UserSession.n_unread, n_unread))
    )


def sessions_of(session: Session, user_id: int) -> list[UserSession]:
    """List the live login sessions of a user, the last used first."""
    return list(
        session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .order_by(UserSession.last_seen_at.desc())
        )
    )


def failures(
    session: Session, since: datetime, *, account: str | None = None, address: str | None = None
) -> tuple[int, datetime | None]:
    """Count failed logins since a time, of an account or from an address, and date the last."""
    query = select(func.count(), func.max(LoginAttempt.at)).where(
        LoginAttempt.at >= since, LoginAttempt.ok.is_(False)
    )
    if account is not None:
        query = query.where(LoginAttempt.account == account)
    if address is not None:
        query = query.where(LoginAttempt.address == address)
    count, last = session.execute(query).one()
    return count, last


def last_success(session: Session, account: str, address: str | None = None) -> datetime | None:
    """When this account last logged in, from anywhere or from an address."""
    query = select(func.max(LoginAttempt.at)).where(
        LoginAttempt.account == account, LoginAttempt.ok.is_(True)
    )
    if address is not None:
        query = query.where(LoginAttempt.address == address)
    return session.scalar(query)


def token_by_hash(session: Session, token_hash: str) -> ApiToken | None:
    """Personal token of this hash, with its user."""
    return session.scalar(
        select(ApiToken)
        .where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None))
        .options(joinedload(ApiToken.user))
    )


def token_by_id(session: Session, token_id: int) -> ApiToken | None:
    """Personal token of this key."""
    return session.get(ApiToken, token_id)


def tokens_of(session: Session, user_id: int) -> list[ApiToken]:
    """List the personal tokens of a user that were not revoked, newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        )
    )

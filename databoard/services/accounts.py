"""Accounts: sign up, confirm, log in, change, end."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, ForbiddenError, InvalidError, TooSoonError
from databoard.phrases import phrase
from databoard.services import teams
from databoard.store.models import LoginAttempt, User, UserSession
from databoard.store.models.accounts import ACCESS_LEVELS
from databoard.store.outages import CONFLICTS
from databoard.store.queries import accounts as queries
from databoard.store.queries import teams as team_queries
from databoard.store.queries.forgetting import forget

# OWASP's first choice for Argon2id: 19 MiB, two passes, one lane; about 20 ms.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
PROFILE_FIELDS = (
    "firstname",
    "lastname",
    "affiliation",
    "url",
    "bio",
    "wants_mail",
    "mail_choices",
    "locale",
)
WRONG = phrase("The name or the password is wrong.")
WINDOW = timedelta(minutes=15)
FREE_TRIES = 5
FREE_TRIES_OF_ADDRESS = 20


def hash_password(password: str) -> str:
    """Hash a password with Argon2id and a salt of its own."""
    return HASHER.hash(password)


@cache
def _nobody() -> str:
    """Make the hash that an unknown user is compared with, so that both take the same time."""
    return HASHER.hash(secrets.token_hex(16))


def verify(password_hash: str | None, password: str) -> bool:
    """Compare a password with a hash; nobody's hash takes as long and is never right."""
    try:
        HASHER.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def check_email(email: str) -> str:
    """Refuse what is no e-mail address; return it without spaces.

    Raises
    ------
    InvalidError
        With ``field`` = "email".
    """
    email = email.strip()
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise InvalidError(
            phrase("%(email)s is not an e-mail address.", email=repr(email[:80])), "email"
        )
    return email


def _create(
    session: Session, name: str, email: str, password: str | None, *, now: datetime
) -> User:
    name, email = name.strip(), check_email(email)
    rules.check_user_name(name)
    if password is not None:
        rules.check_password(password, name)
    # Before the look-ups, so that a known address takes as long as a new one.
    password_hash = hash_password(password) if password is not None else None
    if queries.by_name(session, name) or team_queries.by_name(session, name):
        raise DuplicateError(
            phrase("The name %(name)s is taken; choose another.", name=name), "name"
        )
    if queries.by_email(session, email):
        raise DuplicateError(
            phrase("There is an account with this address; log in instead."), "email"
        )
    user = User(
        name=name,
        email=email,
        password_hash=password_hash,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except CONFLICTS:  # somebody else took it since we looked
        if queries.by_name(session, name):
            sentence = phrase("The name %(name)s was taken a moment ago.", name=name)
            raise DuplicateError(sentence, "name") from None
        raise DuplicateError(phrase("This address was taken a moment ago."), "email") from None
    return user


def sign_up(
    session: Session,
    name: str,
    email: str,
    password: str | None,
    *,
    now: datetime,
    firstname: str = "",
    lastname: str = "",
    affiliation: str = "",
    locale: str = "",
) -> User:
    """Make an account that waits for its e-mail address to be confirmed.

    Raises
    ------
    InvalidError, DuplicateError
        With the ``field`` that must change.
    """
    user = _create(session, name, email, password, now=now)
    user.access_level = "asked"
    update_profile(session, user, firstname=firstname, lastname=lastname, affiliation=affiliation)
    user.locale = locale
    return user


def create_user(
    session: Session,
    name: str,
    email: str,
    password: str | None,
    *,
    now: datetime,
    access_level: str = "user",
    confirmed: bool = True,
    firstname: str = "",
    lastname: str = "",
) -> User:
    """Make an account on an admin's word, with its individual team."""
    user = _create(session, name, email, password, now=now)
    set_access(session, user, access_level, now=now)
    user.email_confirmed_at = now if confirmed else None
    update_profile(session, user, firstname=firstname, lastname=lastname)
    teams.individual(session, user, now=now)
    return user


def confirm_email(session: Session, user: User, *, now: datetime) -> None:
    """Take the address as the user's own; who asked becomes a user."""
    user.email_confirmed_at = user.email_confirmed_at or now
    if user.access_level == "asked":
        user.access_level = "user"
    teams.individual(session, user, now=now)
    session.flush()


def approve(session: Session, user: User, *, now: datetime) -> None:
    """Make a user of who asked or was refused; again changes nothing."""
    if user.access_level in ("asked", "refused"):
        user.access_level, user.refusal = "user", ""
    user.email_confirmed_at = user.email_confirmed_at or now
    teams.individual(session, user, now=now)
    session.flush()


def refuse(session: Session, user: User, reason: str, *, now: datetime) -> None:
    """Refuse who asked, with the reason that they will read."""
    user.access_level, user.refusal = "refused", reason
    end_all_sessions(session, user, now=now)


def set_access(session: Session, user: User, level: str, *, now: datetime) -> None:
    """Change what a user may do; who loses access is logged out.

    Raises
    ------
    InvalidError
        For a level that does not exist.
    """
    if level not in ACCESS_LEVELS:
        raise InvalidError(
            phrase("The access level must be one of %(names)s.", names=", ".join(ACCESS_LEVELS)),
            "level",
        )
    user.access_level = level
    session.flush()
    if not user.is_active:
        end_all_sessions(session, user, now=now)


def _check_throttle(session: Session, account: str, address: str, now: datetime) -> None:
    """Make a guesser wait: 2^k seconds after the k-th failure above what is free.

    Failures of an account count from its last success. Where its owner has logged in before, only
    failures from that address count, so that a guesser elsewhere does not lock the owner out.
    """
    since = now - WINDOW
    own_ok = queries.last_success(session, account, address)
    own_address = address if own_ok is not None else None
    last_ok = own_ok or queries.last_success(session, account)
    own_since = max(since, last_ok or since)
    limits = (
        (
            queries.failures(session, own_since, account=account, address=own_address),
            FREE_TRIES,
        ),
        (queries.failures(session, since, address=address), FREE_TRIES_OF_ADDRESS),
    )
    for (count, last), free in limits:
        if last is not None and count >= free:
            wait = timedelta(seconds=min(2 ** (count - free + 1), 300))
            if now < last + wait:
                raise TooSoonError((last + wait - now).total_seconds())


def check_may_enter(user: User) -> None:
    """Refuse whose account is closed.

    Raises
    ------
    ForbiddenError
    """
    if user.access_level == "refused":
        why = phrase("This account was refused. %(why)s", why=user.refusal)
        raise ForbiddenError(why if user.refusal else phrase("This account was refused."))
    if not user.is_active:
        raise ForbiddenError(phrase("This account is closed; write to the organisers."))


def authenticate(
    session: Session, login: str, password: str, address: str, *, now: datetime
) -> User:
    """Find the user of this name or address, and password.

    The attempt is kept in the session: commit also when this raises.

    Raises
    ------
    ForbiddenError
        In the same words whatever was wrong.
    TooSoonError
        After too many failures of the account or from the address.
    """
    account, address = login.strip().lower()[:254], address[:64]
    _check_throttle(session, account, address, now)
    user = queries.by_login(session, login)
    ok = verify(user.password_hash if user else None, password[: rules.MAX_PASSWORD])
    session.add(LoginAttempt(account=account, address=address, at=now, ok=ok))
    session.flush()
    if user is None or not ok:
        raise ForbiddenError(WRONG)
    check_may_enter(user)
    if user.password_hash and HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    return user


def set_password(
    session: Session, user: User, new: str, *, now: datetime, keep_session: str | None = None
) -> None:
    """Change a password and end all other sessions."""
    rules.check_password(new, user.name)
    user.password_hash = hash_password(new)
    end_all_sessions(session, user, now=now, but=keep_session)


def change_password(
    session: Session,
    user: User,
    old: str,
    new: str,
    *,
    now: datetime,
    keep_session: str | None = None,
) -> None:
    """Change a password by its owner.

    Raises
    ------
    InvalidError
        If the old one is wrong, or the new one breaks the rules.
    """
    if not verify(user.password_hash, old):
        raise InvalidError(phrase("The old password is wrong."), "old")
    set_password(session, user, new, now=now, keep_session=keep_session)


def change_email(session: Session, user: User, email: str, *, now: datetime) -> None:
    """Take a new address, which its owner has confirmed.

    Raises
    ------
    InvalidError, DuplicateError
        With ``field`` = "email".
    """
    email = check_email(email)
    owner = queries.by_email(session, email)
    if owner is not None and owner.id != user.id:
        raise DuplicateError(phrase("There is another account with this address."), "email")
    user.email, user.email_confirmed_at = email, now
    session.flush()


def ask_for_link(session: Session, email: str, address: str, *, now: datetime) -> User | None:
    """Find who may get a link by letter, and keep that somebody asked, known or not."""
    user = queries.by_email(session, email)
    account = f"link:{email.strip().lower()}"[:254]
    session.add(LoginAttempt(account=account, address=address[:64], at=now, ok=True))
    session.flush()
    return user if user is not None and user.is_active else None


def digest(token: str) -> str:
    """Hash of a secret that is random and long, under which it is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    session: Session, user: User, address: str, agent: str, *, now: datetime
) -> tuple[UserSession, str]:
    """Log a user in; return the row and the secret that the browser keeps."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        id=digest(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        address=address[:64],
        agent=agent[:200],
    )
    session.add(row)
    user.last_seen_at = now
    session.flush()
    return row, token


def end_session(session: Session, session_id: str, *, now: datetime) -> None:
    """End one login."""
    row = queries.live_session(session, session_id)
    if row is not None:
        row.revoked_at = now
        session.flush()


def end_all_sessions(
    session: Session, user: User, *, now: datetime, but: str | None = None
) -> None:
    """End all logins of a user, but one."""
    for row in queries.sessions_of(session, user.id):
        if row.id != but:
            row.revoked_at = now
    session.flush()


def update_profile(session: Session, user: User, **fields: str | bool) -> None:
    """Change what a user says of himself; other fields than these are refused.

    Raises
    ------
    InvalidError
        Naming a field that is too long or cannot be changed here.
    """
    for name, value in fields.items():
        if name not in PROFILE_FIELDS:
            raise InvalidError(phrase("%(name)s cannot be changed here.", name=name), name)
        if isinstance(value, str):
            value = value.strip()
            limit = {"bio": 2000, "locale": 10, "firstname": 80, "lastname": 80}.get(name, 200)
            if len(value) > limit:
                raise InvalidError(
                    phrase("%(name)s has at most %(limit)s characters.", name=name, limit=limit),
                    name,
                )
            if name == "url" and value and not value.startswith(("http://", "https://")):
                raise InvalidError(phrase("An address starts with https://."), name)
        setattr(user, name, value)
    session.flush()


def delete_user(session: Session, user: User, *, now: datetime) -> None:
    """Close an account for good: who it was is forgotten.

    Comments, news, letters, logins and tokens go; teams of several go on without the user. What
    was submitted stays under a name that says nothing, because others' ranks and credits rest
    on it, and so do entries of the audit log.
    """
    # A tilde, which nobody can have in a name.
    alias = f"deleted~{user.id}"
    forget(session, user.id, name=user.name, email=user.email, alias=alias, now=now)
    user.sessions.clear()
    user.tokens.clear()
    for team in team_queries.of_user(session, user):
        if team.is_individual and team.admin_id == user.id:
            team.name = alias
        elif len(team_queries.members(session, team.id)) > 1:
            teams.remove_member(session, team, user, now=now)
    user.name = alias
    user.email = f"deleted-{user.id}@invalid.invalid"
    user.password_hash = None
    user.firstname = user.lastname = user.affiliation = user.url = user.bio = ""
    user.access_level, user.deleted_at, user.oidc_subject = "banned", now, None
    user.refusal, user.wants_mail = "", False
    session.flush()
    teams.renew_remarks(session)

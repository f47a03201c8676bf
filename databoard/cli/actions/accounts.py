"""People."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Annotated

from databoard.cli.words import UserName, Yes, clock, confirm, found, table
from databoard.services import accounts
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import accounts as queries

HINT = "see: fab list_users"

Password = Annotated[str, "asked for if left out; generated and shown where nobody can be asked"]


def _password(given: str) -> tuple[str, str]:
    """Return the password, and what to say about it."""
    if given:
        return given, ""
    if sys.stdin.isatty():
        return getpass.getpass("Password: "), ""
    generated = secrets.token_urlsafe(12)
    return generated, f" with the password {generated}"


def create_user(
    settings: Settings,
    name: UserName,
    email: Annotated[str, "e-mail address"],
    password: Password = "",
    firstname: str = "",
    lastname: str = "",
    level: Annotated[str, "user or admin"] = "user",
) -> str:
    """Create an approved user with a team of their own."""
    secret, remark = _password(password)
    with open_session(settings.database_url) as session:
        accounts.create_user(
            session,
            name,
            email,
            secret,
            now=clock(),
            access_level=level,
            firstname=firstname,
            lastname=lastname,
        )
        session.commit()
    return f"Created the {level} {name}{remark}."


def create_admin(
    settings: Settings,
    name: UserName,
    email: Annotated[str, "e-mail address"],
    password: Password = "",
) -> str:
    """Create a site administrator."""
    return create_user(settings, name, email, password, level="admin")


def approve_user(settings: Settings, user: UserName) -> str:
    """Let a user in who has signed up."""
    with open_session(settings.database_url) as session:
        account = found(queries.by_name(session, user), "user", user, HINT)
        accounts.approve(session, account, now=clock())
        session.commit()
    return f"Approved {user}."


def set_password(settings: Settings, user: UserName, password: Password = "") -> str:
    """Give a user a new password and end all their logins."""
    secret, remark = _password(password)
    with open_session(settings.database_url) as session:
        account = found(queries.by_name(session, user), "user", user, HINT)
        accounts.set_password(session, account, secret, now=clock())
        session.commit()
    return f"Changed the password of {user}{remark}."


def remove_user(settings: Settings, user: UserName, yes: Yes = False) -> str:
    """Close an account for good; what its team submitted stays."""
    with open_session(settings.database_url) as session:
        account = found(queries.by_name(session, user), "user", user, HINT)
        confirm(f"The account {user} ({account.email}) is closed for good.", yes=yes)
        accounts.delete_user(session, account, now=clock())
        session.commit()
    return f"Removed {user}."


def list_users(
    settings: Settings, level: Annotated[str, "asked, user, admin, refused or banned"] = ""
) -> str:
    """List the users with their access level and address."""
    with open_session(settings.database_url) as session:
        users = queries.everyone(session, level or None)
        rows = [(user.name, user.access_level, user.email) for user in users]
    return table(rows, "There is no user yet; make one with: fab create_admin:<name>,<email>")

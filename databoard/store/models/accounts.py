"""People: accounts, their sessions, tokens and attempts to log in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from databoard.store.base import Base, BigKey, Key, Name, Sha256, Short

ACCESS_LEVELS = ("asked", "user", "admin", "refused", "banned")


class User(Base):
    """A person with an account; ``access_level`` is "asked" until an admin approves it."""

    __tablename__ = "users"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    firstname: Mapped[Name] = mapped_column(default="")
    lastname: Mapped[Name] = mapped_column(default="")
    affiliation: Mapped[Short] = mapped_column(default="")
    url: Mapped[Short] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    access_level: Mapped[str] = mapped_column(String(10), default="asked")
    refusal: Mapped[str] = mapped_column(default="")
    email_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    wants_mail: Mapped[bool] = mapped_column(default=True)
    # Kinds of news that the user wants no letter of, and that the site does not show.
    mail_choices: Mapped[Short] = mapped_column(default="")
    news_choices: Mapped[Short] = mapped_column(default="", server_default=text("''"))
    locale: Mapped[str] = mapped_column(String(10), default="")
    oidc_subject: Mapped[str | None] = mapped_column(String(255), unique=True)

    sessions: Mapped[list[UserSession]] = relationship(
        back_populates="user", cascade="all, delete-orphan"
    )
    tokens: Mapped[list[ApiToken]] = relationship(
        back_populates="user", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 2 AND 40", name="name_length"),
        CheckConstraint(
            "access_level IN ('asked', 'user', 'admin', 'refused', 'banned')", name="access_level"
        ),
        Index(None, "access_level", "created_at"),
        # Ada and ada are one name, and one address, also for two who sign up at the same moment.
        Index("uq_users_lower_name", text("lower(name)"), unique=True),
        Index("uq_users_lower_email", text("lower(email)"), unique=True),
    )

    # What Flask-Login asks of a user, without knowing it.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """May the account log in at all?"""
        return self.access_level not in ("refused", "banned") and self.deleted_at is None

    @property
    def is_admin(self) -> bool:
        """Is this a site administrator?"""
        return self.access_level == "admin" and self.is_active

    def get_id(self) -> str:
        """Write the key that a login session carries."""
        return str(self.id)

    @property
    def full_name(self) -> str:
        """First and last name, or the account's name."""
        return f"{self.firstname} {self.lastname}".strip() or self.name


class UserSession(Base):
    """One login on one device; deleting or revoking the row ends it."""

    __tablename__ = "user_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[Short] = mapped_column(default="")
    revoked_at: Mapped[datetime | None]
    # Filled by `queries.accounts.live_session` only, which every page asks anyway.
    n_unread: Mapped[int | None] = query_expression()

    user: Mapped[User] = relationship(back_populates="sessions")


class LoginAttempt(Base):
    """An attempt to log in, counted by account and by address."""

    __tablename__ = "login_attempts"

    id: Mapped[BigKey]
    account: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    ok: Mapped[bool]

    __table_args__ = (Index(None, "account", "at"), Index(None, "address", "at"))


class ApiToken(Base):
    """A personal token for programs; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    token_hash: Mapped[Sha256] = mapped_column(unique=True)
    scopes: Mapped[Short] = mapped_column(default="read")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="tokens")

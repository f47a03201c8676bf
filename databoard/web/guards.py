"""Who is asking, and may they: the one place where pages ask the policy.

The rules themselves are ``databoard.domain.access``; here they meet the visitor of this request.
What a visitor may not know of is answered as if it did not exist (404); what they may know of but
not do is refused (403); who is nobody yet is sent to log in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from databoard.domain import access
from databoard.domain.access import Role
from databoard.errors import ForbiddenError, NotFoundError
from databoard.settings import Settings
from databoard.store.models import Event, EventTeam, Submission, User
from databoard.store.queries import events, submissions, teams
from databoard.web.extensions import db
from databoard.web.language import gettext as _

View = TypeVar("View", bound=Callable[..., Any])


def settings() -> Settings:
    """Read the settings of this installation."""
    return current_app.extensions["databoard"]


def now() -> datetime:
    """Read the time of this request: the same for everything that it does."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return g.now


def arrived() -> datetime:
    """Read the time once the whole request is here, which is what deadlines ask (threats W15).

    A body may take minutes to arrive, and begin before a deadline that it ends after.
    """
    request.get_data(cache=True, parse_form_data=True)
    g.now = datetime.now(UTC)
    return g.now


def visitor() -> User | None:
    """Account that is logged in, or None."""
    # The model itself rather than Flask-Login's proxy: services compare and store it.
    return current_user._get_current_object() if current_user.is_authenticated else None  # noqa: SLF001


def me() -> User:
    """Account that is logged in, behind ``login_required``."""
    user = visitor()
    if user is None:
        raise ForbiddenError(_("Please log in first."))
    return user


def is_approved(user: User | None) -> bool:
    """Tell whether the account may do more than confirm its address."""
    return user is not None and user.is_active and user.access_level in ("user", "admin")


# ---- logged in, approved, admin ----------------------------------------------------------------


def _login_first() -> Response:
    """Send the visitor to the login page, and back here afterwards."""
    if request.headers.get("HX-Request"):  # a part of a page: the login page is none
        raise Unauthorized
    # After a POST the page that held the form is where to go back to, not the action.
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=here))


def login_required(view: View) -> View:
    """Let in whoever is logged in; send the others to log in."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if visitor() else _login_first()

    return guarded  # type: ignore[return-value]


def approved_required(view: View) -> View:
    """Let in whoever has an approved account."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        user = visitor()
        if user is None:
            return _login_first()
        if not is_approved(user):
            raise ForbiddenError(
                _(
                    "Your account is not active yet: open the link in the letter that we sent you, "
                    "or wait for an administrator."
                )
            )
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def admin_required(view: View) -> View:
    """Let in site administrators only."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        user = visitor()
        if user is None:
            return _login_first()
        if not access.may_administer_site(site_role(user)):
            raise ForbiddenError(_("This page is for administrators of the site."))
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def site_role(user: User | None) -> Role:
    """Role on the site as a whole."""
    return access.role_of(
        is_authenticated=user is not None,
        is_approved=is_approved(user),
        is_admin=user is not None and user.is_admin,
    )


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What a visitor is with regard to one event."""

    role: Role
    event_team: EventTeam | None

    @property
    def participates(self) -> bool:
        """Has a team of theirs been accepted?"""
        return self.event_team is not None and self.event_team.is_approved

    @property
    def is_admin(self) -> bool:
        """May they administer the event?"""
        return access.may_administer(self.role)


def standing(event: Event, user: User | None = None) -> Standing:
    """Look up what the visitor (or the given user) is in an event, once per request."""
    user = user or visitor()
    cache = g.setdefault("standings", {})
    key = (event.id, user.id if user else None)
    if key not in cache:
        cache[key] = _standing(event, user)
    return cache[key]


def _standing(event: Event, user: User | None) -> Standing:
    if user is None:
        return Standing(Role.ANONYMOUS, None)
    session = db.session()
    event_team = teams.event_team_of(session, event, user)
    role = access.role_of(
        is_authenticated=True,
        is_approved=is_approved(user),
        is_admin=user.is_admin,
        is_event_admin=events.is_admin(session, event, user),
        is_teammate=event_team is not None,
    )
    return Standing(role, event_team)


def current_role(event: Event | None = None) -> Role:
    """Role of the visitor in an event; on the whole site without one."""
    return site_role(visitor()) if event is None else standing(event).role


def may_see_event(event: Event, user: User | None = None) -> bool:
    """Tell whether the visitor (or the given user) may know of an event."""
    place = standing(event, user)
    # Who waits to be let in already knows of the event.
    return access.may_see_event(
        place.role, is_public=event.is_public, participates=place.event_team is not None
    )


def load_event(name: str, user: User | None = None) -> Event:
    """Load an event that the visitor may know of.

    Raises
    ------
    NotFoundError
        If there is none, or none that they may know of: the answer is the same.
    """
    event = events.by_name(db.session(), name)
    if event is None or not may_see_event(event, user):
        raise NotFoundError(_("There is no event of this name, or none that you may see."))
    return event


def load_administered(name: str) -> Event:
    """Load an event that the visitor may administer.

    Raises
    ------
    NotFoundError, ForbiddenError
    """
    event = load_event(name)
    if not standing(event).is_admin:
        raise ForbiddenError(_("This page is for the organisers of the event."))
    return event


# ---- submissions ---------------------------------------------------------------------------------


def submission_role(submission: Submission, user: User | None = None) -> Role:
    """Role of the visitor with regard to one submission: a team mate is in its own team."""
    user = user or visitor()
    if user is None:
        return Role.ANONYMOUS
    session = db.session()
    return access.role_of(
        is_authenticated=True,
        is_approved=is_approved(user),
        is_admin=user.is_admin,
        is_event_admin=events.is_admin(session, submission.event_team.event, user),
        is_teammate=teams.is_member(session, submission.event_team.team_id, user.id),
    )


def no_submission() -> NotFoundError:
    """Say that there is no such submission, or none that the visitor may know of."""
    return NotFoundError(_("There is no such submission, or none that you may see."))


def load_submission(hash_: str, user: User | None = None) -> tuple[Submission, Role]:
    """Load a submission whose event's board the visitor may see, and their role in it.

    What they may see of it (code, log, private scores) is asked of ``domain.access`` with the role.

    Raises
    ------
    NotFoundError
        If there is none, or none that they may know of.
    """
    submission = submissions.by_hash(db.session(), hash_)
    if submission is None:
        raise no_submission()
    role = submission_role(submission, user)
    event = submission.event_team.event
    participates = standing(event, user).event_team is not None
    if not access.may_see_board(role, is_public=event.is_public, participates=participates):
        raise no_submission()
    return submission, role


# ---- where to go next ----------------------------------------------------------------------------


def local_target(target: str | None, default: str) -> str:
    r"""Keep only a path of this site as a place to go to; anything else becomes ``default``.

    Browsers read ``//host``, ``/\host`` and what hides behind control characters as addresses
    of other sites.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if "\\" in target or any(ord(letter) < 32 for letter in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target

"""The blueprint of the programming interface, and who is asking."""

from __future__ import annotations

from flask import Blueprint, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from databoard.errors import ForbiddenError
from databoard.services import tokens
from databoard.store.models import ApiToken, User
from databoard.web import guards, limits
from databoard.web.extensions import be_nobody, csrf, db

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)


@bp.before_request
def read_token() -> None:
    """Let a request be its token's user's; the cookie of a browser counts for nothing here.

    So nothing that a page makes a browser send can act for its user, and no CSRF token is needed.
    """
    be_nobody()
    g.token = None
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        limits.spend("api", limits.API)
        return
    token = tokens.find(db.session(), secret.strip(), now=guards.now())
    if kind.lower() != "bearer" or token is None:
        limits.spend("api", limits.API)
        raise _unauthorized()
    g.token = token
    g._login_user = token.user  # noqa: SLF001 - where Flask-Login and so the guards look
    limits.spend("api", limits.API)
    if request.endpoint == "api.submit":
        limits.spend("api.submit", limits.SUBMIT)


def _unauthorized() -> Unauthorized:
    return Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "databoard"}))


def acting_user(scope: str = "read") -> User:
    """User of the request's token, who has an approved account and gave it this scope.

    Raises
    ------
    Unauthorized, ForbiddenError
    """
    token: ApiToken | None = g.token
    if token is None:
        raise _unauthorized()
    if not guards.is_approved(token.user):
        raise ForbiddenError("Your account is not active yet.")
    if scope not in token.scopes.split():
        raise ForbiddenError(f"This token may not {scope}; make one that may.")
    return token.user

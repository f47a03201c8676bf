"""The exchange with a provider of OpenID Connect, by Authlib: code flow, PKCE, state and nonce."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, current_app, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import DataboardError, NotFoundError
from databoard.services.sign_ins import Identity, subject_of
from databoard.settings import Provider, Settings
from databoard.store.models import User
from databoard.web.accounts import links
from databoard.web.guards import settings
from databoard.web.language import gettext as _

logger = logging.getLogger(__name__)
TIMEOUT_S = 10
KEY = "databoard_providers"


class SignInError(DataboardError):
    """A provider refused, or answered something else than who the visitor is."""

    status = 403
    fault = "visitor"


def init_providers(app: Flask, settings: Settings) -> None:
    """Register the providers of the settings; Authlib is imported only where there is one."""
    app.jinja_env.globals.update(sign_in_providers=settings.providers, sign_in_label=label_of)
    if not settings.providers:
        return
    from authlib.integrations.flask_client import OAuth

    registry = app.extensions[KEY] = OAuth(app)
    for provider in settings.providers:
        registry.register(
            provider.name,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_S,
            },
        )


def find(name: str) -> Provider:
    """Find a provider by its name.

    Raises
    ------
    NotFoundError
    """
    for provider in settings().providers:
        if provider.name == name:
            return provider
    raise NotFoundError(_("Nobody signs in this way here."))


def label_of(user: User) -> str:
    """Say where a user signs in: the provider's label, its address if it is no longer set."""
    issuer, _space, _key = (user.oidc_subject or "").partition(" ")
    labels = {provider.issuer.rstrip("/"): provider.label for provider in settings().providers}
    return labels.get(issuer, issuer)


def departure(provider: Provider) -> Response:
    """Send the visitor to the provider; state, nonce and verifier wait in the session's cookie.

    Raises
    ------
    SignInError
    """
    back = links.public_address(url_for("accounts.arrive", provider=provider.name))
    return _asked(provider, lambda client: client.authorize_redirect(back))


def arrival(provider: Provider) -> Identity:
    """Take who the visitor is from the provider that this request comes back from.

    Raises
    ------
    SignInError
        If the provider refused, cannot be asked, or the request is not the answer to ours.
    """
    return _asked(provider, lambda client: _identity(provider, client))


def _identity(provider: Provider, client: Any) -> Identity:
    issuer = provider.issuer.rstrip("/")
    rules = {"iss": {"essential": True, "values": [issuer, f"{issuer}/"]}}
    token = client.authorize_access_token(claims_options=rules)
    claims = token["userinfo"]
    if "email" not in claims:  # many tell it at the second address only
        more = client.userinfo(token=token)
        claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
    return Identity(
        subject=subject_of(provider.issuer, str(claims["sub"])),
        email=str(claims.get("email") or ""),
        is_verified=claims.get("email_verified") in (True, "true") and bool(claims.get("email")),
        nickname=str(claims.get("preferred_username") or ""),
        firstname=str(claims.get("given_name") or ""),
        lastname=str(claims.get("family_name") or ""),
    )


def _asked(provider: Provider, ask: Any) -> Any:
    """Ask a provider something; whatever goes wrong becomes a sentence for the visitor."""
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.base_client import MismatchingStateError
    from joserfc.errors import JoseError
    from requests import RequestException

    client = current_app.extensions[KEY].create_client(provider.name)
    who = provider.label
    try:
        return ask(client)
    except MismatchingStateError:
        text = _("This sign-in began in another window, or too long ago. Begin again here.")
    except (AuthlibBaseError, JoseError) as error:
        logger.warning("sign-in with %s: %s", provider.name, error)
        # What the address line says is not repeated: anybody can write a link to this page.
        is_denied = request.args.get("error") == "access_denied"
        text = (
            _("%(provider)s did not tell us who you are, because you did not agree.", provider=who)
            if is_denied
            else _("%(provider)s refused the sign-in, or its answer was wrong.", provider=who)
        )
    except (RequestException, KeyError, ValueError, RuntimeError) as error:
        logger.warning("sign-in with %s: %r", provider.name, error)
        text = _("%(provider)s did not answer as it should. Try again later.", provider=who)
    raise SignInError(text)

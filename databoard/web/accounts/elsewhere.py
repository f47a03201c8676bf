"""Sign in at a provider; then a new account, or a link to the one that is there.

An address alone opens no account that exists: its owner logs in to it once and says so. The same
holds for who is logged in already, because a link is easily put under somebody's mouse.
"""

from __future__ import annotations

import re
from dataclasses import asdict

from flask import flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from databoard.errors import ForbiddenError, NotFoundError
from databoard.services import accounts, sign_ins
from databoard.services.sign_ins import Identity
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.accounts import entry, logins, providers
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.providers import SignInError
from databoard.web.extensions import db, writes
from databoard.web.forms import Form, refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext, said

Page = str | Response | tuple[str, int]
#: What the session's cookie keeps between the provider's answer and the visitor's.
WAITING = "sign_in"
NEXT = "sign_in_next"
WAIT_S = 900


class NewAccountForm(Form):
    """The one thing that no provider knows."""

    name = StringField(
        lazy_gettext("User name"),
        [DataRequired(lazy_gettext("Please enter a user name.")), Length(max=40)],
        description=lazy_gettext(
            "2 to 40 letters, digits, _ - and . ; everybody sees it on the leaderboards."
        ),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class LinkForm(Form):
    """The password of the account that a sign-in is linked to."""

    password = PasswordField(
        lazy_gettext("Password"),
        [DataRequired(lazy_gettext("Please enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


@bp.get("/login/with/<provider>")
def depart(provider: str) -> Page:
    """Go to a provider."""
    found = providers.find(provider)
    session.pop(WAITING, None)
    session[NEXT] = guards.local_target(request.args.get("next"), url_for("pages.home"))
    try:
        return providers.departure(found)
    except SignInError as error:
        return _failed(said(error.message), provider)


@bp.get("/login/with/<provider>/answer")
@writes
def arrive(provider: str) -> Page:
    """Come back from a provider: log in who is known, ask everybody else."""
    found = providers.find(provider)
    try:
        identity = providers.arrival(found)
    except SignInError as error:
        return _failed(said(error.message), provider)
    user = queries.by_subject(db.session(), identity.subject)
    if user is not None and guards.visitor() is None:
        try:
            accounts.check_may_enter(user)
        except ForbiddenError as error:
            return _failed(said(error.message), provider)
        return _enter(user)
    until = guards.now().timestamp() + WAIT_S
    session[WAITING] = {"identity": asdict(identity), "provider": provider, "until": until}
    visitor = guards.visitor()
    if not visitor and not identity.is_verified:
        return _failed(
            _(
                "%(provider)s does not vouch for your e-mail address. Confirm it there, or sign up "
                "with a password here and link the sign-in on your profile.",
                provider=found.label,
            ),
            provider,
        )
    is_known = visitor or queries.by_email(db.session(), identity.email)
    return redirect(url_for(".link_sign_in" if is_known else ".name_account"))


def _failed(message: str, provider: str) -> Page:
    page = render_template(
        "accounts/sign_in_failed.html", message=message, provider=providers.find(provider)
    )
    return page, 403


def _enter(user: User) -> Response:
    target = guards.local_target(session.get(NEXT), url_for("pages.home"))
    logins.start(user)
    db.session.commit()
    return redirect(target)


def _waiting() -> tuple[Identity, str]:
    """Read whom the provider has named in this browser, and how the provider is called.

    Raises
    ------
    NotFoundError
        If nobody waits, or for too long.
    """
    waiting = session.get(WAITING) or {}
    if waiting.get("until", 0) < guards.now().timestamp():
        raise NotFoundError(_("No sign-in waits here any more; begin again on the log-in page."))
    return Identity(**waiting["identity"]), providers.find(waiting["provider"]).label


@bp.route("/login/new", methods=["GET", "POST"])
def name_account() -> Page:
    """Choose a name and have an account."""
    identity, label = _waiting()
    form = NewAccountForm(name=_suggestion(identity))
    if form.validate_on_submit():
        with refusals_in(form):
            user = sign_ins.sign_up(db.session(), typed(form.name), identity, now=guards.now())
            entry.tell_admins(user)
            response = _enter(user)
            flash(_("Welcome, %(name)s.", name=user.name), "success")
            return response
    page = render_template("accounts/name_account.html", form=form, identity=identity, label=label)
    return page, status_of(form)


def _suggestion(identity: Identity) -> str:
    text = identity.nickname or identity.email
    return re.sub(r"[^A-Za-z0-9_.-]", "", text.partition("@")[0])[:40]


@bp.route("/login/link", methods=["GET", "POST"])
def link_sign_in() -> Page:
    """Link a sign-in to the account that is logged in, or that logs in here."""
    identity, label = _waiting()
    user = guards.visitor()
    form = Form() if user else LinkForm()
    if form.validate_on_submit():
        owner = user or entry.authenticate(form, identity.email, typed(form["password"]))
        if owner is not None:
            with refusals_in(form):
                sign_ins.link(db.session(), owner, identity.subject)
                if user is None:
                    response = _enter(owner)
                else:
                    session.pop(WAITING)
                    db.session.commit()
                    response = redirect(url_for(".profile"))
                flash(_("From now on you log in with %(provider)s.", provider=label), "success")
                return response
    page = render_template(
        "accounts/link_sign_in.html", form=form, identity=identity, label=label, user=user
    )
    return page, status_of(form)


@bp.post("/user/unlink")
@guards.login_required
def unlink_sign_in() -> Response:
    """Log in no more by a provider."""
    sign_ins.unlink(db.session(), guards.me())
    db.session.commit()
    flash(_("The sign-in is removed; you log in with your password."), "success")
    return redirect(url_for(".profile"))

"""Passwords: forgotten, set anew by a link, changed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.services import accounts
from databoard.web import guards
from databoard.web.accounts import links, logins
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import AddressForm, ChangePasswordForm, NewPasswordForm
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext, said

Page = str | Response | tuple[str, int]


@bp.route("/password/forgotten", methods=["GET", "POST"])
def forgotten_password() -> Page:
    """Send a link, with the same answer for every address."""
    form = AddressForm()
    if form.validate_on_submit():
        now, address = guards.now(), request.remote_addr or ""
        user = accounts.ask_for_link(db.session(), typed(form.email), address, now=now)
        if user is None:
            links.send_nothing(now)
        else:
            links.send_reset(user, now)
        db.session.commit()
        return redirect(url_for(".sent_password_link"))
    return render_template("accounts/forgotten_password.html", form=form), status_of(form)


@bp.get("/password/sent")
def sent_password_link() -> Page:
    """Say what happens next."""
    return render_template("accounts/sent_password_link.html")


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> Page:
    """Set a new password by the link of a letter, which proves the address as well."""
    try:
        user, _ = links.read("reset", token, links.RESET_S)
    except NotFoundError as error:
        flash(said(error.message) + " " + gettext("Ask for a new one here."), "warning")
        return redirect(url_for(".forgotten_password"))
    form = NewPasswordForm()
    if request.method == "POST" and form.validate():
        with refusals_in(form):
            session, now = db.session(), guards.now()
            accounts.set_password(session, user, typed(form.password), now=now)
            accounts.confirm_email(session, user, now=now)
            db.session.commit()
            flash(gettext("Your new password is set. Log in with it."), "success")
            return redirect(url_for(".login"))
    return render_template("accounts/reset_password.html", form=form, user=user), status_of(form)


@bp.route("/user/password", methods=["GET", "POST"])
@guards.login_required
def change_password() -> Page:
    """Change the own password; all other logins end."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        with refusals_in(form):
            accounts.change_password(
                db.session(),
                guards.me(),
                typed(form.old),
                typed(form.password),
                now=guards.now(),
                keep_session=logins.current_session_id(),
            )
            db.session.commit()
            flash(
                gettext("Your password is changed; you are logged out everywhere else."), "success"
            )
            return redirect(url_for(".profile"))
    return render_template("accounts/change_password.html", form=form), status_of(form)

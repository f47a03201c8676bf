"""What a user says of himself, and the address."""

from __future__ import annotations

import json

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import DataboardError, NotFoundError
from databoard.services import accounts, export
from databoard.web import guards
from databoard.web.accounts import links, logins
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import AddressForm, DeleteForm, ProfileForm
from databoard.web.downloads import download
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext, said

Page = str | Response | tuple[str, int]
FIELDS = ("firstname", "lastname", "affiliation", "url", "bio", "locale")


@bp.route("/user", methods=["GET", "POST"])
@guards.login_required
def profile() -> Page:
    """Show and change the profile."""
    user = guards.me()
    form = ProfileForm(obj=user)
    if form.validate_on_submit():
        with refusals_in(form):
            # Only what the form has: nothing else of a request can reach the account.
            fields = {name: form[name].data for name in FIELDS}
            accounts.update_profile(db.session(), user, **fields)
            db.session.commit()
            flash(gettext("Saved."), "success")
            return redirect(url_for(".profile"))
    return render_template("accounts/profile.html", form=form, user=user), status_of(form)


@bp.get("/user/data.json")
@guards.login_required
def own_data() -> Response:
    """Hand out all that the site keeps of the user."""
    user = guards.me()
    content = json.dumps(export.of_user(db.session(), user), indent=2, ensure_ascii=False)
    return download(content.encode(), f"databoard_{user.name}.json", mimetype="application/json")


@bp.route("/user/email", methods=["GET", "POST"])
@guards.login_required
def change_email() -> Page:
    """Ask for another address; it counts once its letter's link was opened."""
    user = guards.me()
    form = AddressForm()
    if form.validate_on_submit():
        with refusals_in(form):
            email = accounts.check_email(typed(form.email))
            links.send_change(user, email, guards.now())
            db.session.commit()
            flash(
                gettext(
                    "Open the link that we sent to %(email)s to use this address.", email=email
                ),
                "info",
            )
            return redirect(url_for(".profile"))
    return render_template("accounts/change_email.html", form=form, user=user), status_of(form)


@bp.route("/user/email/<token>", methods=["GET", "POST"])
def confirm_new_email(token: str) -> Page:
    """Take a new address by the link of its letter."""
    try:
        user, content = links.read("email", token, links.CONFIRM_S)
    except NotFoundError as error:
        flash(said(error.message) + " " + gettext("Ask for a new one here."), "warning")
        return redirect(url_for(".change_email"))
    if request.method == "GET":
        return render_template("accounts/confirm_email.html", user=user, email=content["email"])
    try:
        accounts.change_email(db.session(), user, content["email"], now=guards.now())
        db.session.commit()
        flash(gettext("Your new address is in use."), "success")
    except DataboardError as error:
        db.session.rollback()
        flash(said(error.message), "danger")
    return redirect(url_for(".profile"))


@bp.route("/user/delete", methods=["GET", "POST"])
@guards.login_required
def delete_account() -> Page:
    """Close the own account for good, on the own password."""
    user = guards.me()
    form = DeleteForm()
    if form.validate_on_submit():
        if not accounts.verify(user.password_hash, typed(form.password)):
            form.password.errors = [gettext("This is not your password.")]
        else:
            accounts.delete_user(db.session(), user, now=guards.now())
            logins.close()
            db.session.commit()
            flash(
                gettext("Your account is closed. What your teams submitted stays with them."),
                "info",
            )
            return redirect(url_for("pages.home"))
    return render_template("accounts/delete_account.html", form=form, user=user), status_of(form)

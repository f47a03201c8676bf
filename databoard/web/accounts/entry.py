"""Sign up, confirm the address, log in, log out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from databoard.errors import DuplicateError, ForbiddenError, NotFoundError, TooSoonError
from databoard.mail import letters
from databoard.services import accounts, outbox
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.accounts import links, logins
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import AddressForm, LoginForm, SignUpForm
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, tell, typed
from databoard.web.language import chosen, gettext, said

Page = str | Response | tuple[str, int]


@bp.route("/sign_up", methods=["GET", "POST"])
def sign_up() -> Page:
    """Make an account."""
    if guards.visitor():
        return redirect(url_for("pages.home"))
    form = SignUpForm()
    if form.validate_on_submit():
        with refusals_in(form):
            _sign_up(form)
            db.session.commit()
            return redirect(url_for(".signed_up"))
    return render_template("accounts/sign_up.html", form=form), status_of(form)


def _sign_up(form: SignUpForm) -> None:
    """Sign up; whether the address was known is told only to its owner, by letter."""
    session, now = db.session(), guards.now()
    try:
        user = accounts.sign_up(
            session,
            typed(form.name),
            typed(form.email),
            typed(form.password),
            now=now,
            firstname=typed(form.firstname),
            lastname=typed(form.lastname),
            affiliation=typed(form.affiliation),
            locale=chosen(),
        )
    except DuplicateError as error:
        owner = queries.by_email(session, typed(form.email))
        if error.field != "email" or owner is None:
            raise
        accounts.hash_password(typed(form.password))  # the time that a new account takes
        links.send(owner, "known", letters.known_address(owner, _login_address()), now)
        return
    links.send_confirmation(user, now)
    tell_admins(user)


def _login_address() -> str:
    return links.public_address(url_for("accounts.login"))


def tell_admins(user: User) -> None:
    """Write to the administrators that somebody has signed up."""
    address = links.public_address(url_for("organisers.users"))
    letter = letters.approve_user(user.name, user.email, address)
    session, now = db.session(), guards.now()
    for admin in queries.admins(session):
        key = f"approve_user:{user.id}:{admin.id}"
        outbox.write(session, key, admin.email, letter.subject, letter.body, now=now)


@bp.get("/sign_up/done")
def signed_up() -> Page:
    """Say what happens next."""
    return render_template("accounts/signed_up.html")


@bp.route("/confirm", methods=["GET", "POST"])
def send_confirmation() -> Page:
    """Send the link again, in the same words for every address."""
    form = AddressForm(obj=guards.visitor())
    if form.validate_on_submit():
        now, address = guards.now(), request.remote_addr or ""
        user = accounts.ask_for_link(db.session(), typed(form.email), address, now=now)
        if user is None or user.access_level != "asked":
            links.send_nothing(now)
        else:
            links.send_confirmation(user, now)
        db.session.commit()
        flash(gettext("If an account waits for this address, the link is on its way."), "success")
        return redirect(url_for("pages.home"))
    return render_template("accounts/send_confirmation.html", form=form), status_of(form)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Page:
    """Confirm an address: the letter's link shows the page, its button confirms."""
    try:
        user, _ = links.read("confirm", token, links.CONFIRM_S)
    except NotFoundError as error:
        flash(
            said(error.message) + " " + gettext("If you have confirmed already, just log in."),
            "warning",
        )
        return redirect(url_for(".send_confirmation"))
    if request.method == "GET":
        return render_template("accounts/confirm.html", user=user)
    accounts.confirm_email(db.session(), user, now=guards.now())
    db.session.commit()
    flash(gettext("Thank you, your address is confirmed."), "success")
    return redirect(url_for("pages.home" if guards.visitor() == user else ".login"))


@bp.route("/login", methods=["GET", "POST"])
def login() -> Page:
    """Log in, and go on to where the visitor wanted to go."""
    target = guards.local_target(request.args.get("next"), url_for("pages.home"))
    if guards.visitor():
        return redirect(target)
    form = LoginForm()
    if form.validate_on_submit():
        user = authenticate(form, typed(form.login), typed(form.password))
        if user is not None:
            logins.start(user)
            db.session.commit()
            return redirect(target)
    return render_template("accounts/login.html", form=form), status_of(form)


def authenticate(form: FlaskForm, name: str, password: str) -> User | None:
    """Find the user of a name or address, and password; else say in the form what is wrong."""
    address = request.remote_addr or ""
    try:
        return accounts.authenticate(db.session(), name, password, address, now=guards.now())
    except TooSoonError as error:
        wait_s = max(1, round(error.wait_s))
        error.args = (
            gettext("Too many attempts. Wait %(wait)s s, or set a new password.", wait=wait_s),
        )
        tell(form, error)
    except ForbiddenError as error:
        tell(form, error)
    db.session.commit()  # an attempt counts, above all when it fails
    return None


@bp.route("/logout", methods=["GET", "POST"])
def logout() -> Page:
    """End this login; a link only asks, the button does it."""
    if request.method == "GET":
        if guards.visitor() is None:
            return redirect(url_for("pages.home"))
        return render_template("accounts/logout.html")
    logins.close()
    db.session.commit()
    flash(gettext("You are logged out."), "success")
    return redirect(url_for("pages.home"))

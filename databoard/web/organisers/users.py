"""Accounts: who waits is approved or refused, others get or lose rights."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import ForbiddenError, InvalidError, NotFoundError
from databoard.mail import letters
from databoard.mail.letters import Letter
from databoard.services import accounts, outbox
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import status_of, typed
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import RefusalForm
from databoard.web.organisers.sight import PAGE_SIZE, note, span

LEVELS = {
    "asked": lazy_gettext("Waiting"),
    "user": lazy_gettext("Active"),
    "admin": lazy_gettext("Administrators"),
    "refused": lazy_gettext("Refused"),
    "banned": lazy_gettext("Closed"),
}
#: What an administrator may make of an account by one button.
CHOICES = ("user", "admin", "banned")


@bp.get("/admin/users")
@guards.admin_required
def users() -> str:
    """List the accounts, by level and words."""
    level, words = request.args.get("level", ""), request.args.get("q", "").strip()[:100]
    if level and level not in LEVELS:
        raise InvalidError(_("There is no such level."), "level")
    everyone = queries.everyone(db.session(), level or None, words)
    part = span(len(everyone))
    counts = dict.fromkeys(LEVELS, 0)
    for user in queries.everyone(db.session()):
        counts[user.access_level] += 1
    return render_template(
        "organisers/users.html",
        users=everyone[part.offset : part.offset + PAGE_SIZE],
        part=part,
        level=level,
        words=words,
        levels=LEVELS,
        counts=counts,
    )


def _load(name: str) -> User:
    user = queries.by_name(db.session(), name)
    if user is None or user.deleted_at is not None:
        raise NotFoundError(_("There is no user of this name."))
    return user


def _write(user: User, kind: str, letter: Letter) -> None:
    key = f"{kind}:{user.id}:{guards.now():%Y-%m-%d}"
    outbox.write(db.session(), key, user.email, letter.subject, letter.body, now=guards.now())


def _back() -> Response:
    return redirect(guards.local_target(request.form.get("next"), url_for(".users")))


@bp.post("/admin/users/<user>/approve")
@guards.admin_required
def approve_user(user: str) -> Response:
    """Let in who waits."""
    found = _load(user)
    accounts.approve(db.session(), found, now=guards.now())
    _write(found, "approved", letters.approved(found, _login_address()))
    note("approve_user", found)
    db.session.commit()
    flash(_("%(name)s may come in.", name=found.name), "success")
    return _back()


def _login_address() -> str:
    return guards.settings().public_url + url_for("accounts.login")


@bp.route("/admin/users/<user>/refuse", methods=["GET", "POST"])
@guards.admin_required
def refuse_user(user: str) -> tuple[str, int] | Response:
    """Refuse who waits, with a reason."""
    found, form = _load(user), RefusalForm()
    if form.validate_on_submit():
        _check_other(found)
        reason = typed(form.reason).strip()
        accounts.refuse(db.session(), found, reason, now=guards.now())
        _write(found, "refused", letters.refused(found, reason))
        note("refuse_user", found, reason=reason)
        db.session.commit()
        flash(_("%(name)s was refused.", name=found.name), "success")
        return redirect(url_for(".users", level="asked"))
    return render_template("organisers/refuse_user.html", user=found, form=form), status_of(form)


@bp.post("/admin/users/<user>/access")
@guards.admin_required
def set_access(user: str) -> Response:
    """Give or take rights."""
    found, level = _load(user), request.form.get("level", "")
    if level not in CHOICES:
        raise InvalidError(
            _("The level must be one of %(names)s.", names=", ".join(CHOICES)), "level"
        )
    _check_other(found)
    old = found.access_level
    accounts.set_access(db.session(), found, level, now=guards.now())
    note("set_access", found, old=old, new=level)
    db.session.commit()
    flash(_("%(name)s is now: %(level)s.", name=found.name, level=LEVELS[level].lower()), "success")
    return _back()


def _check_other(user: User) -> None:
    """Nobody locks himself out."""
    if user.id == guards.me().id:
        raise ForbiddenError(_("Ask another administrator to change your own account."))

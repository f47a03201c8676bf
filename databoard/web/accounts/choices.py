"""Which news one wants, where; and the link in letters that stops them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.mail import stopping
from databoard.services import accounts, notifications
from databoard.store.models import User
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.accounts.blueprint import bp
from databoard.web.extensions import csrf, db
from databoard.web.language import gettext


@bp.route("/user/notifications", methods=["GET", "POST"])
@guards.login_required
def choices() -> str | Response:
    """Choose for each kind of news whether it comes on the site, by mail, both or not at all."""
    user = guards.me()
    if request.method == "POST":
        notifications.choose(
            db.session(),
            user,
            site=request.form.getlist("site"),
            mail=request.form.getlist("mail"),
        )
        accounts.update_profile(db.session(), user, wants_mail="wants_mail" in request.form)
        db.session.commit()
        flash(gettext("Saved."), "success")
        return redirect(url_for(".choices"))
    return render_template(
        "accounts/choices.html",
        user=user,
        kinds=notifications.KINDS,
        not_on_site=user.news_choices.split(),
        not_by_mail=user.mail_choices.split(),
    )


def _reader_of(token: str) -> tuple[User, str]:
    found = stopping.read(token, guards.settings().secret_key)
    user = queries.by_id(db.session(), found[0]) if found else None
    if found is None or user is None or found[1] not in notifications.KINDS:
        raise NotFoundError(
            gettext("This link is not one of ours; choose on your account's pages.")
        )
    return user, found[1]


@bp.route("/news/stop/<token>", methods=["GET", "POST"])
@csrf.exempt  # the signed token is what may do this, and mail programs post it (RFC 8058)
def stop_letters(token: str) -> str:
    """Stop letters of one kind, without logging in: a look asks, one click does it."""
    user, kind = _reader_of(token)
    if request.method == "POST":
        notifications.stop(db.session(), user, kind)
        db.session.commit()
    is_done = not user.wants_mail or kind in user.mail_choices.split()
    return render_template(
        "accounts/stop_letters.html", kind=notifications.KINDS[kind], is_done=is_done
    )

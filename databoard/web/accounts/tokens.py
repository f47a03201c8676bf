"""Personal tokens for programs: made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from databoard.services import tokens as services
from databoard.store.queries import accounts as queries
from databoard.web import guards
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import TokenForm
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext

Page = str | Response | tuple[str, int]
NEW = "new_token"


@bp.route("/user/tokens", methods=["GET", "POST"])
@guards.approved_required
def tokens() -> Page:
    """List the own tokens and make new ones."""
    user, now = guards.me(), guards.now()
    form = TokenForm()
    if form.validate_on_submit():
        with refusals_in(form):
            days = typed(form.days)
            _, secret = services.create(
                db.session(),
                user,
                typed(form.name),
                now=now,
                scopes=typed(form.scope).split(),
                expires_at=now + timedelta(days=int(days)) if days else None,
            )
            db.session.commit()
            session[NEW] = secret
            return redirect(url_for(".tokens"))
    page = render_template(
        "accounts/tokens.html",
        form=form,
        tokens=queries.tokens_of(db.session(), user.id),
        secret=session.pop(NEW, None),
        now=now,
    )
    return page, status_of(form)


@bp.post("/user/tokens/<int:key>/revoke")
@guards.login_required
def revoke_token(key: int) -> Response:
    """End a token."""
    token = services.revoke(db.session(), guards.me(), key, now=guards.now())
    db.session.commit()
    flash(gettext("The token %(token)s works no more.", token=token.name), "success")
    return redirect(url_for(".tokens"))

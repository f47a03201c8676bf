"""The outbox: what letters say, and whether they left."""

from __future__ import annotations

import re

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import InvalidError, NotFoundError
from databoard.mail.transports import with_links
from databoard.services import outbox as services
from databoard.store.models import OutgoingMail
from databoard.store.queries import outbox as queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.sight import PAGE_SIZE, note, span

STATES = {
    "waiting": lazy_gettext("Waiting"),
    "sent": lazy_gettext("Sent"),
    "failed": lazy_gettext("Given up"),
}
#: What opens an account is for its owner only, administrators included.
SECRET = re.compile(r"(/(?:confirm|password|invitations?|teams/join)[\w/-]*/)[\w.~-]{16,}")


def state_of(letter: OutgoingMail) -> str:
    """Tell how a letter stands."""
    if letter.sent_at is not None:
        return "sent"
    return "failed" if letter.attempts >= queries.MAX_ATTEMPTS else "waiting"


@bp.get("/admin/mail")
@guards.admin_required
def letters() -> str:
    """List the letters, newest first."""
    session, state = db.session(), request.args.get("state", "")
    if state and state not in STATES:
        raise InvalidError(_("There is no such state."), "state")
    part = span(queries.number(session, state))
    return render_template(
        "organisers/letters.html",
        letters=queries.newest(session, PAGE_SIZE, state=state, offset=part.offset),
        part=part,
        state=state,
        states=STATES,
        state_of=state_of,
        counts={name: queries.number(session, name) for name in STATES},
    )


def _load(key: int) -> OutgoingMail:
    letter = queries.by_id(db.session(), key)
    if letter is None:
        raise NotFoundError(_("There is no letter of this number."))
    return letter


@bp.get("/admin/mail/<int:key>")
@guards.admin_required
def letter(key: int) -> str:
    """Show a letter as it leaves, without the keys to other people's accounts."""
    found = _load(key)
    body = SECRET.sub(r"\1…", with_links(found.body, guards.settings().public_url))
    return render_template(
        "organisers/letter.html",
        letter=found,
        body=body,
        state=state_of(found),
        states=STATES,
        sender=guards.settings().mail_from,
    )


@bp.post("/admin/mail/<int:key>/send")
@guards.admin_required
def send_letter(key: int) -> Response:
    """Try a letter again that could not be sent."""
    found = _load(key)
    services.send_again(db.session(), found, now=guards.now())
    note("send_letter_again", found.to)
    db.session.commit()
    flash(_("It is sent as soon as the mailer looks."), "success")
    return redirect(url_for(".letter", key=key))

"""Announcements: a banner for an event or the whole site, and maybe letters."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import SelectChoice  # type: ignore[attr-defined] # came with 3.3

from databoard.errors import NotFoundError
from databoard.services import announcements as services
from databoard.store.queries import announcements as queries
from databoard.web import banners, guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import AnnouncementForm
from databoard.web.organisers.sight import administered, note, organiser_required


@bp.route("/admin/announcements", methods=["GET", "POST"])
@organiser_required
def announcements() -> tuple[str, int] | Response:
    """Announce something, and list what was announced."""
    session, events, form = db.session(), administered(), AnnouncementForm()
    everywhere = [SelectChoice("", _("The whole site"))] if guards.me().is_admin else []
    form.event.choices = everywhere + [SelectChoice(one.name, one.title) for one in events]
    if form.validate_on_submit():
        event = next((one for one in events if one.name == form.event.data), None)
        with refusals_in(form):
            made = services.announce(
                session,
                guards.me(),
                typed(form.text),
                now=guards.now(),
                event=event,
                level=form.level.data,
                until=form.until.data,
                by_mail=form.by_mail.data,
            )
            event_id = event.id if event else None
            note("announce", event.name if event else "site", event_id=event_id, text=made.text)
            db.session.commit()
            banners.forget()
            flash(_("It is shown from now on."), "success")
            return redirect(url_for(".announcements"))
    ids = None if guards.me().is_admin else [event.id for event in events]
    page = render_template(
        "organisers/announcements.html",
        form=form,
        announced=queries.listing(session, ids),
        now=guards.now(),
    )
    return page, status_of(form)


@bp.post("/admin/announcements/<int:key>/withdraw")
@organiser_required
def withdraw_announcement(key: int) -> Response:
    """Take a banner down."""
    session, announcement = db.session(), queries.by_id(db.session(), key)
    mine = {event.id for event in administered()}
    if announcement is None or not (guards.me().is_admin or announcement.event_id in mine):
        raise NotFoundError(_("There is no such announcement."))
    services.withdraw(session, announcement, now=guards.now())
    note("withdraw_announcement", announcement.text[:100], event_id=announcement.event_id)
    db.session.commit()
    banners.forget()
    flash(_("It is no longer shown."), "success")
    return redirect(url_for(".announcements"))

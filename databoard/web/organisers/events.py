"""The organiser's pages of an event: what waits, its settings, its teams."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from databoard.services import events as services
from databoard.services.problems import render
from databoard.store.queries import submissions, teams
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import FIELDS, GROUPS, EventForm
from databoard.web.organisers.sight import administered, note, organiser_required

#: Typed as Markdown, kept as HTML.
TEXTS = ("description_html", "rules_html")


def same_text(typed: str, stored: str) -> bool:
    """Tell whether a text came back as it was shown; forms end lines with CR LF."""
    return typed.replace("\r\n", "\n").strip() == stored.strip()


@bp.get("/admin/events")
@organiser_required
def events() -> str:
    """List the events that the visitor organises."""
    return render_template("organisers/events.html", events=administered())


@bp.get("/admin/events/<event>")
@guards.login_required
def event(event: str) -> str:
    """Show what waits in an event, and its teams."""
    found = guards.load_administered(event)
    session = db.session()
    return render_template(
        "organisers/event.html",
        event=found,
        waiting=teams.waiting(session, found),
        places=[place for place in teams.in_event(session, found) if place.is_approved],
        counts=submissions.n_by_state(session, found.id),
    )


@bp.route("/admin/events/<event>/edit", methods=["GET", "POST"])
@guards.login_required
def edit_event(event: str) -> tuple[str, int] | Response:
    """Change the settings of an event."""
    found = guards.load_administered(event)
    form = EventForm(obj=found)
    if form.validate_on_submit():
        new = {name: form[name].data for name in FIELDS}
        for name in TEXTS:
            is_same = same_text(new[name], getattr(found, name))
            new[name] = getattr(found, name) if is_same else render(new[name])
        changed = sorted(name for name in FIELDS if new[name] != getattr(found, name))
        with refusals_in(form):
            services.update(db.session(), found, **{name: new[name] for name in changed})
            note("edit_event", found.name, event_id=found.id, changed=changed)
            db.session.commit()
            flash(_("Saved.") if changed else _("Nothing was changed."), "success")
            return redirect(url_for(".event", event=found.name))
    page = render_template("organisers/edit_event.html", event=found, form=form, groups=GROUPS)
    return page, status_of(form)

"""Two teams of an event made one by its organisers."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import SelectChoice  # type: ignore[attr-defined] # came with 3.3

from databoard.services import merging as services
from databoard.store.queries import teams
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import MergeForm
from databoard.web.organisers.sight import note


@bp.route("/admin/events/<event>/merge", methods=["GET", "POST"])
@guards.login_required
def merge_teams(event: str) -> tuple[str, int] | Response:
    """Let two teams go on as one, whatever the event's rule about merging."""
    found, session, form = guards.load_administered(event), db.session(), MergeForm()
    places = {str(place.id): place for place in teams.in_event(session, found) if place.is_approved}
    choices = [SelectChoice(key, place.team.name) for key, place in places.items()]
    form.first.choices = form.second.choices = choices
    if not form.is_submitted() and len(places) > 1:
        form.second.data = list(places)[1]  # no team joins itself
    if form.validate_on_submit():
        first, second = places[form.first.data], places[form.second.data]
        old = [first.team.name, second.team.name]
        with refusals_in(form):
            made = services.merge_places(session, first, second, typed(form.name), now=guards.now())
            note("merge_teams", made.team, event_id=found.id, of=old)
            session.commit()
            told = _(
                "%(first)s and %(second)s go on as %(team)s.",
                first=old[0],
                second=old[1],
                team=made.team.name,
            )
            flash(told, "success")
            return redirect(url_for(".event", event=event))
        found = guards.load_administered(event)  # a refusal has undone what was loaded
    page = render_template(
        "organisers/form.html",
        event=found,
        form=form,
        heading=_("Merge two teams"),
        lead=_(
            "A new team of all members takes over what both have submitted, in this event only. "
            "The second one's draft stays behind. This cannot be undone."
        ),
        button=_("Merge them for good"),
    )
    return page, status_of(form)

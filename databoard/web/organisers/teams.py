"""Teams that ask to take part in an event."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.services import teams as services
from databoard.store.models import Event, EventTeam
from databoard.store.queries import teams
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.sight import note


def _load(name: str, key: int) -> tuple[Event, EventTeam]:
    event = guards.load_administered(name)
    place = teams.event_team_by_id(db.session(), event.id, key)
    if place is None or place.left_at is not None:
        raise NotFoundError(_("This team does not ask to take part any more."))
    return event, place


def _back(event: Event) -> Response:
    default = url_for(".event", event=event.name)
    return redirect(guards.local_target(request.form.get("next"), default))


@bp.post("/admin/events/<event>/teams/<int:key>/approve")
@guards.login_required
def approve_team(event: str, key: int) -> Response:
    """Let a team in."""
    found, place = _load(event, key)
    services.approve(db.session(), place, now=guards.now())
    note("approve_team", place.team, event_id=found.id)
    db.session.commit()
    flash(
        _("%(team)s takes part in %(event)s.", team=place.team.name, event=found.title), "success"
    )
    return _back(found)


@bp.post("/admin/events/<event>/teams/<int:key>/remove")
@guards.login_required
def remove_team(event: str, key: int) -> Response:
    """Refuse a team, or take it out; what it submitted stays."""
    found, place = _load(event, key)
    services.leave(db.session(), place, now=guards.now())
    note("remove_team", place.team, event_id=found.id)
    db.session.commit()
    flash(
        _("%(team)s does not take part in %(event)s.", team=place.team.name, event=found.title),
        "success",
    )
    return _back(found)

"""Two teams that go on as one in an event: proposed by one founder, accepted by the other."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import SelectChoice  # type: ignore[attr-defined] # came with 3.3

from databoard.errors import NotFoundError
from databoard.services import merging as services
from databoard.store.queries import merging as queries
from databoard.web import guards
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import MergeForm
from databoard.web.accounts.teams import managed, places_to_merge
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext

Page = tuple[str, int] | Response


@bp.route("/teams/<team>/merge", methods=["GET", "POST"])
@guards.approved_required
def merge(team: str) -> Page:
    """Propose to another team to go on as one, and answer such proposals."""
    found, session = managed(team), db.session()
    places, form = places_to_merge(found), MergeForm()
    if not places:
        raise NotFoundError(gettext("This team is in no event in which teams merge now."))
    form.event.choices = [SelectChoice(one.event.name, one.event.title) for one in places]
    if form.validate_on_submit():
        place = next(one for one in places if one.event.name == form.event.data)
        with refusals_in(form):
            services.propose(
                session, place, typed(form.team), typed(form.name), guards.me(), now=guards.now()
            )
            session.commit()
            flash(gettext("It is proposed; the other team's founder answers."), "success")
            return redirect(url_for(".merge", team=found.name))
        found = managed(team)  # a refusal has undone what was loaded
        places = places_to_merge(found)
    page = render_template(
        "accounts/merge.html",
        team=found,
        form=form,
        merges=queries.open_of(session, [place.id for place in places]),
    )
    return page, status_of(form)


@bp.post("/merges/<int:key>/accept")
@guards.approved_required
def accept_merge(key: int) -> Response:
    """Go on as one team."""
    found = services.find(db.session(), key, guards.me())
    event, name = found.event.name, found.name
    services.accept(db.session(), found, guards.me(), now=guards.now())
    db.session.commit()
    flash(gettext("You go on as %(name)s.", name=name), "success")
    return redirect(url_for("participants.event_page", event=event))


@bp.post("/merges/<int:key>/decline")
@guards.approved_required
def decline_merge(key: int) -> Response:
    """Say no, or take one's own proposal back."""
    found = services.find(db.session(), key, guards.me())
    services.decline(db.session(), found, now=guards.now())
    db.session.commit()
    flash(gettext("Both teams stay as they are."), "info")
    mine = next(
        place.team.name
        for place in (found.asking, found.asked)
        if place.team.admin_id == guards.me().id
    )
    return redirect(url_for(".team", team=mine))

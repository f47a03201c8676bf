"""The next edition of an event, its class list, and what single teams get besides."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.services import editions, extensions, rosters
from databoard.store.queries import teams
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import CloneForm, ExtensionForm, RosterForm
from databoard.web.organisers.sight import note

Page = tuple[str, int] | Response


@bp.route("/admin/events/<event>/clone", methods=["GET", "POST"])
@guards.login_required
def clone_event(event: str) -> Page:
    """Open the next edition of an event; its teams stay with this one."""
    found, form = guards.load_administered(event), CloneForm()
    if not form.is_submitted():
        form.title.data = found.title
    if form.validate_on_submit():
        with refusals_in(form):
            new = editions.clone(
                db.session(),
                found,
                typed(form.name).strip(),
                typed(form.title).strip(),
                guards.me(),
                now=guards.now(),
                opening_at=form.opening_at.data,
                public_opening_at=form.public_opening_at.data,
                closing_at=form.closing_at.data,
            )
            note("clone_event", new.name, event_id=new.id, of=found.name)
            db.session.commit()
            flash(_("%(event)s is there; see its settings.", event=new.title), "success")
            return redirect(url_for(".edit_event", event=new.name))
    page = render_template(
        "organisers/form.html",
        event=found,
        form=form,
        heading=_("Next edition of %(event)s", event=found.title),
        lead=_(
            "Problem, rules, limits, scores and folds are taken over; teams and submissions not."
        ),
        button=_("Open it"),
    )
    return page, status_of(form)


@bp.route("/admin/events/<event>/teams/<int:key>/extension", methods=["GET", "POST"])
@guards.login_required
def extend_team(event: str, key: int) -> Page:
    """Give one team more time, or more submissions per day."""
    found = guards.load_administered(event)
    place = teams.event_team_by_id(db.session(), found.id, key)
    if place is None or place.left_at is not None:
        raise NotFoundError(_("This team takes no part in the event."))
    form = ExtensionForm(
        data={"closing_at": place.extra_closing_at, "per_day": place.extra_per_day}
    )
    if form.validate_on_submit():
        with refusals_in(form):
            extensions.extend(
                db.session(), place, closing_at=form.closing_at.data, per_day=form.per_day.data
            )
            note(
                "extend_team",
                place.team,
                event_id=found.id,
                closing_at=str(form.closing_at.data or ""),
                per_day=form.per_day.data,
            )
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".event", event=found.name))
    page = render_template(
        "organisers/form.html",
        event=found,
        form=form,
        heading=_("Extension for %(team)s", team=place.team.name),
        lead="",
        button=_("Save"),
    )
    return page, status_of(form)


@bp.route("/admin/events/<event>/roster", methods=["GET", "POST"])
@guards.login_required
def import_roster(event: str) -> Page:
    """Make accounts and teams of a class list, and invite everybody by letter."""
    found, form = guards.load_administered(event), RosterForm()
    if form.validate_on_submit():
        with refusals_in(form):
            rows = rosters.read_roster(form.file.data.read(rosters.MAX_BYTES + 1))
            made = rosters.import_roster(
                db.session(),
                found,
                rows,
                by=guards.me(),
                problems_dir=guards.settings().problems_dir,
                now=guards.now(),
            )
            note("import_roster", found.name, event_id=found.id, accounts=len(made.new))
            db.session.commit()
            flash(
                _(
                    "Accounts made: %(new)s, known already: %(known)s. Teams that take part: "
                    "%(teams)s.",
                    new=len(made.new),
                    known=len(made.known),
                    teams=len(made.teams),
                ),
                "success",
            )
            return redirect(url_for(".event", event=found.name))
    page = render_template(
        "organisers/form.html",
        event=found,
        form=form,
        heading=_("Class list for %(event)s", event=found.title),
        lead=_(
            "Everybody gets an account if there is none for the address, takes part in the event, "
            "and is told by letter how to choose a password."
        ),
        button=_("Import"),
        enctype="multipart/form-data",
    )
    return page, status_of(form)

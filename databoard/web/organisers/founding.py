"""Events opened on a problem, archived and taken out of the archive."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectChoice  # type: ignore[attr-defined] # came with 3.3

from databoard.domain import rules
from databoard.errors import DuplicateError
from databoard.services import events as services
from databoard.services import founding
from databoard.store.queries import events, problems, submissions
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import NewEventForm
from databoard.web.organisers.sight import note


@bp.route("/admin/events/new", methods=["GET", "POST"])
@guards.admin_required
def new_event() -> tuple[str, int] | Response:
    """Open an event on a problem of this site."""
    session, form = db.session(), NewEventForm()
    known = problems.all_problems(session)
    form.problem.choices = [SelectChoice(one.name, one.title or one.name) for one in known]
    if form.validate_on_submit():
        with refusals_in(form):
            return _open(form)
    return render_template("organisers/new_event.html", form=form, problems=known), status_of(form)


def _open(form: NewEventForm) -> Response:
    name, me = typed(form.name).strip(), guards.me()
    if events.by_name(db.session(), name) is not None:
        raise DuplicateError(
            _("There is an event %(name)s already; choose another name.", name=name), "name"
        )
    # Before there is an event: what the other process makes is not rolled back with ours.
    rules.check_dates(form.opening_at.data, None, form.closing_at.data)
    db.session.rollback()  # the other process writes; SQLite has one writer at a time
    founding.add_event(guards.settings(), name, typed(form.problem))
    session = db.session()
    event = guards.load_administered(name)
    services.update(
        session,
        event,
        title=typed(form.title).strip(),
        opening_at=form.opening_at.data,
        public_opening_at=None,  # chosen with the other settings, which come next
        closing_at=form.closing_at.data,
        is_public=form.is_public.data,
    )
    services.make_admin(session, event, session.merge(me))
    note("new_event", event.name, event_id=event.id, problem=typed(form.problem))
    session.commit()
    flash(_("%(event)s is there; see its settings.", event=event.title), "success")
    return redirect(url_for(".edit_event", event=event.name))


@bp.route("/admin/events/<event>/archive", methods=["GET", "POST"])
@guards.login_required
def archive_event(event: str) -> str | Response:
    """Close an event for good, after saying what that means; undone on the same page."""
    found, session = guards.load_administered(event), db.session()
    if request.method == "GET":
        counts = submissions.n_by_state(session, found.id)
        n_open = counts.get("new", 0) + counts.get("training", 0)
        return render_template("organisers/archive_event.html", event=found, n_open=n_open)
    is_wanted = request.form.get("archived") == "yes"
    if is_wanted != (found.archived_at is not None):  # else somebody has done so meanwhile
        services.update(session, found, archived_at=guards.now() if is_wanted else None)
        note("archive_event" if is_wanted else "unarchive_event", found.name, event_id=found.id)
        session.commit()
    told = _("%(event)s is archived.", event=found.title)
    flash(told if is_wanted else _("%(event)s is open again.", event=found.title), "success")
    return redirect(url_for(".event", event=found.name))

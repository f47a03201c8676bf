"""The queue, the trainers, and what people looked at."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.domain import crontab
from databoard.errors import InvalidError, NotFoundError
from databoard.services import jobs as services
from databoard.services import monitoring
from databoard.store.queries import activity, environments, jobs, tasks
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext, lazy_gettext
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.sight import (
    PAGE_SIZE,
    chosen_events,
    note,
    organiser_required,
    span,
)

#: What a trainer may be told, and how that is confirmed.
ORDERS = {
    "running": lazy_gettext("%(trainer)s works as soon as it hears this."),
    "draining": lazy_gettext("%(trainer)s ends what it has and stops as soon as it hears this."),
    "paused": lazy_gettext("%(trainer)s pauses as soon as it hears this."),
}
#: What the lanes of the queue are for.
LANES = {
    "check": lazy_gettext("Quick checks of sandboxes"),
    "train": lazy_gettext("Submissions"),
}


@bp.get("/admin/trainers")
@guards.admin_required
def trainers() -> str:
    """Show the queue and who works on it."""
    session, now = db.session(), guards.now()
    return render_template(
        "organisers/trainers.html",
        trainers=jobs.trainers(session),
        alive_since=now - services.TRAINER_IS_LOST,
        lanes=jobs.lanes(session, now),
        lane_names=LANES,
        open_jobs=jobs.listing(session, states=("running", "due")),
        stuck_jobs=jobs.listing(session, states=("quarantined",), limit=20),
        environments=environments.standings(session),
    )


@bp.post("/admin/trainers/<trainer>/state")
@guards.admin_required
def order_trainer(trainer: str) -> Response:
    """Pause, drain or start a trainer."""
    state = request.form.get("state", "")
    if state not in ORDERS:
        raise InvalidError(
            gettext("The state must be one of %(names)s.", names=", ".join(ORDERS)), "state"
        )
    if jobs.trainer(db.session(), trainer) is None:
        raise NotFoundError(gettext("There is no trainer of this name."))
    services.set_trainer_state(db.session(), trainer, state, now=guards.now())
    note("order_trainer", trainer, state=state)
    db.session.commit()
    flash(ORDERS[state] % {"trainer": trainer}, "success")
    return redirect(url_for(".trainers"))


@bp.get("/admin/tasks")
@guards.admin_required
def task_runs() -> str:
    """Show the recurrent tasks: whether each is well, and its runs."""
    session, name = db.session(), request.args.get("task", "").strip()[:80]
    part = span(tasks.number(session, name))
    return render_template(
        "organisers/tasks.html",
        standings=monitoring.standings(session, _schedule(), now=guards.now()),
        runs=tasks.listing(session, name, limit=PAGE_SIZE, offset=part.offset),
        part=part,
        task=name,
    )


def _schedule() -> dict[str, timedelta | None]:
    """Read how often each task should run; only an installation with a crontab says so."""
    own = guards.settings().root / "crontab"
    return crontab.tasks_of(own.read_text()) if own.is_file() else {}


@bp.get("/user_interactions")
@organiser_required
def interactions() -> str:
    """List who looked at or did what in the visitor's events (checklist 75)."""
    choice, session = chosen_events(), db.session()
    user, kind = request.args.get("user", "").strip(), request.args.get("kind", "")
    part = span(activity.n_interactions(session, choice.ids, user=user, kind=kind))
    return render_template(
        "organisers/interactions.html",
        interactions=activity.interactions(
            session, choice.ids, user=user, kind=kind, limit=PAGE_SIZE, offset=part.offset
        ),
        part=part,
        choice=choice,
        user=user,
        kind=kind,
        kinds=activity.kinds(session),
    )

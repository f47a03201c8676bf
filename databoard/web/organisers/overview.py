"""What waits for an organiser, at one glance."""

from __future__ import annotations

from flask import render_template

from databoard.services.jobs import TRAINER_IS_LOST
from databoard.store.queries import accounts, jobs, submissions
from databoard.store.queries import teams as team_queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.sight import administered, organiser_required

OPEN = ("new", "training")


@bp.get("/admin")
@organiser_required
def dashboard() -> str:
    """Show what waits, what runs, and what failed last."""
    session, user = db.session(), guards.me()
    events = administered()
    ids = None if user.is_admin else [event.id for event in events]
    waiting = [
        place for place in team_queries.waiting(session) if ids is None or place.event_id in ids
    ]
    return render_template(
        "organisers/dashboard.html",
        events=events,
        users=accounts.everyone(session, "asked") if user.is_admin else [],
        waiting=waiting,
        n_open=submissions.n_found(session, ids, states=OPEN),
        trainers=jobs.live_trainers(session, guards.now() - TRAINER_IS_LOST),
        latest=submissions.search(session, ids, limit=8),
    )

"""An event in figures, for its organisers."""

from __future__ import annotations

from flask import render_template

from databoard.services import reports
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.organisers.blueprint import bp


@bp.get("/admin/events/<event>/analytics")
@guards.login_required
def analytics(event: str) -> str:
    """Show activity, idle teams, failures, and how long a first score takes."""
    found = guards.load_administered(event)
    figures = reports.figures(db.session(), found, now=guards.now())
    return render_template("organisers/analytics.html", event=found, figures=figures)

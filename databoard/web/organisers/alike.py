"""Submissions of different teams that are nearly the same, for the organisers' eyes."""

from __future__ import annotations

from flask import render_template

from databoard.services import likeness
from databoard.store.files import Files
from databoard.store.influences import Influences
from databoard.web import guards
from databoard.web.event_pages import installation
from databoard.web.extensions import db
from databoard.web.organisers.blueprint import bp


@bp.get("/admin/events/<event>/alike")
@guards.login_required
def alike(event: str) -> str:
    """List pairs whose code or whose errors are nearly the same."""
    found = guards.load_administered(event)
    settings = installation()
    pairs = likeness.pairs(
        db.session(),
        found,
        Files(settings.submissions_dir),
        Influences(settings.submissions_dir).read,
        problem_dir=settings.problems_dir / found.problem.name,
    )
    return render_template("organisers/alike.html", event=found, pairs=pairs, limits=likeness)

"""Who administered what: everything for administrators, the own events for their organisers."""

from __future__ import annotations

import csv
import io
import json

from flask import render_template, request
from werkzeug.wrappers import Response

from databoard.store.queries import activity
from databoard.web import guards
from databoard.web.api.shapes import harmless, moment
from databoard.web.downloads import download
from databoard.web.extensions import db
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.sight import (
    PAGE_SIZE,
    Choice,
    chosen_events,
    organiser_required,
    span,
)

MAX_ROWS = 100_000


def _filter() -> tuple[Choice, dict[str, str]]:
    words = {name: request.args.get(name, "").strip()[:80] for name in ("by", "action")}
    return chosen_events(), words


@bp.get("/admin/audit")
@organiser_required
def audit() -> str:
    """List what administrators and organisers did, by event, person and action."""
    (choice, words), session = _filter(), db.session()
    part = span(activity.n_audited(session, choice.ids, **words))
    return render_template(
        "organisers/audit.html",
        entries=activity.audit_trail(
            session,
            choice.ids,
            by=words["by"],
            action=words["action"],
            limit=PAGE_SIZE,
            offset=part.offset,
        ),
        part=part,
        choice=choice,
        words=words,
        actions=activity.audited_actions(session, choice.ids),
    )


@bp.get("/admin/audit.csv")
@organiser_required
def audit_csv() -> Response:
    """Give the same as comma-separated values."""
    choice, words = _filter()
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["at", "by", "action", "object", "detail"])
    entries = activity.audit_trail(
        db.session(), choice.ids, by=words["by"], action=words["action"], limit=MAX_ROWS
    )
    for entry in entries:
        cells = (entry.by, entry.action, entry.object, json.dumps(entry.detail))
        writer.writerow([moment(entry.at), *map(harmless, cells)])
    name = f"audit_{guards.now():%Y-%m-%d}.csv"
    return download(output.getvalue().encode(), name, mimetype="text/csv")

"""The report of an event: HTML for people, CSV for tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import jinja2

from databoard.cli.words import EventName, clock, found
from databoard.services import likeness, reports
from databoard.settings import Settings
from databoard.store.files import Files, write_atomically
from databoard.store.influences import Influences
from databoard.store.opening import open_session
from databoard.store.queries import events as queries

TEMPLATE = Path(__file__).with_name("report.html")
HEAD = (
    "team",
    "members",
    "submissions",
    "scored",
    "best",
    "contributivity",
    "hours_to_first_score",
    "train_s",
    "last_submission",
)


def report(settings: Settings, event: EventName) -> str:
    """Write what came out of an event: reports/<event>.html and .csv."""
    with open_session(settings.database_url) as session:
        row = found(queries.by_name(session, event), "event", event, "see: fab list_events")
        figures = reports.figures(session, row, now=clock())
        alike = likeness.pairs(
            session,
            row,
            Files(settings.submissions_dir),
            Influences(settings.submissions_dir).read,
            problem_dir=settings.problems_dir / row.problem.name,
        )
        page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
            TEMPLATE.read_text(encoding="utf-8")
        )
        html = page.render(event=row, figures=figures, alike=alike, now=clock())
    folder = settings.root / "reports"
    folder.mkdir(mode=0o750, exist_ok=True)
    write_atomically(folder / f"{event}.html", html.encode())
    write_atomically(folder / f"{event}.csv", _table(figures).encode())
    return f"Wrote reports/{event}.html and reports/{event}.csv."


def _table(figures: reports.Figures) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for one in figures.teams:
        wait = one.to_first_score
        writer.writerow(
            (
                _plain(one.team),
                one.n_members,
                one.n_submissions,
                one.n_scored,
                "" if one.best is None else repr(one.best),
                f"{one.contributivity:.4f}",
                "" if wait is None else f"{wait.total_seconds() / 3600:.2f}",
                f"{one.train_s:.1f}",
                one.last_at.isoformat() if one.last_at else "",
            )
        )
    return text.getvalue()


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text

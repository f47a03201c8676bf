"""The report of an event: HTML for people, CSV for tables."""

from __future__ import annotations

import csv
import io
import logging
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from databoard.cli.words import EventName, clock, found
from databoard.services import leaderboards, likeness, reports
from databoard.settings import Settings
from databoard.store.engine import read_only
from databoard.store.files import Files, write_atomically
from databoard.store.influences import Influences
from databoard.store.opening import open_session
from databoard.store.queries import events as queries
from databoard.store.queries import submissions as submission_queries

logger = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("report.html")
N_TOP = 10
HEAD = (
    "team",
    "rank",
    "rank_low",
    "rank_high",
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
    with read_only(), open_session(settings.database_url) as session:
        row = found(queries.by_name(session, event), "event", event, "see: fab list_events")
        figures = reports.figures(session, row, now=clock())
        board = leaderboards.build(session, row, "private_competition", now=clock(), sees_all=True)
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
        html = page.render(
            event=row, figures=figures, alike=alike, board=board, n_top=N_TOP, now=clock()
        )
    folder = settings.root / "reports"
    folder.mkdir(mode=0o750, exist_ok=True)
    write_atomically(folder / f"{event}.html", html.encode())
    write_atomically(folder / f"{event}.csv", _table(figures, board).encode())
    return f"Wrote reports/{event}.html and reports/{event}.csv."


def write_due(settings: Settings) -> list[str]:
    """Write the reports of events that have closed, once all is scored.

    Returns
    -------
    list of str
        A line for each.
    """
    with read_only(), open_session(settings.database_url) as session:
        due = [
            event.name
            for event in queries.all_events(session)
            if event.closing_at is not None
            and _written_at(settings, event.name) < event.closing_at <= clock()
            and not {"new", "training"} & submission_queries.n_by_state(session, event.id).keys()
        ]
    return [_report_or_say(settings, name) for name in due]


def _report_or_say(settings: Settings, event: str) -> str:
    """Write a report; one that fails keeps no other from being written."""
    try:
        return report(settings, event)
    except Exception as error:
        logger.exception("no report of %s", event)
        return f"No report of {event}: {error} Mend it, then: fab report:{event}"


def _written_at(settings: Settings, event: str) -> datetime:
    path = settings.root / "reports" / f"{event}.csv"
    return datetime.fromtimestamp(path.stat().st_mtime if path.is_file() else 0, UTC)


def _table(figures: reports.Figures, board: leaderboards.Board) -> str:
    ranks = {row.team: row for row in board.rows}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for one in figures.teams:
        wait = one.to_first_score
        row = ranks.get(one.team)
        place = row.place if row else None
        writer.writerow(
            (
                _plain(one.team),
                row.rank if row else "",
                place.low if place else "",
                place.high if place else "",
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

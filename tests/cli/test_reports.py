"""``fab report:<event>`` writes what a teacher hands in after the course."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

from databoard.cli.actions.monitoring import monitor
from databoard.cli.actions.reports import report
from databoard.errors import NotFoundError
from databoard.store.models import Submission
from databoard.store.opening import open_session
from databoard.store.queries import events as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
)


def test_html_and_csv_are_written(settings):
    with open_session(settings.database_url) as session:
        event = make_event(session, "course", title="A <Course>")
        place = make_event_team(session, event, make_team(session, "=1+1"))
        make_scored_submission(session, place, "forest", score=0.875, submitted_at=NOON)
        session.commit()

    assert report(settings, "course") == "Wrote reports/course.html and reports/course.csv."

    html = (settings.root / "reports" / "course.html").read_text()
    assert "A &lt;Course&gt;" in html
    assert "forest" in html
    with (settings.root / "reports" / "course.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["team"], row["best"], row["submissions"]) == ("'=1+1", "0.875", "1")


# issue 5, 11: at the closing, by itself
def test_what_has_closed_gets_its_report_once_all_is_scored(settings):
    now = datetime.now(UTC)
    times = {"opening_at": NOON, "public_opening_at": NOON}
    with open_session(settings.database_url) as session:
        make_event(session, "open", closing_at=now + timedelta(days=1), **times)
        make_event(session, "for_ever")
        waits = make_event(session, "waits", closing_at=now - timedelta(minutes=2), **times)
        last = make_submission(session, make_event_team(session, waits), "last", state="training")
        closed = make_event(session, "closed", closing_at=now - timedelta(minutes=2), **times)
        make_scored_submission(session, make_event_team(session, closed), "forest", score=0.875)
        session.commit()
        last_id = last.id

    said = monitor(settings)
    assert "Wrote reports/closed.html and reports/closed.csv." in said
    assert written(settings) == {"closed.csv", "closed.html"}
    assert "Wrote" not in monitor(settings)

    with open_session(settings.database_url) as session:
        session.get(Submission, last_id).state = "training_error"
        session.commit()
    assert "Wrote reports/waits.html" in monitor(settings)

    # An event that was extended has another end.
    with open_session(settings.database_url) as session:
        queries.by_name(session, "closed").closing_at = datetime.now(UTC)
        session.commit()
    assert "Wrote reports/closed.html" in monitor(settings)
    assert "How stable the top ranks are" in (settings.root / "reports/closed.html").read_text()


def written(settings):
    return {path.name for path in (settings.root / "reports").iterdir()}


def test_there_must_be_such_an_event(settings):
    with pytest.raises(NotFoundError):
        report(settings, "nothing")

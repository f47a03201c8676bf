"""``fab report:<event>`` writes what a teacher hands in after the course."""

from __future__ import annotations

import csv

import pytest

from databoard.cli.actions.reports import report
from databoard.errors import NotFoundError
from databoard.store.opening import open_session
from tests.builders import NOON, make_event, make_event_team, make_scored_submission, make_team


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


def test_there_must_be_such_an_event(settings):
    with pytest.raises(NotFoundError):
        report(settings, "nothing")

"""``fab report:<event>`` writes what a teacher hands in after the course."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest

from databoard.cli.actions.monitoring import monitor
from databoard.cli.actions.reports import report
from databoard.errors import NotFoundError
from databoard.store.files import Files
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


CODE = b"".join(b"def f%d(x):\n    return x + %d * y%d\n" % (i, i, i) for i in range(20))


# issue 5, 11
def test_a_report_has_all_that_an_organiser_asks_for(settings):
    files = Files(settings.submissions_dir)
    with open_session(settings.database_url) as session:
        event = make_event(session, "course")
        for team, score in (("red", 0.5), ("blue", 0.75)):
            place = make_event_team(session, event, make_team(session, team))
            one = make_scored_submission(
                session, place, f"by_{team}", score=score, contributivity=score, submitted_at=NOON
            )
            files.write_sources(one.folder, {file.filename: CODE for file in one.files})
        make_submission(
            session, place, "broken", state="training_error", fault="team", message="ValueError: no"
        )
        session.commit()

    report(settings, "course")

    html = (settings.root / "reports" / "course.html").read_text()
    parts = dict(re.findall(r"<h2>(.*?)</h2>(.*?)(?=<h2>|</body>)", html, re.DOTALL))
    assert {"red", "blue", "75.0"} <= set(re.findall(r">([^<>]+)</td>", parts["Participation"]))
    assert "by_blue" in parts["How stable the top ranks are"]
    assert "by_red" in parts["Best score over time"]
    assert "100 %" in parts["Nearly the same"]
    assert {"by_red", "by_blue"} <= set(re.findall(r"by_\w+", parts["Nearly the same"]))
    assert "ValueError: no" in parts["What failed"]


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


def test_a_report_that_cannot_be_written_keeps_no_other_back(settings):
    just_now = datetime.now(UTC) - timedelta(minutes=2)
    times = {"opening_at": NOON, "public_opening_at": NOON}
    with open_session(settings.database_url) as session:
        for name in ("broken", "closed"):
            make_event(session, name, closing_at=just_now, **times)
        session.commit()
    (settings.root / "reports" / "broken.html").mkdir(parents=True)  # stands in the way

    said = monitor(settings)

    assert "No report of broken: " in said
    assert "fab report:broken" in said
    assert "Wrote reports/closed.html" in said


def written(settings):
    return {path.name for path in (settings.root / "reports").iterdir()}


def test_there_must_be_such_an_event(settings):
    with pytest.raises(NotFoundError):
        report(settings, "nothing")

"""The front page, the lists of events and problems, the help, and what machines ask."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from subprocess import run

import pytest
from bs4 import BeautifulSoup

from databoard.store.models import Keyword
from tests.builders import (
    make_event,
    make_event_team,
    make_problem,
    make_scored_submission,
    make_team,
    make_user,
)

NOW = datetime.now(UTC)


@pytest.fixture
def stars(rows):
    problem = make_problem(rows, "stars", summary="Tell stars by their light.")
    problem.keywords = [Keyword(name="astronomy", type="domain")]
    return problem


def test_an_empty_site_teaches_its_administrator(client, rows, log_in):
    root = make_user(rows, "root", access_level="admin")
    rows.commit()

    assert "fab add_event:iris" not in client.get("/").text
    assert "fab add_event:iris" in log_in(root).get("/").text


def test_the_front_page_shows_my_rank(client, rows, log_in):
    event = make_event(rows, title="Irises")
    mate = make_user(rows)
    mine = make_event_team(rows, event, make_team(rows, members=[mate]))
    make_scored_submission(rows, mine, score=0.8)
    make_scored_submission(rows, make_event_team(rows, event), score=0.9)
    rows.commit()

    page = log_in(mate).get("/").text

    assert "Your events" in page
    assert "you: 2 of 2" in page


def test_a_rank_is_counted_anew_when_the_board_changed(client, rows, log_in):
    event = make_event(rows)
    mate = make_user(rows)
    mine = make_event_team(rows, event, make_team(rows, members=[mate]))
    make_scored_submission(rows, mine, score=0.8)
    rows.commit()
    log_in(mate)
    assert "you: 1 of 1" in client.get("/").text

    make_scored_submission(rows, make_event_team(rows, event), score=0.9)
    event.version, event.board_version = event.version + 1, event.board_version + 1
    rows.commit()

    assert "you: 2 of 2" in client.get("/").text


def test_a_rank_of_a_freeze_ends_with_it(client, rows, log_in):
    event = make_event(
        rows, freeze_at=NOW - timedelta(hours=2), closing_at=NOW + timedelta(hours=1)
    )
    mate = make_user(rows)
    mine = make_event_team(rows, event, make_team(rows, members=[mate]))
    make_scored_submission(rows, mine, score=0.8, submitted_at=NOW - timedelta(hours=3))
    other = make_event_team(rows, event)
    make_scored_submission(rows, other, score=0.9, submitted_at=NOW - timedelta(hours=1))
    rows.commit()
    log_in(mate)
    assert "you: 1 of 1" in client.get("/").text

    event.closing_at = NOW - timedelta(minutes=1)
    rows.commit()

    assert "you: 2 of 2" in client.get("/").text


def test_events_are_found_by_words_domain_theme_and_state(client, rows, stars):
    make_event(rows, "nova", title="Novae", problem=stars)
    make_event(rows, "tulip", title="Tulips", closing_at=NOW - timedelta(days=1))
    make_event(rows, "rose", title="Roses", opening_at=NOW + timedelta(days=1))
    rows.commit()

    def found(query):
        page = client.get(f"/events?{query}").text
        return [title for title in ("Novae", "Tulips", "Roses") if title in page]

    assert found("") == ["Novae", "Tulips", "Roses"]
    assert found("q=LIGHT") == ["Novae"]
    assert found("domain=astronomy") == ["Novae"]
    assert found("theme=astronomy&domain=botany") == []
    assert found("state=closed") == ["Tulips"]
    assert found("state=upcoming") == ["Roses"]
    assert found("state=open") == ["Novae"]
    assert found("q=nothing") == []
    assert "No event fits" in client.get("/events?q=nothing").text


def test_the_front_page_asks_what_events_are_searched_by(client, rows, stars):
    make_event(rows, "nova", title="Novae", problem=stars)
    rows.commit()

    page = BeautifulSoup(client.get("/").data, "html.parser")

    form = page.select_one("form[role=search]")
    assert form["action"] == "/events"
    assert [option.text for option in form.select("[name=domain] option")] == [
        "All domains",
        "astronomy",
    ]
    assert form.select_one("[name=theme]") is None  # nothing to choose from
    assert page.select_one(".card a.tag")["href"] == "/events?domain=astronomy"


def test_what_closes_first_stands_first(client, rows):
    make_event(rows, title="Roses", opening_at=NOW + timedelta(days=1))
    make_event(rows, title="Endless")
    make_event(rows, title="Tulips", closing_at=NOW + timedelta(days=9))
    make_event(rows, title="Novae", closing_at=NOW + timedelta(days=2))
    rows.commit()

    page = BeautifulSoup(client.get("/").data, "html.parser")

    titles = [title.get_text(strip=True) for title in page.select(".card .card-title a")]
    assert titles == ["Novae", "Tulips", "Endless", "Roses"]
    meta = [one.get_text(" ", strip=True) for one in page.select(".card .meta")]
    assert ["closes in" in one for one in meta] == [True, True, False, False]
    assert "open without an end" in meta[2]
    assert "opens in" in meta[3]


def test_closed_events_of_mine_stand_apart(client, rows, log_in):
    event = make_event(rows, title="Over", closing_at=NOW - timedelta(days=1))
    mate = make_user(rows)
    make_event_team(rows, event, make_team(rows, members=[mate]))
    rows.commit()

    page = BeautifulSoup(log_in(mate).get("/").data, "html.parser")

    assert "Your closed events" in [head.text for head in page.select("h2")]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '" onfocus="alert(1)', "{{ 7*7 }}"])
def test_a_search_is_shown_as_text(client, rows, text):  # W4 W12
    make_event(rows)
    rows.commit()

    page = client.get(
        "/events", query_string={"q": text, "domain": text, "theme": text, "state": text}
    ).text

    assert "<script>alert" not in page
    assert '" onfocus="' not in page
    assert "49" not in page.split("<main")[1].split("</main")[0]


def test_a_hidden_event_and_its_problem_are_nowhere(client, rows, stars):  # W10
    make_event(rows, "quiet", title="Quietly", problem=stars, is_public=False)
    rows.commit()

    for path in ("/", "/events", "/problems"):
        assert "Quietly" not in client.get(path).text
        assert "Stars" not in client.get(path).text
    assert client.get("/problems/stars").status_code == 404
    known, unknown = (client.get(f"/problems/{name}") for name in ("stars", "x"))
    # The page names its own address, to come back to in another language.
    assert known.text.count("stars") == 1 + unknown.text.count("stars")


def test_a_problem_shows_its_events(client, rows, stars):
    make_event(rows, title="Novae", problem=stars)
    rows.commit()

    page = client.get("/problems/stars").text

    assert "Novae" in page
    assert '<code class="fs-6">classifier.py</code>' in page


def test_the_lists_cost_the_same_number_of_questions_however_long_they_are(client, rows, app):
    from sqlalchemy import event as events

    from databoard.web.extensions import db

    def cost():
        asked = []
        with app.app_context():
            engine = db.engine

        def count(*_args):
            asked.append(1)

        events.listen(engine, "before_cursor_execute", count)
        client.get("/events")
        events.remove(engine, "before_cursor_execute", count)
        return len(asked)

    make_event(rows)
    rows.commit()
    client.get("/events")
    few = cost()
    for _ in range(10):
        make_event(rows)
    rows.commit()

    assert cost() == few


def test_machines_get_version_health_and_robots(client):
    assert client.get("/version").json["version"]
    assert client.get("/healthz").json == {"status": "ok"}
    assert "Disallow: /admin" in client.get("/robots.txt").text


def test_the_web_starts_without_the_libraries_of_submissions():
    code = (
        "import sys, databoard.web.app\n"
        "assert 'databoard.web.api.views' in sys.modules\n"
        "print([m for m in ('pandas', 'sklearn', 'rampwf') if m in sys.modules])"
    )

    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

"""Plots of an event: what they draw, for whom, with a table that says the same."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from databoard.domain import plots
from databoard.services import credits as credit_services
from databoard.services.leaderboards import Column
from databoard.store.files import Files
from databoard.web.leaderboards import charts
from databoard.web.leaderboards.charts import Point, Share
from tests.builders import make_scored_submission
from tests.web.scenes import ago, make_scene

ACCURACY = Column(1, "accuracy", 2, True, False)


def point(name, at, score, seconds=None, *, is_own=False):
    return Point(name, name, f"/{name}", at, score, f"{score}", seconds, is_own)


POINTS = [
    point("a", 1, 0.5, 10.0),
    point("b", 2, 0.4, 2.0, is_own=True),
    point("c", 3, 0.7, 20.0),
    point("d", 4, 0.6, 30.0),
]


def test_records_are_those_that_were_the_best_when_they_came():
    assert [p.name for p in charts.records(POINTS, ACCURACY)] == ["a", "c"]
    assert charts.records([], ACCURACY) == []


def test_the_front_has_what_nothing_beats_in_score_and_time():
    assert [p.name for p in charts.front(POINTS, ACCURACY)] == ["b", "a", "c"]


def test_the_line_of_the_best_goes_on_to_the_last_submission():
    line = charts.progress(POINTS, ACCURACY)["series"][-1]
    assert line["data"] == [[1, 0.5], [3, 0.7], [4, 0.7]]


def test_own_points_stand_out_by_shape_not_only_by_colour():
    others, own, _ = charts.times(POINTS, ACCURACY)["series"]
    assert (others["symbol"], own["symbol"]) == ("circle", "diamond")
    assert own["data"] == [{"value": [2.0, 0.4], "name": "b: 0.4", "url": "/b"}]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, None), (0.2, 1.0), (7.64, 8.0), (12.34, 12.0), (123.4, 120.0)]
)
def test_times_are_too_coarse_to_tell_a_secret(seconds, shown):  # threats L12
    assert charts.coarse_seconds(seconds) == shown


def test_credits_to_what_the_visitor_does_not_see_are_not_drawn():
    shares = [Share("c", "a", 40.0), Share("c", "hidden", 20.0)]
    (series,) = charts.credit_graph(POINTS, shares)["series"]
    assert {node["id"] for node in series["data"]} == {"a", "c"}
    assert [link["target"] for link in series["links"]] == ["a"]


@pytest.fixture
def scene(rows, settings):
    scene = make_scene(rows, settings.root, public_opening_at=ago(days=1))
    make_scored_submission(
        rows, scene.men, "early", score=0.7, submitted_at=ago(days=2) + timedelta(seconds=1)
    )
    credit_services.give(
        rows, scene.own, {scene.own.hash_: 60, scene.other.hash_: 40}, now=ago(), user=scene.ada
    )
    rows.commit()
    return scene


def test_an_anonymous_event_hides_teams_in_its_plots(client, log_in, rows, scene):
    log_in(scene.ada)
    assert "early (men)" in client.get("/events/open/plots/progress.json").get_data(as_text=True)
    scene.event.is_anonymous = True
    scene.event.version += 1
    rows.commit()
    for path in ("", "/progress.json", "/times.json", "/credits.json"):
        text = client.get(f"/events/open/plots{path}").get_data(as_text=True)
        assert "(men)" not in text


def test_an_event_without_scores_says_when_its_plots_begin(client, log_in, rows, scene):
    for submission in (scene.own, scene.other):
        submission.state = "training"
    rows.commit()
    scene.event.version += 1
    rows.commit()
    log_in(scene.ada)
    assert client.get("/events/open/plots").status_code == 200


@pytest.mark.browser
def test_the_three_plots_are_drawn_and_have_tables(page, log_in_page, scene):
    log_in_page(page, scene.ada)
    page.goto("/events/open/plots")
    page.locator(".chart[data-ready] svg").nth(2).wait_for()
    page.get_by_text("All credits").click()
    assert page.get_by_role("cell", name="40 %").is_visible()


REGRESSION = {
    "agreement": plots.agreement(np.arange(50.0), np.arange(50.0) + 1),
    "residuals": plots.residuals(np.arange(50.0), np.arange(50.0) ** 1.1),
}
CLASSES = {
    "confusion": [[5, 1], [2, 4]],
    "reliability": [[0.6, 0.5, 4], [0.9, 0.8, 8]],
    "labels": ["setosa", "virginica"],
}


def keep(scene, drawn):
    files = Files(scene.root / "submissions")
    files.write_plots(scene.own.folder, json.dumps(drawn).encode())


def test_the_page_of_a_submission_has_its_plots_as_tables_too(client, log_in, scene):
    keep(scene, CLASSES)
    log_in(scene.ada)
    page = client.get(f"/{scene.own.hash_}").get_data(as_text=True)
    assert "Confusion matrix" in page
    assert '<th scope="row">setosa</th><td class="num">5</td><td class="num">1</td>' in page


def test_plots_are_for_those_who_may_see_code_and_folds(client, log_in, rows, scene):
    keep(scene, CLASSES)
    log_in(scene.eve)  # takes no part
    assert "Confusion" not in client.get(f"/{scene.own.hash_}").get_data(as_text=True)
    scene.event.has_ladder = True
    rows.commit()
    log_in(scene.ada)
    assert "Confusion" not in client.get(f"/{scene.own.hash_}").get_data(as_text=True)


@pytest.mark.browser
@pytest.mark.parametrize("drawn", [CLASSES, REGRESSION])
def test_the_plots_of_a_submission_are_drawn(make_page, log_in_page, scene, drawn):
    keep(scene, drawn)
    page = make_page(width=390, color_scheme="dark")
    log_in_page(page, scene.ada)
    page.goto(f"/{scene.own.hash_}")
    page.locator(".chart[data-ready] svg").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

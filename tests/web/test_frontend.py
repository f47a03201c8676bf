"""The front end in a real browser, on a page that has one of everything."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import jsonify, render_template, render_template_string, request
from flask_wtf import FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader
from wtforms import StringField

from databoard.web import assets
from databoard.web.polling import fresh
from tests.builders import NOON, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not assets.manifest(), reason="the front end is not built"),
]

CHART = {
    "xAxis": {"type": "value"},
    "yAxis": {"type": "value"},
    "series": [{"type": "scatter", "data": [[1, 0.5], [2, 0.7]]}],
}
LIST = """{% extends "layout/base.html" %}{% block main %}
{{ ui.tabs([("Overview", "#1", none)] * 9 + [("Here", "/style/list", none)]) }}
<table class="table" data-sort><thead><tr><th>When</th><th>What</th></tr></thead><tbody>
{% for _ in range(20) %}<tr><td>{{ ui.time(noon) }}</td><td>happened</td></tr>{% endfor %}
</tbody></table>
<div class="chart" data-chart="/style/minutes"></div>{% endblock %}"""
SHIFT = """new Promise((resolve) => {
  let sum = 0;
  const watch = (list) => { for (const one of list.getEntries()) sum += one.value; };
  new PerformanceObserver(watch).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 400);
})"""
FOCUS = """new Promise((resolve) => setTimeout(() => {  // the editor hears of it a moment later
  const one = document.activeElement;
  const ringed = one.closest(".cm-editor") ?? one;
  resolve([`${one.tagName}.${one.className}`, getComputedStyle(ringed).outlineStyle]);
}, 30))"""
THEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


class NameForm(FlaskForm):
    """A field, to be looked at."""

    name = StringField("Name")


@pytest.fixture
def board():
    """What the live part shows; a test changes it."""
    return {"version": 1, "teams": ["a", "b"]}


@pytest.fixture
def drafts():
    """What was saved."""
    return []


@pytest.fixture
def app(app, board, drafts):
    """The application with the style page."""
    folder = Path(__file__).parent / "templates"
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(folder)])

    @app.get("/style")
    def style():
        now = datetime.now(UTC)
        return render_template(
            "style.html", now=now, day=timedelta(days=1.1), noon=NOON, chart=CHART, form=NameForm()
        )

    @app.get("/style/list")
    def style_list():
        return render_template_string(LIST, noon=NOON)

    @app.get("/style/minutes")
    def style_minutes():
        points = [[f"2026-11-22T12:{minute:02}:00Z", minute] for minute in range(30)]
        series = [{"type": "line", "data": points}]
        return jsonify({"xAxis": {"type": "time"}, "yAxis": {"type": "value"}, "series": series})

    @app.get("/style/rows")
    def style_rows():
        rows = [
            f'<tr data-key="{team}" data-rank="{rank}"><td class="rank">{rank}</td><td>{team}</td>'
            for rank, team in enumerate(board["teams"], start=1)
        ]
        return fresh(board["version"], lambda: "</tr>".join(rows))

    @app.post("/style/draft")
    def style_draft():
        drafts.append(request.form.to_dict())
        return jsonify(version=4)

    @app.post("/taken")
    def taken():
        return f"taken: {request.form.get('classifier', '')}"

    return app


@pytest.fixture
def style(page, rows, log_in_page):
    """The style page, somebody logged in."""
    user = make_user(rows, "anna")
    rows.commit()
    log_in_page(page, user)
    page.goto("/style")
    page.wait_for_selector(".cm-editor")
    return page


@THEMES
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_breaks_no_policy(make_page, width, scheme):
    page = make_page(width=width, color_scheme=scheme)
    page.goto("/style")
    page.wait_for_selector(".cm-editor")
    page.wait_for_selector("[data-chart][data-ready] svg")
    page.wait_for_selector("#formula math")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("html").get_attribute("data-bs-theme") == scheme


@THEMES
def test_text_stands_out_from_its_ground(make_page, scheme):
    page = make_page(color_scheme=scheme)
    page.goto("/style")

    ratios = page.evaluate(CONTRAST, [".state", ".tag", ".alert", ".hint", ".btn", ".lead", "a"])

    assert ratios
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


def test_a_choice_of_colours_is_kept(style):
    style.click("summary[aria-label='Colours of the page']")
    style.click("[data-choose-theme=dark]")

    assert style.locator("html").get_attribute("data-bs-theme") == "dark"

    style.reload()

    assert style.locator("html").get_attribute("data-bs-theme") == "dark"


def test_times_are_the_visitors_with_utc_on_hover(make_page):
    page = make_page(timezone_id="Asia/Tokyo")
    page.goto("/style")
    page.wait_for_function("document.querySelector('#opened time').title !== ''")
    time = page.locator("#opened time")

    assert time.inner_text() == "22 Nov 2026, 21:00"
    assert time.get_attribute("title") == "2026-11-22 12:00 UTC"
    assert page.locator("time[data-countdown]").inner_text() == "in 3 days"


def test_nothing_shifts_when_scripts_come_late(make_page):
    page = make_page(timezone_id="Asia/Tokyo")

    def hold(route):
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/app-*.js", hold)
    page.goto("/style/list")

    assert page.evaluate(SHIFT) == 0
    assert page.locator("tbody time").first.inner_text() == "22 Nov 2026, 21:00"


def test_on_a_phone_the_tab_of_the_page_is_in_sight_and_an_axis_can_be_read(make_page):
    page = make_page(width=390)
    page.goto("/style/list")
    tab = page.get_by_role("link", name="Here").bounding_box()

    assert 0 <= tab["x"] <= 390 - tab["width"]

    page.wait_for_selector("[data-chart][data-ready] svg")
    boxes = [text.bounding_box() for text in page.locator("svg text", has_text=":").all()]

    assert len(boxes) > 2
    for left, right in pairwise(sorted(boxes, key=lambda box: box["x"])):
        assert left["x"] + left["width"] <= right["x"]


@THEMES
def test_whatever_the_keyboard_reaches_shows_it(make_page, scheme):
    page = make_page(color_scheme=scheme)
    page.goto("/style")
    page.wait_for_selector(".cm-editor")
    seen = {}
    for _ in range(40):
        page.keyboard.press("Escape")  # the editor keeps Tab for itself else
        page.keyboard.press("Tab")
        what, outline = page.evaluate(FOCUS)
        seen[what] = outline

    assert {"BUTTON", "INPUT", "A", "SUMMARY", "DIV"} <= {what.split(".")[0] for what in seen}
    assert {what for what, outline in seen.items() if outline != "solid"} == set()


def test_a_table_sorts_and_filters(style):
    scores = style.locator("#board td:nth-child(3)")

    style.click("#board .sort-button >> text=Accuracy")
    best_first = scores.all_inner_texts()
    style.click("#board .sort-button >> text=Accuracy")

    assert best_first[0].startswith("0.80")
    assert scores.all_inner_texts() == best_first[::-1]

    style.fill("[data-filter]", "forest_3")

    assert style.locator("#board tbody tr:visible").count() == 1
    assert style.locator("[data-filter-count]").inner_text() == "1 shown"


def test_keys_lead_to_the_search_and_to_the_list_of_keys(style):
    style.keyboard.press("/")

    assert style.evaluate("document.activeElement.matches('[data-search]')")

    style.evaluate("document.activeElement.blur()")
    style.keyboard.press("?")

    assert style.locator("#shortcuts").is_visible()


def test_a_menu_closes_with_escape_and_gives_the_focus_back(style):
    style.click("summary[aria-label='Your account']")
    assert style.get_by_text("Logged in as").is_visible()

    style.keyboard.press("Escape")

    assert not style.get_by_text("Logged in as").is_visible()
    assert style.evaluate("document.activeElement.ariaLabel") == "Your account"


def test_a_live_part_shows_what_is_new_and_who_moved(style, board):
    board.update(version=2, teams=["b", "a", "c"])

    style.wait_for_selector("#live tr:nth-child(3)")

    assert style.locator("#live td:nth-child(2)").all_inner_texts() == ["b", "a", "c"]
    assert "is-up" in style.locator("[data-key=b]").get_attribute("class")
    assert "is-down" in style.locator("[data-key=a]").get_attribute("class")
    assert "is-new" in style.locator("[data-key=c]").get_attribute("class")


def test_a_live_part_asks_again_only_for_its_version(style):
    with style.expect_response(re.compile("/style/rows")) as caught:
        pass

    assert caught.value.status == 204
    assert caught.value.url.endswith("?v=1")


def test_without_a_connection_the_page_says_so_and_when_it_is_back(style, board, troubles):
    style.context.set_offline(True)
    style.locator("[data-connection=lost]", has_text="No connection since").wait_for()
    board.update(version=2, teams=["b", "a", "c"])

    style.context.set_offline(False)
    style.locator("[data-connection=back]", has_text="is current").wait_for()

    assert style.locator("#live tr").count() == 3
    troubles.clear()  # requests that could not be sent


def test_a_server_that_goes_away_is_told_apart_from_a_lost_connection(style, troubles):
    style.route("**/style/rows?*", lambda route: route.fulfill(status=503, body=""))
    style.locator("[data-connection=lost]", has_text="The server has not answered").wait_for()
    style.unroute("**/style/rows?*")
    style.locator("[data-connection=back]").wait_for()
    troubles.clear()


def test_when_the_session_ends_a_live_part_keeps_what_it_shows_and_leads_to_the_login(
    style, troubles
):
    style.route("**/style/rows?*", lambda route: route.fulfill(status=401, body="Please log in"))
    out = style.locator("[data-connection=out] a")
    out.wait_for()

    assert out.get_attribute("href") == "/login?next=%2Fstyle"
    assert style.locator("#live tr").count() == 2
    troubles.clear()


def test_a_machine_that_slept_catches_up_though_its_timers_know_nothing_of_it(make_page, board):
    page = make_page()
    page.clock.install()
    page.goto("/style")
    page.locator("#live").evaluate("(one) => { one.dataset.every = '600'; }")
    with page.expect_response(re.compile("/style/rows")):
        pass  # the next one is ten minutes away
    board.update(version=2, teams=["b", "a", "c"])

    page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=8))

    page.wait_for_selector("#live tr:nth-child(3)")


def test_a_tab_in_the_background_asks_seldom_and_catches_up_when_it_is_looked_at(style, board):
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    style.evaluate(hide, True)
    board.update(version=2, teams=["b", "a", "c"])

    with style.expect_response(re.compile("/style/rows")) as caught:
        style.evaluate(hide, False)

    assert caught.value.status == 200
    style.wait_for_selector("#live tr:nth-child(3)")


def test_what_is_typed_is_saved_and_sent(style, drafts):
    style.locator(".cm-content").press("Control+End")
    style.keyboard.type("y = 2")
    style.wait_for_selector("[data-draft-status]:has-text('Saved at')")

    assert drafts[-1]["classifier"].endswith("x = 1\r\ny = 2")  # as all forms send
    assert drafts[-1]["draft_version"] == "3"

    style.click("text=Submit")

    assert "y = 2" in style.inner_text("body")


def test_what_is_typed_without_a_connection_comes_back(style, troubles):
    style.route("**/style/draft", lambda route: route.fulfill(status=403, body=""))
    with style.expect_response("**/style/draft"):
        style.locator(".cm-content").press("Control+End")
        style.keyboard.type("z = 3")
    style.unroute("**/style/draft")
    troubles.clear()

    style.reload()
    style.wait_for_selector(".cm-content:has-text('z = 3')")


def test_a_dropped_file_goes_into_the_editor_of_its_name(style):
    files = [
        {"name": "classifier.py", "mimeType": "text/plain", "buffer": b"dropped = True\n"},
        {"name": "table.csv", "mimeType": "text/csv", "buffer": b"1,2\n"},
    ]

    style.set_input_files("input[type=file]", files=files)
    style.wait_for_selector(".cm-content:has-text('dropped = True')")

    chosen = "[...document.querySelector('input[type=file]').files].map((file) => file.name)"
    assert style.evaluate(chosen) == ["table.csv"]


def test_a_question_is_asked_before_it_is_too_late(style):
    style.click("text=Delete all")
    style.click("#question button[value=no]")
    assert style.url.endswith("/style")

    style.click("text=Delete all")
    style.click("#question button[value=yes]")
    style.wait_for_url("**/taken")


def test_the_page_works_without_scripts(make_page, rows, log_in_page):
    page = make_page(java_script_enabled=False)
    user = make_user(rows, "anna")
    rows.commit()
    log_in_page(page, user)
    page.goto("/style")

    page.fill("textarea", "typed = True")
    page.click("summary[aria-label='Your account']")
    assert page.get_by_role("button", name="Log out").is_visible()
    page.click("text=Submit")

    assert "typed = True" in page.inner_text("body")


# For each selector: the smallest contrast of the texts that it finds, by WCAG 2's formula.
CONTRAST = """
(selectors) => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = {};
  for (const selector of selectors) {
    for (const element of document.querySelectorAll(selector)) {
      if (!element.checkVisibility() || !element.textContent.trim()) continue;
      const [x, y] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
      const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
      const name = `${selector}: ${element.className}`;
      found[name] = Math.min(found[name] ?? 21, ratio);
    }
  }
  return found;
}
"""

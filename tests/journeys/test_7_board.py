"""The leaderboard: bars, trends, columns, teams, the link to copy, and who moved."""

from __future__ import annotations

import re

import pytest

from tests.journeys.meadows import grow, sow

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SCORES = {"daisy": [0.5, 0.7, 0.6], "rose": [0.9, 0.8], "kit": [0.4]}


def test_the_board_at_a_glance_and_whose_lines_move(visit, shared_site):
    name = sow(shared_site, SCORES)
    page = visit("daisy", joins=False, color_scheme="dark")
    page.goto(f"/events/{name}/leaderboard")

    assert page.locator("tr.is-own").count() == 3
    assert "stands at rank 3" in page.locator(".own-best").inner_text()
    assert "baseline" in page.locator("tr.is-baseline").inner_text()
    bars = page.locator("tr[data-key] .score-bar rect:last-child")
    widths = [float(bars.nth(i).get_attribute("width")) for i in range(bars.count())]
    assert widths[0] == 100
    assert widths == sorted(widths, reverse=True)
    spark = page.locator("tr[data-key]", has_text="daisy_1").locator("svg.spark")
    assert re.findall(r"0\.\d+", spark.get_attribute("aria-label")) == ["0.500", "0.700", "0.600"]

    grow(shared_site, name, "daisy_2", 0.95)
    row = page.locator("tr.is-up", has_text="daisy_2")
    row.wait_for(timeout=30_000)
    assert "▲3" in row.locator(".rank").inner_text()
    assert "▼1" in page.locator("tr.is-down", has_text="rose_0").locator(".rank").inner_text()
    assert "moved: 4" in page.locator("#announcer").inner_text()
    assert page.locator("tr.is-own").count() == 3  # in the new rows too


def test_what_is_chosen_stands_in_the_link_that_is_copied(visit, shared_site):
    name = sow(shared_site, SCORES)
    page = visit("daisy", joins=False, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/events/{name}/leaderboard")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Other scores").check()
    page.get_by_label("Time and memory").uncheck()
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="nll").wait_for()
    assert page.get_by_role("link", name="Memory").count() == 0
    page.locator("thead").get_by_role("link", name="Submission").click()
    page.locator("td.col-team").get_by_role("link", name="rose").first.click()
    page.locator(".tag-accent", has_text="rose").wait_for()
    page.locator(".tag-accent a").click()
    page.get_by_role("link", name="Only ours").click()
    page.locator(".tag-accent", has_text="daisy").wait_for()

    page.get_by_role("button", name="Copy link").click()
    page.locator(".is-copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    other = visit("rose", joins=False)
    other.goto(link)

    assert "team=daisy" in link
    assert other.locator("tr[data-key]").count() == 3
    assert "daisy_0" in other.locator("tbody").inner_text()


def test_by_keyboard_on_a_phone_score_and_team_are_in_sight(visit, shared_site):
    name = sow(shared_site, SCORES)
    page = visit("rose", joins=False, width=390, color_scheme="dark")
    page.goto(f"/events/{name}/leaderboard")

    score = page.locator("tr[data-key] .score-official").first
    box = score.bounding_box()
    assert box["x"] + box["width"] <= 390
    assert page.locator("tr[data-key] .phone-only").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.keyboard.press("/")
    page.keyboard.type("daisy_1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=daisy_1"))
    assert page.locator("tr[data-key]").count() == 1
    page.locator("tr[data-key] .phone-only").press("Enter")
    page.wait_for_url(re.compile("team=daisy"))
    assert page.locator("tr[data-key]").count() == 3

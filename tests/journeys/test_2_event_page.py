"""An event's page: its tabs, its dates in the visitor's zone, joining and waiting."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.conftest import named
from tests.journeys.meadows import SUMMARY_OF_IRIS, sow

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
TABS = {
    "Overview": "A submission",
    "Data dictionary": "sepal_length",
    "Rules and limits": "Each fold may use",
    "Environment": "no network",
    "Starting kit": "class Classifier",
    "Activity": "joined",
}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_tab_is_reached_by_keyboard_and_fits(visit, shared_site, width, scheme):
    name = sow(shared_site, {"daisy": [0.5]})
    page = visit("daisy", joins=False, width=width, color_scheme=scheme)
    page.goto(f"/events/{name}")

    for tab, words in TABS.items():
        link = page.locator(".pills").get_by_role("link", name=tab)
        link.focus()
        page.keyboard.press("Enter")
        page.locator(".pills [aria-current=page]", has_text=tab).wait_for()
        text = page.locator("main").inner_text()
        assert words in text, tab
        assert SUMMARY_OF_IRIS in text, tab
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    for tab in ("Sandbox", "My submissions", "Leaderboard", "Plots"):
        assert page.locator(".tabs").get_by_role("link", name=tab).count() == 1


def test_dates_are_in_the_visitors_zone_with_utc_on_hover(visit, shared_site):
    closing = datetime.now(UTC).replace(hour=20, minute=30) + timedelta(days=5)
    name = sow(shared_site, closing_at=closing)
    page = visit("ada", joins=False, timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto(f"/events/{name}")

    there = closing + timedelta(hours=9)
    time = page.locator(".dates time[data-local]").last
    page.wait_for_function("document.querySelector('.dates time[data-local]').title !== ''")
    assert re.search(rf"\b{there.day}\b.*{there:%Y}.*5:30", time.inner_text())
    assert time.get_attribute("title") == f"{closing:%Y-%m-%d %H:%M} UTC"
    assert re.search(r"closes\s+in [45] days", page.locator(".meta").inner_text())


def test_one_click_joins_and_the_sandbox_has_the_kit_in_it(visit, shared_site):
    name = sow(shared_site)
    page = visit(named("tulip"), joins=False, width=390)
    page.goto(f"/events/{name}")
    page.get_by_role("button", name="Join").click()

    page.wait_for_url(f"**/events/{name}/sandbox")
    page.locator(".cm-content", has_text="class Classifier").wait_for()


def test_who_waits_for_approval_is_told_since_when(visit, shared_site):
    name = sow(shared_site, is_controlled_signup=True)
    page = visit(named("clover"), joins=False, color_scheme="dark")
    page.goto(f"/events/{name}")
    page.get_by_role("button", name="Join").press("Enter")

    told = page.locator(".alert-warning", has_text="is waiting for approval by the organisers")
    told.wait_for()
    assert told.locator("time[data-local]").get_attribute("title").endswith(" UTC")
    assert page.get_by_role("button", name="Join").count() == 0

"""The front page and the events: what runs, what closes when, where one stands, and the search."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from databoard.cli.actions.problems import set_keywords
from tests.journeys.conftest import named
from tests.journeys.meadows import SUMMARY_OF_IRIS, sow

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_the_front_page_tells_what_runs_what_closes_when_and_my_rank(visit, shared_site):
    closing = datetime.now(UTC) + timedelta(days=3, hours=2)
    name = sow(shared_site, {"daisy": [0.5, 0.8], "rose": [0.9]}, closing_at=closing)
    page = visit("daisy", joins=False, color_scheme="dark", timezone_id="Asia/Tokyo")
    page.goto("/")

    card = page.locator("article.card", has_text=f"The {name}")
    text = " ".join(card.inner_text().split())
    assert "you: 2 of 2" in text
    assert "closes in 3 days" in text
    assert SUMMARY_OF_IRIS in text
    moment = card.locator("time[data-countdown]").get_attribute("title")
    assert moment.endswith(f"({closing:%Y-%m-%d %H:%M} UTC)")
    assert not moment.startswith(f"{closing:%Y}")  # first as the visitor's clock has it
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_by_keyboard_on_a_phone_a_visitor_finds_an_event_by_words_domain_and_state(
    visit, shared_site
):
    name = sow(shared_site)
    page = visit("ada", joins=False, width=390, reduced_motion="reduce")
    page.context.clear_cookies()
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("/events[?]q="))
    assert page.locator("article.card").count() == 1
    page.locator("select[name=domain]").select_option("botany")
    page.wait_for_url(re.compile("domain=botany"))
    assert page.locator("article.card").count() == 1
    page.locator("select[name=state]").select_option("closed")
    page.get_by_text("No event fits").wait_for()
    page.get_by_role("link", name="Show all").first.press("Enter")
    page.wait_for_url("**/events")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.locator("article.card", has_text=f"The {name}").get_by_role("link", name="botany").click()
    page.wait_for_url("**/events?domain=botany")


def test_nothing_found_keeps_what_was_typed(visit, shared_site):
    set_keywords(shared_site.settings, "iris", "botany", "classification")
    page = visit("ada", joins=False)
    words = named("nowhere")
    page.goto(f"/events?q={words}&theme=classification")

    assert page.locator("input[name=q]").input_value() == words
    assert page.locator("select[name=theme]").input_value() == "classification"

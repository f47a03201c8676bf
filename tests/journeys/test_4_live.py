"""From the keyboard alone: check, submit, watch, compare; and the boards of others move."""

from __future__ import annotations

import re
from secrets import token_hex

import pytest

from tests.journeys.conftest import CODE, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_by_keyboard_from_the_editor_to_the_board_that_another_watches(visit):
    name = f"forest_{token_hex(3)}"  # a second try finds the first one's submission
    watcher = visit("bob", color_scheme="dark")
    watcher.goto("/events/iris/leaderboard")
    page = visit("ada")
    page.goto("/events/iris/sandbox")
    write(page, CODE)
    page.locator("[data-draft-status]", has_text="Saved at").wait_for()
    page.keyboard.press("Escape")
    page.locator("#name").focus()
    page.keyboard.type(name)
    page.keyboard.press("Control+Shift+Enter")

    page.wait_for_url(re.compile(r"/[0-9a-f]{40}$"))
    page.locator(".live-state .state-good").wait_for(timeout=90_000)  # without reloading
    assert "rank 1 " in page.locator(".live-state").inner_text().lower()

    watcher.locator("tbody tr", has_text=name).wait_for(timeout=30_000)
    watcher.goto("/events/iris/activity")
    assert "is the best so far" in watcher.locator("main").inner_text()

"""From the keyboard alone: check, submit, watch, compare; and the boards of others move."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import CODE, SUBMISSION, named, submit, write

SLOW = CODE.replace(
    'print("rows:", len(X))',
    "for epoch in range(3): print('epoch', epoch); __import__('time').sleep(0.7)",
)
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_by_keyboard_from_the_editor_to_the_board_that_another_watches(visit):
    name = named("forest")
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

    page.wait_for_url(SUBMISSION)
    page.locator(".live-state .state-good").wait_for(timeout=90_000)  # without reloading
    assert "rank 1 " in page.locator(".live-state").inner_text().lower()

    watcher.locator("tbody tr", has_text=name).wait_for(timeout=30_000)
    watcher.goto("/events/iris/activity")
    assert "is the best so far" in watcher.locator("main").inner_text()


def test_the_log_streams_and_a_lost_connection_is_told_and_made_good(visit):
    page = visit("ada", width=390)
    submit(page, named("slow"), SLOW)
    log = page.locator("pre.log").first
    log.filter(has_text="epoch 1").wait_for(timeout=60_000)
    assert page.locator(".live-state[data-running]").count()  # before its fold has ended

    page.context.set_offline(True)
    page.locator("[data-connection=lost]").wait_for()
    page.context.set_offline(False)
    page.locator("[data-connection=back]").wait_for()

    page.locator(".live-state .state-good").wait_for(timeout=90_000)
    log.filter(has_text="epoch 2").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

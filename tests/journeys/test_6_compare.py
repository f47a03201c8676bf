"""Comparing: one click from everywhere, by keyboard and on a phone."""

from __future__ import annotations

import re

import pytest

from tests.journeys.conftest import CODE, Site, await_trainer, deposit, named

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def names(shared_site: Site) -> tuple[str, str]:
    """Two submissions of dora's, the second with more trees."""
    small, large = named("small"), named("large")
    deposit(shared_site, "dora", small)
    deposit(shared_site, "dora", large, CODE.replace("Classifier(5", "Classifier(25"))
    await_trainer(shared_site)
    return small, large


def test_from_everywhere_by_keyboard(visit, names):
    page = visit("dora")
    for path in (
        "/events/iris/leaderboard",
        "/events/iris/my_submissions",
        "/events/iris/activity",
        "/my_submissions",
    ):
        page.goto(path)
        page.get_by_role("link", name=f"Compare {names[1]}").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/compare\?a="))
        assert names[1] in page.locator("h1").inner_text()


def test_code_folds_times_and_memory_are_side_by_side(visit, names):
    small, large = names
    page = visit("dora", width=390, color_scheme="dark")
    page.goto("/events/iris/my_submissions")
    page.get_by_role("link", name=f"Compare {large}").click()
    page.get_by_role("heading", name=f"{small} and {large}").wait_for()

    assert "Classifier(5" in page.locator("td.is-removed").inner_text()
    assert "Classifier(25" in page.locator("td.is-added").inner_text()
    folds = page.locator("table", has_text="Validation scores of both by fold")
    assert folds.locator("tbody tr").count() == 5
    assert "MB" in folds.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("link", name="Swap").click()
    page.get_by_role("heading", name=f"{large} and {small}").wait_for()


def test_who_has_submitted_nothing_is_told_what_to_do(visit, names):
    page = visit(named("newcomer"), joins=False)
    page.goto("/events/iris/leaderboard")
    page.get_by_role("link", name=f"Compare {names[0]}").click()

    page.get_by_text("submit something first").wait_for()

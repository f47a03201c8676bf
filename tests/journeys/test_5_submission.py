"""The page of a submission: scores, plots, code, failure, where it came from, what people say."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import CODE, Site, await_trainer, deposit, named

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
BROKEN = CODE.replace("print(", "depth = 1 / 0; print(")


@pytest.fixture(scope="module")
def pages(shared_site: Site) -> dict[str, str]:
    """A scored and a failed submission of carol's."""
    names = {what: named(what) for what in ("good", "bad")}
    deposit(shared_site, "carol", names["good"])
    deposit(shared_site, "carol", names["bad"], BROKEN)
    await_trainer(shared_site)
    return names


def open_mine(page, name: str) -> None:
    page.goto("/events/iris/my_submissions")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def test_a_scored_one_shows_all_that_is_known_of_it(visit, pages):
    page = visit("carol", color_scheme="dark")
    open_mine(page, pages["good"])

    assert page.locator("[aria-labelledby=scores-title] tbody tr").count() == 3
    assert page.locator(".dots").first.locator("circle").count() == 5
    assert page.locator("[aria-labelledby=folds-title] tbody tr").count() == 5
    assert "rank" in page.locator(".live-state").inner_text().lower()
    page.locator("[data-chart][data-ready] svg").first.wait_for()  # from predictions on folds
    assert page.locator("pre.log").inner_text().startswith("rows:")
    assert page.locator("code.hash").count() == 5
    with page.expect_download() as download:
        page.locator(".source").get_by_role("link", name="Download").click()
    assert download.value.path().read_text() == CODE

    page.fill("#comment-text", "Five trees are few.")
    page.get_by_role("button", name="Post the comment").click()
    assert "Five trees are few." in page.locator(".comment .said").all_inner_texts()


def test_a_failed_one_shows_first_the_failing_line_whose_fault_and_what_helps(visit, pages):
    page = visit("carol", width=390)
    open_mine(page, pages["bad"])
    failure = page.locator(".failure")

    assert "ZeroDivisionError" in failure.locator(".failure-message").inner_text()
    assert "1 / 0" in failure.locator(".is-failing").inner_text()
    assert failure.locator(".is-failing [data-line]").get_attribute("data-line") == "6"
    assert "The error is in the submission." in failure.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    failure.get_by_text("The whole traceback").focus()
    page.keyboard.press("Enter")
    assert "Traceback" in failure.locator("details pre").inner_text()


def test_another_participant_sees_what_it_was_made_with_and_no_log(visit, pages):
    page = visit("bob")
    page.goto("/events/iris/leaderboard")
    page.get_by_role("link", name=pages["good"], exact=True).click()
    page.get_by_role("heading", name="Made with").wait_for()

    assert page.locator("code.hash").count() == 5
    assert page.locator("pre.log").count() == 0

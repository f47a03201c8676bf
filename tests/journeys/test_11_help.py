"""Help: shortcuts, hints for who is new, pages that are empty, and pages that are errors."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import named

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
#: What is empty for who has just come, and where it leads to if not to a form.
EMPTY = {
    "/": "/events/iris",
    "/my_submissions": "/events",
    "/teams": "",
    "/user/tokens": "",
}
WRONG = {
    "/nothing/here": (404, "may be mistyped"),
    "/admin": (403, "write to the organisers"),
    "/events/iris/sandbox": (403, "join it on its page"),
}


def test_by_keyboard_alone_one_finds_the_shortcuts_the_help_and_the_search(visit):
    page = visit("ada")
    page.keyboard.press("?")
    dialog = page.locator("dialog#shortcuts[open]")
    dialog.wait_for()
    assert "Help" in dialog.inner_text()
    page.keyboard.press("Escape")
    assert not dialog.count()

    page.keyboard.type("gh")
    page.wait_for_url("**/help")
    assert page.get_by_role("heading", name="My submission failed").count()
    page.keyboard.type("ge")
    page.wait_for_url("**/events")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('input[type=search], [data-search]')")


def test_what_is_empty_says_what_to_do(visit):
    page = visit("lost", width=390, joins=False)
    for path, leads_to in EMPTY.items():
        page.goto(path)
        assert page.locator(f"main a[href='{leads_to}'], main form").count(), path
        assert len(page.locator("main").inner_text()) > 60, path


def test_who_is_new_is_led_from_the_kit_to_a_check(visit):
    page = visit(named("mona"), color_scheme="dark")
    page.goto("/events/iris/sandbox")

    assert "runs this on a few public rows" in page.locator("#check").inner_text()
    assert "class Classifier" in page.locator(".cm-content").inner_text()  # the starting kit
    page.goto("/events/iris/my_submissions")
    assert "open the sandbox" in page.locator("tbody").inner_text()


def test_a_page_of_an_error_says_what_to_do_next(visit):
    page = visit("lost", width=390, joins=False, color_scheme="dark")
    for path, (status, words) in WRONG.items():
        answer = page.goto(path)
        assert answer.status == status
        assert words in page.locator("main").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("link", name="Go to the front page").click()
        page.wait_for_url("**/")

"""The sandbox in a real browser, with a real trainer: check, two tabs, nothing lost."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest

from tests.conftest import CHROMIUM, CHROMIUM_ARGS
from tests.journeys.conftest import CODE, SUBMISSION, log_in, named, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
BROKEN = "class Classifier:\n    def fit(self, X, y):\n        raise ValueError('no')\n"


def test_a_check_shows_the_failing_line_and_then_the_log(visit):
    page = visit("ada", width=390, color_scheme="dark")
    page.goto("/events/iris/sandbox")
    write(page, BROKEN)
    page.keyboard.press("Control+Enter")  # without leaving the editor
    page.locator("[data-checked][data-line='3']").wait_for(timeout=60_000)

    assert "raise" in page.locator(".cm-error-line").inner_text()
    page.get_by_text("Go to line 3").click()
    assert page.evaluate("document.activeElement.classList.contains('cm-content')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    write(page, CODE)
    page.get_by_role("button", name="Check").click()
    page.locator(".check .state-good").wait_for(timeout=60_000)
    assert "rows:" in page.locator(".check .log").last.inner_text()
    assert page.locator(".cm-error-line").count() == 0


def test_two_tabs_choose_between_both_versions(visit):
    first = visit("bob")
    first.goto("/events/iris/sandbox")
    first.locator(".cm-content").wait_for()
    second = first.context.new_page()
    second.goto("/events/iris/sandbox")
    write(second, "second = 2\n")
    second.locator("[data-draft-status]", has_text="Saved at").wait_for()

    write(first, "first = 1\n")
    dialog = first.locator("dialog.conflict")
    dialog.wait_for()
    assert "first = 1" in dialog.inner_text()
    assert "second = 2" in dialog.inner_text()
    dialog.get_by_role("button", name="Use mine").click()
    first.locator("[data-draft-status]", has_text="Saved at").wait_for()

    second.reload()
    assert "first = 1" in second.locator(".cm-content").inner_text()


def test_an_archive_takes_the_place_of_what_was_there_without_a_question(visit):
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("classifier.py", "packed = 1\n")
    page = visit("zoe")
    page.goto("/events/iris/sandbox")
    write(page, "typed = 1\n")
    page.locator("[data-draft-status]", has_text="Saved at").wait_for()
    file = {"name": "mine.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    page.locator(".drop input").set_input_files(file)
    page.get_by_role("button", name="Save", exact=True).click()

    page.locator(".alert-success", has_text="Saved").wait_for()
    page.locator(".cm-content", has_text="packed = 1").wait_for()
    assert page.locator("dialog[open]").count() == 0


def test_a_file_that_is_not_utf_8_is_refused_with_its_line_not_garbled(visit):
    page = visit("zoe")
    page.goto("/events/iris/sandbox")
    write(page, "typed = 1\n")
    page.locator("[data-draft-status]", has_text="Saved at").wait_for()
    file = {
        "name": "classifier.py",
        "mimeType": "text/plain",
        "buffer": "a = 1\n# é".encode("latin-1"),
    }
    page.locator(".drop input").set_input_files(file)
    page.get_by_role("button", name="Save", exact=True).click()

    page.locator(".alert-danger", has_text="is not UTF-8 text (line 2)").wait_for()
    assert "typed = 1" in page.locator(".cm-content").inner_text()


def test_what_is_typed_when_the_session_ends_is_there_again(visit):
    page = visit("bob")
    page.goto("/events/iris/sandbox")
    page.locator(".cm-content").wait_for()
    page.context.clear_cookies()
    write(page, "kept = 1\n")
    page.get_by_text("log in, and it is here again").click()
    page.fill("[name=login]", "bob")
    page.fill("[name=password]", "correct horse battery")
    page.press("[name=password]", "Enter")

    page.wait_for_url("**/events/iris/sandbox")
    page.locator(".cm-content", has_text="kept = 1").wait_for()


def test_back_from_a_submission_the_next_one_may_be_sent(shared_site, browser, visit):
    """With the cache of whole pages that browsers have, and Playwright turns off."""
    visit("amy").context.close()
    with browser.browser_type.launch(
        executable_path=str(CHROMIUM),
        args=CHROMIUM_ARGS,
        ignore_default_args=["--disable-back-forward-cache"],
    ) as caching:
        page = caching.new_page(base_url=shared_site.url)
        log_in(page, "amy")
        page.goto("/events/iris/sandbox")
        write(page, CODE)
        page.fill("#name", named("first"))
        page.get_by_role("button", name="Submit", exact=True).click()
        page.wait_for_url(SUBMISSION)
        page.go_back(wait_until="commit")
        page.locator("#name:placeholder-shown").wait_for()  # it has been loaded anew
        second = named("second")
        write(page, CODE + "# more\n")
        page.fill("#name", second)
        page.get_by_role("button", name="Submit", exact=True).click()
        page.wait_for_url(SUBMISSION)
        assert second in page.title()


def test_who_shares_the_browser_gets_nobody_elses_text(visit):
    page = visit("una")
    page.goto("/events/iris/sandbox")
    page.locator(".cm-content").wait_for()
    page.context.clear_cookies()
    write(page, "secret = 1\n")
    page.get_by_text("log in, and it is here again").wait_for()

    visit("ugo").context.close()
    log_in(page, "ugo")
    page.goto("/events/iris/sandbox")

    page.locator(".cm-content").wait_for()
    assert "secret" not in page.locator(".cm-content").inner_text()
    assert page.locator("dialog[open]").count() == 0


def test_what_was_submitted_is_offered_no_more(visit):
    page = visit("ivy")
    page.goto("/events/iris/sandbox")
    write(page, CODE)
    page.fill("#name", named("quick"))
    page.get_by_role("button", name="Submit", exact=True).click()  # before it was saved by itself
    page.wait_for_url(SUBMISSION)

    kept = "Object.keys(localStorage).filter(key => key.startsWith('databoard.draft:'))"
    assert page.evaluate(kept) == []


def test_a_text_that_is_too_large_says_so_while_one_types(visit):
    page = visit("tim")
    page.goto("/events/iris/sandbox")
    write(page, "")
    paste = """() => {
        const data = new DataTransfer();
        data.setData("text/plain", "# too much\\n".repeat(200_000));
        const event = { clipboardData: data, bubbles: true, cancelable: true };
        document.querySelector(".cm-content").dispatchEvent(new ClipboardEvent("paste", event));
    }"""
    page.evaluate(paste)

    page.locator("[data-draft-status]", has_text="2,048 kB are taken").wait_for()

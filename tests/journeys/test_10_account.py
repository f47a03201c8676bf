"""One's account: password, address, logins, tokens, news, data, and the end of it."""

from __future__ import annotations

import json

import pytest

from tests.journeys.conftest import PASSWORD, Site, link_of_letter, log_in, named

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
OTHER = "another horse staple"


def test_a_forgotten_password_is_set_anew_once_and_the_old_logins_end(visit, shared_site: Site):
    name = named("gwen")
    old = visit(name, joins=False)
    page = visit(name, width=390, joins=False, color_scheme="dark")
    page.context.clear_cookies()
    page.goto("/password/forgotten")
    page.keyboard.press("Tab")
    page.locator("[name=email]").focus()
    page.keyboard.type(f"{name}@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/sent")

    link = link_of_letter(shared_site, f"{name}@example.org")
    page.goto(link)
    page.fill("[name=password]", OTHER)
    page.fill("[name=again]", OTHER)
    page.press("[name=again]", "Enter")
    page.wait_for_url(lambda address: "/reset/" not in address)
    if page.url.endswith("/login"):
        log_in(page, name, OTHER)

    old.goto("/user")
    assert "/login" in old.url
    page.goto(link)
    assert page.locator("[name=again]").count() == 0  # it counts once


def test_a_new_address_counts_once_its_letter_is_opened(visit, shared_site: Site):
    name = named("hugo")
    page = visit(name, joins=False)
    page.goto("/user/email")
    page.fill("[name=email]", f"{name}@example.com")
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_url(lambda address: not address.endswith("/user/email"))
    page.goto("/user")
    assert f"{name}@example.org" in page.locator("main").inner_text()

    page.goto(link_of_letter(shared_site, f"{name}@example.com"))
    page.locator("main button[type=submit]").click()
    page.goto("/user")
    assert f"{name}@example.com" in page.locator("main").inner_text()


def test_a_token_is_shown_once_works_and_is_revoked(visit):
    page = visit(named("iris"), joins=False)
    page.goto("/user/tokens")
    page.fill("[name=name]", "notebook")
    page.get_by_role("button", name="Make the token").click()
    secret = page.locator("#secret").inner_text()
    headers = {"Authorization": f"Bearer {secret}", "Cookie": ""}
    assert page.request.get("/api/v1/events", headers=headers).status == 200

    page.reload()
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke").click()
    page.locator("dialog[open]").get_by_role("button", name="Revoke").click()
    page.get_by_text("No tokens yet").wait_for()
    assert page.request.get("/api/v1/events", headers=headers).status == 401


def test_another_login_is_seen_and_ended(visit):
    name = named("jack")
    other, page = visit(name, joins=False), visit(name, joins=False)
    page.goto("/user/sessions")
    assert page.locator("tbody tr").count() == 2
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("You are logged in nowhere else").wait_for()

    other.goto("/user")
    assert "/login" in other.url


def test_news_are_chosen_data_are_taken_along_and_the_account_is_closed(visit):
    name = named("kate")
    page = visit(name, width=390)
    page.goto("/user/notifications")
    page.locator("[name=mail]").first.uncheck()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    page.reload()
    assert not page.locator("[name=mail]").first.is_checked()

    page.goto("/user")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download your data").click()
    assert name in json.dumps(json.loads(download.value.path().read_text()))

    page.get_by_role("link", name="Close this account").click()
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Close the account for good").click()
    page.wait_for_url(lambda address: "/user/delete" not in address)
    page.goto("/login")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.locator(".alert-danger, .invalid-feedback").first.wait_for()

"""A newcomer signs up, confirms, logs in and out, in a real browser, on a phone too."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from databoard.store.models import OutgoingMail
from tests.builders import make_event

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_a_newcomer_comes_in(make_page, rows, width):
    make_event(rows, "iris", title="Irises")
    rows.commit()
    page = make_page(width=width)

    page.goto("/sign_up")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.get_by_text("look into your mail").wait_for()

    body = rows.scalar(select(OutgoingMail.body).where(OutgoingMail.to == "ada@example.org"))
    rows.commit()
    page.goto(re.search(r"https?://[^/\s]+(/\S+)", body)[1])
    page.get_by_role("button", name="Yes, confirm it").click()
    page.get_by_text("your address is confirmed").wait_for()

    page.get_by_label("User name or e-mail address").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Hello ada").wait_for()
    page.get_by_role("link", name="Irises").wait_for()

    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("You are logged out.").wait_for()

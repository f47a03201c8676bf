"""Teams: founded, invited by name and by link, full, sharing one sandbox, left again."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import named, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def found(page, team: str) -> None:
    page.goto("/teams")
    page.get_by_label("Name").fill(team)
    page.get_by_role("button", name="Found the team").click()
    page.wait_for_url(f"**/teams/{team}")


def invite(page, user: str) -> None:
    page.get_by_role("textbox").first.fill(user)
    page.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_text(f"{user} is invited").wait_for()


def test_a_team_of_three_shares_a_sandbox_and_a_fourth_finds_it_full(visit):
    team, mates = named("team"), [named(f"mate{i}") for i in range(4)]
    founder = visit(mates[0], joins=False, color_scheme="dark")
    found(founder, team)
    second = visit(mates[1], width=390, joins=False)
    invite(founder, mates[1])
    second.goto("/teams")
    second.get_by_role("button", name="Accept").click()
    second.wait_for_url(f"**/teams/{team}")
    assert second.evaluate("document.documentElement.scrollWidth") <= 390

    founder.get_by_role("button", name="Make a link").click()
    link = founder.locator("#link").inner_text()
    third = visit(mates[2], joins=False)
    third.goto(link)
    third.get_by_role("button", name="Join the team").click()
    third.get_by_text(f"Welcome to {team}").wait_for()

    founder.goto("/events/iris/sign_up")
    founder.get_by_label("Team").select_option(team)
    founder.get_by_role("button", name="Join").click()
    founder.wait_for_url("**/sandbox")
    write(founder, "shared = 1\n")
    founder.locator("[data-draft-status]", has_text="Saved at").wait_for()
    third.goto("/events/iris/sandbox")  # in the same event by the same team, at once
    third.locator(".cm-content", has_text="shared = 1").wait_for()

    fourth = visit(mates[3], joins=False)
    founder.goto(f"/teams/{team}")
    invite(founder, mates[3])
    fourth.goto("/teams")
    fourth.get_by_role("button", name="Accept").click()
    fourth.locator(".alert-danger, .error-page").wait_for()  # iris takes teams of three
    assert "3" in fourth.locator("main").inner_text()


def test_one_leaves_by_keyboard_and_the_team_goes_on(visit):
    team, stays, goes = named("team"), named("stays"), named("goes")
    founder, mate = visit(stays, joins=False), visit(goes, joins=False)
    found(founder, team)
    invite(founder, goes)
    mate.goto("/teams")
    mate.get_by_role("button", name="Accept").click()
    mate.wait_for_url(f"**/teams/{team}")

    mate.get_by_role("button", name="Leave the team").focus()
    mate.keyboard.press("Enter")
    dialog = mate.locator("dialog[open]")
    dialog.get_by_role("button", name="Leave the team").focus()
    mate.keyboard.press("Enter")

    mate.get_by_text(f"You have left {team}").wait_for()
    founder.reload()
    assert goes not in founder.locator("[aria-labelledby=members-title]").inner_text()

"""Teams: founded, invited by name and by link, full, sharing one sandbox, left again, merged."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Site, link_of_letter, named, write
from tests.journeys.meadows import sow

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


def test_two_teams_go_on_as_one_with_all_that_they_have_made(visit, shared_site: Site):
    asks, asked, both = named("asks"), named("asked"), named("both")
    scores = {asks: [0.6, 0.7], asked: [0.8]}
    event = sow(shared_site, scores, can_merge_teams=True, max_members_per_team=2)
    asking = visit(asks, joins=False)
    asking.goto(f"/teams/{asks}")
    asking.get_by_role("link", name="Merge with another team").click()
    asking.get_by_label("Name of the other team").fill(asked)
    asking.get_by_label("Name of the new team").fill(asks)  # somebody has it already
    asking.get_by_role("button", name="Propose").click()
    asking.get_by_text(f"The name {asks} is taken").wait_for()
    asking.get_by_label("Name of the new team").fill(both)
    asking.get_by_role("button", name="Propose").click()
    asking.get_by_role("button", name="Take back").wait_for()

    answers = visit(asked, width=390, joins=False, color_scheme="dark")
    answers.goto(link_of_letter(shared_site, asked, "/merge"))
    answers.get_by_text(f"{asks} proposes to go on with you as {both}").wait_for()
    assert answers.evaluate("document.documentElement.scrollWidth") <= 390
    answers.get_by_role("button", name="Accept").click()
    answers.locator("dialog[open]").get_by_role("button", name="Accept").click()
    answers.get_by_text(f"You go on as {both}").wait_for()

    asking.goto(f"/events/{event}/my_submissions")
    for submission in (f"{asks}_0", f"{asks}_1", f"{asked}_0"):
        asking.get_by_role("link", name=submission, exact=True).wait_for()
    asking.goto(f"/events/{event}/leaderboard?team={both}")
    assert asking.locator("tbody tr[data-key]").count() == 3
    asking.goto(f"/teams/{both}")
    members = asking.locator("[aria-labelledby=members-title]").inner_text()
    assert asks in members
    assert asked in members

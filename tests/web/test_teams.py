"""Teams in the browser: founded, joined by name or link, chosen for an event, left."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from databoard.services import invitations
from databoard.services import teams as services
from databoard.store.models import Team, TeamInvitation
from databoard.store.queries import teams as queries
from tests.builders import make_event, make_event_team, make_submission, make_team, make_user


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def people(rows):
    found = [make_user(rows, name) for name in ("ada", "bob", "eve")]
    rows.commit()
    return found


@pytest.fixture
def visit(app, log_in, people):
    """A client of each of ada, bob and eve."""
    return [log_in(user, app.test_client()) for user in people]


def members(rows, name):
    team = queries.by_name(rows, name)
    found = [user.name for user in queries.members(rows, team.id)]
    rows.commit()
    return found


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_team_is_founded_and_joined_by_name(visit, rows):
    ada, bob, _ = visit
    assert ada.post("/teams", data={"name": "ladies"}).location == "/teams/ladies"
    assert ada.post("/teams/ladies/invite", data={"name": "bob"}).status_code == 302
    assert "bob" in text_of(ada, "/teams/ladies")

    assert "You are invited" in text_of(bob, "/teams")
    key = rows.scalar(select(TeamInvitation.id))
    rows.commit()
    assert bob.post(f"/invitations/{key}/accept").location == "/teams/ladies"

    assert members(rows, "ladies") == ["ada", "bob"]
    assert "founder" in text_of(bob, "/teams/ladies")


def test_who_has_submitted_with_another_team_learns_that_the_organisers_are_asked(
    visit, rows, people
):
    now = datetime.now(UTC)
    ada, bob, eve = people
    event = make_event(
        rows, "iris", title="Iris", max_members_per_team=3, max_per_day=2, admins=[eve]
    )
    ladies = make_team(rows, "ladies", [ada])
    make_event_team(rows, event, ladies)
    old = make_event_team(rows, event, make_team(rows, "men", [bob, make_user(rows)]))
    make_submission(rows, old, submitted_at=now)
    services.remove_member(rows, old.team, bob, now=now)
    invitation = invitations.invite(rows, ladies, ada, "bob", now=now)
    _, secret = invitations.make_link(rows, ladies, ada, now=now)
    key = invitation.id
    rows.commit()
    ada, bob, eve = visit
    for path in ("/teams", f"/invitations/{secret}"):
        assert "submits there only when the organisers agree" in text_of(bob, path)

    bob.post(f"/invitations/{key}/accept")

    assert "until the new member leaves, it cannot submit" in text_of(ada, "/events/iris")
    page = text_of(eve, "/admin/events/iris")
    assert "bob has submitted with men" in page
    assert "Refuse ladies?" not in page
    assert "bob has submitted" in text_of(eve, "/admin")
    eve.get("/language/fr")
    assert "bob a soumis avec men" in text_of(eve, "/admin")
    eve.post(re.search(r"/admin/events/iris/teams/\d+/approve", page)[0])
    assert "waiting for approval" not in text_of(ada, "/events/iris")


def test_a_link_is_shown_once_asks_first_and_takes_in_one_person(visit, rows):
    ada, bob, eve = visit
    ada.post("/teams", data={"name": "ladies"})
    ada.post("/teams/ladies/link")
    link = re.search(r"https?://[^/]+(/invitations/[\w-]+)", text_of(ada, "/teams/ladies"))[1]
    assert "/invitations/" not in text_of(ada, "/teams/ladies").split("Open invitations")[0]

    assert "Join the team ladies" in text_of(bob, link)
    assert members(rows, "ladies") == ["ada"]  # opening a link changes nothing
    assert bob.post(link).location == "/teams/ladies"
    assert eve.post(link).status_code == 404
    assert members(rows, "ladies") == ["ada", "bob"]


def test_wrong_names_are_refused_at_the_field(visit):
    ada = visit[0]
    ada.post("/teams", data={"name": "ladies"})

    for path, name in (("/teams", "bob"), ("/teams", "no name!"), ("/teams/ladies/invite", "x")):
        answer = ada.post(path, data={"name": name})
        assert answer.status_code == 422
        assert "invalid-feedback" in answer.get_data(as_text=True)


def test_members_leave_or_are_taken_out_and_the_last_one_ends_the_team(visit, rows, people):
    ada, bob, eve = visit
    make_team(rows, "crew", people)
    rows.commit()

    assert bob.post("/teams/crew/members/eve/remove").status_code == 403
    assert ada.post("/teams/crew/members/eve/remove").status_code == 302
    assert eve.get("/teams/crew").status_code == 404
    assert ada.post("/teams/crew/leave").location == "/teams"
    assert members(rows, "crew") == ["bob"]
    assert "Give the team up" in text_of(bob, "/teams/crew")
    assert bob.post("/teams/crew/leave").status_code == 302
    assert rows.scalar(select(Team).where(Team.name == "crew")) is None
    rows.commit()


def test_an_event_is_joined_with_a_team_of_choice_and_only_one(visit, rows, people):
    ada, bob, _ = visit
    make_event(rows, "open", max_members_per_team=2)
    make_team(rows, "ada", people[:1], is_individual=True)
    make_team(rows, "crew", people[:2])
    rows.commit()

    assert "crew" in text_of(ada, "/events/open/sign_up")
    assert ada.post("/events/open/sign_up", data={"team": "crew"}).status_code == 302
    # Whoever is in by one team comes to its sandbox, whatever is asked for.
    ada.post("/events/open/sign_up", data={"team": "ada"})
    assert bob.get("/events/open/sandbox").status_code == 200
    event = queries.current_events_of(rows, queries.by_name(rows, "crew"))
    assert [one.name for one in event] == ["open"]
    assert queries.current_events_of(rows, queries.by_name(rows, "ada")) == []
    rows.commit()


@pytest.mark.browser
@pytest.mark.parametrize("look", [{}, {"width": 390, "color_scheme": "dark"}])
def test_the_pages_of_teams_fit_and_work_in_a_browser(make_page, log_in_page, people, look):
    page = make_page(**look)
    log_in_page(page, people[0])
    page.goto("/teams")
    page.get_by_label("Name of the team").fill("ladies")
    page.get_by_role("button", name="Found the team").click()
    page.get_by_label("User name").fill("bob")
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("button", name="Make a link").click()
    assert "/invitations/" in page.locator("#link").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def pair(rows, people):
    """Ada's and bob's own teams in an event where teams merge."""
    event = make_event(rows, "iris", title="Iris", can_merge_teams=True, max_members_per_team=2)
    for user in people[:2]:
        make_event_team(rows, event, make_team(rows, f"{user.name}s", [user]))
    rows.commit()
    return event


def test_two_teams_go_on_as_one_once_both_founders_agree(visit, rows, pair):
    ada, bob, eve = visit
    assert "Merge with another team" in text_of(ada, "/teams/adas")
    answer = ada.post("/teams/adas/merge", data={"event": "iris", "team": "eves", "name": "both"})
    assert answer.status_code == 422
    assert "No team of this name" in answer.get_data(as_text=True)

    proposal = {"event": "iris", "team": "bobs", "name": "both"}
    assert ada.post("/teams/adas/merge", data=proposal).status_code == 302
    key = re.search(r"/merges/(\d+)/accept", text_of(bob, "/teams/bobs/merge"))[1]
    assert "Take back" in text_of(ada, "/teams/adas/merge")
    assert eve.post(f"/merges/{key}/accept").status_code == 404
    assert bob.post(f"/merges/{key}/accept").location == "/events/iris"

    assert members(rows, "both") == ["ada", "bob"]
    assert ada.get("/teams/adas/merge").status_code == 404


def test_the_pages_of_both_teams_show_an_open_proposal(visit, rows, pair, people):
    ada, bob, eve = visit
    services.add_member(rows, queries.by_name(rows, "bobs"), people[2], now=datetime.now(UTC))
    pair.max_members_per_team = 3
    rows.commit()
    assert "Proposal in Iris" not in text_of(bob, "/teams/bobs")

    ada.post("/teams/adas/merge", data={"event": "iris", "team": "bobs", "name": "both"})

    asking, asked, member = (
        BeautifulSoup(text_of(client, path), "html.parser").select_one("[aria-label^=Proposal]")
        for client, path in ((ada, "/teams/adas"), (bob, "/teams/bobs"), (eve, "/teams/bobs"))
    )
    assert "You proposed to bobs to go on as both in Iris" in asking.text
    assert asking.select_one("a")["href"] == "/teams/adas/merge"
    assert "adas proposes to go on with you as both in Iris" in asked.text
    assert "ada, " in asked.select_one(".hint").text
    assert asked.select_one("time[datetime]")
    assert asked.select_one("a")["href"] == "/teams/bobs/merge"
    assert member.select_one("a") is None
    assert "bob, the founder of bobs, answers." in member.text


def test_a_proposal_is_declined(visit, pair):
    ada, bob, _ = visit
    ada.post("/teams/adas/merge", data={"event": "iris", "team": "bobs", "name": "both"})
    key = re.search(r"/merges/(\d+)/decline", text_of(bob, "/teams/bobs/merge"))[1]

    assert bob.post(f"/merges/{key}/decline").location == "/teams/bobs"

    assert bob.post(f"/merges/{key}/accept").status_code == 404


def test_organisers_merge_teams_where_these_may_not(log_in, app, rows, pair):
    pair.can_merge_teams = False
    admin = make_user(rows, "root", access_level="admin")
    rows.commit()
    root = log_in(admin, app.test_client())
    page = text_of(root, "/admin/events/iris/merge")
    keys = re.findall(r'value="(\d+)">(?:ada|bob)s<', page)
    assert re.findall(r'<option selected value="(\d+)"', page) == keys[1:2]  # none joins itself
    choice = {"first": keys[0], "second": keys[1], "name": "bobs"}
    assert root.post("/admin/events/iris/merge", data=choice).status_code == 422

    answer = root.post("/admin/events/iris/merge", data={**choice, "name": "both"})

    assert answer.location == "/admin/events/iris"
    assert members(rows, "both") == ["ada", "bob"]
    assert "merge teams" in text_of(root, "/admin/audit")

"""The next edition of an event, class lists, extensions, announcements, in the browser."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from databoard.store.models import (
    Announcement,
    Event,
    EventAdmin,
    EventTeam,
    OutgoingMail,
    Team,
    User,
)
from databoard.store.queries import teams as team_queries
from tests.builders import make_event, make_event_team, make_submission, make_team, make_user

NOW = datetime.now(UTC)


@pytest.fixture
def app(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def admin(rows, log_in):
    root = make_user(rows, "root", access_level="admin")
    rows.commit()
    return log_in(root)


@pytest.fixture
def event(rows):
    event = make_event(rows, "course", pause_s=900, closing_at=NOW + timedelta(days=1))
    make_submission(rows, make_event_team(rows, event, make_team(rows, "mates")))
    rows.commit()
    return event


def test_the_next_edition_has_rules_scores_and_folds_but_no_team(admin, rows, event):
    form = {"name": "course_2", "title": "Course 2", "opening_at": "2027-01-01T08:00"}
    form["public_opening_at"] = "2027-02-01T08:00"

    assert admin.post("/admin/events/course/clone", data=form).status_code == 302

    new = rows.scalar(select(Event).where(Event.name == "course_2"))
    old = rows.get(Event, event.id)
    assert (new.pause_s, new.problem_id, new.folds_hash) == (900, old.problem_id, old.folds_hash)
    assert new.closing_at is None
    assert new.public_opening_at == datetime(2027, 2, 1, 8, tzinfo=UTC)
    assert [s.name for s in new.score_types] == [s.name for s in old.score_types]
    assert len(new.folds) == len(old.folds)
    pairs = zip(new.folds, old.folds, strict=True)
    assert all((a.train_is == b.train_is).all() for a, b in pairs)
    assert new.teams == []
    assert [row.user.name for row in new.admins] == ["root"]


@pytest.mark.parametrize("name", ["course", "No Name", "digits"])
def test_an_edition_s_name_is_refused(admin, rows, event, name):
    answer = admin.post("/admin/events/course/clone", data={"name": name, "title": "T"})

    assert answer.status_code == 422
    assert rows.scalar(select(func.count(Event.id))) == 1


def test_a_team_gets_more_time_and_the_others_do_not(admin, rows, event):
    place = rows.scalar(select(EventTeam))
    rows.commit()
    address = f"/admin/events/course/teams/{place.id}/extension"
    too_early = {"closing_at": NOW.strftime("%Y-%m-%dT%H:%M")}
    assert admin.post(address, data=too_early).status_code == 422

    later = (NOW + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert admin.post(address, data={"closing_at": later, "per_day": "3"}).status_code == 302

    rows.expire_all()
    assert rows.get(EventTeam, place.id).extra_closing_at > NOW + timedelta(days=1)
    assert "3 more per day" in admin.get("/admin/events/course").text


def test_the_audit_log_says_what_was_changed_in_the_judging(admin, rows, event):
    new = {"official_score": "nll", "ranking": "bagged", "n_final": "1", "has_ladder": "y"}
    names = [score.name for score in event.score_types]
    new["official_score"] = names[-1]
    rows.commit()

    assert admin.post("/admin/events/course/judging", data=new).status_code == 302

    page = admin.get("/admin/audit").text
    assert "has_ladder: False → True" in page
    assert len(names) == 1 or f"official_score: {names[0]} → {names[-1]}" in page
    assert "ranking:" not in page


def test_the_event_s_page_says_that_a_list_of_addresses_decides(admin, rows, event):
    assert "everybody" in admin.get("/admin/events/course").text
    rows.get(Event, event.id).allowed_emails = "@example.org"
    rows.commit()

    page = admin.get("/admin/events/course").text

    assert "only addresses on the list" in page
    assert "everybody" not in page


def upload(admin, text):
    data = {"file": (io.BytesIO(text.encode()), "list.csv")}
    return admin.post("/admin/events/course/roster", data=data)


def test_a_class_list_makes_accounts_teams_and_letters(admin, rows, event):
    make_user(rows, "ada")
    rows.commit()

    answer = upload(
        admin,
        "\ufeffEmail;Firstname;Team\nada@example.org;Ada;red\n"
        "bob.b@example.org;Bob;red\neve@example.org;Eve;\n",
    )

    assert answer.status_code == 302
    bob = rows.scalar(select(User).where(User.email == "bob.b@example.org"))
    assert (bob.name, bob.firstname, bob.access_level) == ("bob_b", "Bob", "user")
    red = rows.scalar(select(Team).where(Team.name == "red"))
    assert {member.user.name for member in red.members} == {"ada", "bob_b"}
    signed_up = rows.scalars(select(EventTeam).where(EventTeam.event_id == event.id)).all()
    assert {place.team.name for place in signed_up} == {"mates", "red", "eve"}
    assert all(place.is_approved for place in signed_up)
    written = rows.scalars(select(OutgoingMail.to).where(OutgoingMail.key.like("roster:%")))
    assert set(written) == {"bob.b@example.org", "eve@example.org"}


@pytest.mark.usefixtures("event")
def test_a_class_is_written_to_in_its_teacher_s_language(admin, rows):
    rows.scalar(select(User).where(User.name == "root")).locale = "fr"
    rows.commit()

    upload(admin, "email\nzoe@example.org\n")

    subjects = rows.scalars(
        select(OutgoingMail.subject).where(OutgoingMail.to == "zoe@example.org")
    )
    assert set(subjects) == {"Votre compte pour course", "Vous participez à course"}


@pytest.mark.usefixtures("event")
def test_a_short_address_makes_a_name_that_is_allowed(admin, rows):
    answer = upload(admin, "email,firstname\nz@example.org,Zoë\n")

    assert answer.status_code == 302
    assert rows.scalar(select(User.name).where(User.email == "z@example.org")) == "uz"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nada\n", "must name the columns"),
        ("email\nbob@example.org\nnobody\n", "Line 3"),
        ("email,name\n\n,\nnobody,x\n", "Line 4: &#39;nobody&#39; is not"),
        ("email,team\nbob@example.org,Die Füchse\n", "Line 2: A team&#39;s name has 2 to 40"),
        ("email\n", "1 to 1000 people"),
    ],
)
def test_a_wrong_class_list_makes_nothing(admin, rows, event, text, words):
    n_users = rows.scalar(select(func.count(User.id)))
    rows.commit()

    answer = upload(admin, text)

    assert answer.status_code == 422
    assert words in answer.text
    assert rows.scalar(select(func.count(User.id))) == n_users


# issue 5, 7: event admins, within their events
def test_an_organiser_s_class_list_reaches_into_no_team_of_other_events(rows, log_in, event):
    organiser, other = make_user(rows, "organiser"), make_event(rows, "other")
    rows.add(EventAdmin(event_id=event.id, user_id=organiser.id))
    rivals, idle = make_team(rows, "rivals"), make_team(rows, "idle")
    make_event_team(rows, other, rivals)
    rows.commit()
    client = log_in(organiser)

    for name in ("rivals", "idle", "organiser"):
        answer = upload(client, f"email,team\norganiser@example.org,{name}\n")
        assert answer.status_code == 422
        assert "Line 2" in answer.text
    assert (
        upload(client, "email,team\nann@example.org,Red\nbob@example.org,red\n").status_code == 302
    )
    assert upload(client, "email,team\ncat@example.org,red\n").status_code == 302

    assert [len(team_queries.members(rows, team.id)) for team in (rivals, idle)] == [1, 1]
    red = team_queries.by_name(rows, "red")
    assert {user.name for user in team_queries.members(rows, red.id)} == {"ann", "bob", "cat"}
    assert client.get("/admin/events/other/roster").status_code == 403


def test_a_class_list_brings_nobody_into_somebody_s_own_team(rows, log_in, event):
    organiser, victim = make_user(rows, "organiser"), make_user(rows, "victim")
    own = make_team(rows, "victim", [victim], is_individual=True)
    rows.add(EventAdmin(event_id=event.id, user_id=organiser.id))
    rows.commit()

    answer = upload(
        log_in(organiser),
        "email,team\nvictim@example.org,\norganiser@example.org,victim\n",
    )

    assert answer.status_code == 422
    assert "Line 3: victim is somebody" in answer.text
    assert [user.name for user in team_queries.members(rows, own.id)] == ["victim"]


def test_an_organiser_announces_in_the_own_event_only(rows, log_in, event):
    make_event(rows, "other")
    ada = make_user(rows, "ada")
    mine = make_event(rows, "mine", admins=[ada])
    rows.commit()
    client = log_in(ada)
    form = {"text": "New data.", "level": "info", "by_mail": "y"}

    for name in ("other", ""):
        assert client.post("/admin/announcements", data={**form, "event": name}).status_code == 422
    assert client.post("/admin/announcements", data={**form, "event": "mine"}).status_code == 302

    announcement = rows.scalar(select(Announcement))
    rows.commit()
    assert announcement.event_id == mine.id
    assert "New data." in client.get("/events/mine").text
    client.post(f"/admin/announcements/{announcement.id}/withdraw")
    page = client.get("/events/mine")
    assert "New data." not in page.text

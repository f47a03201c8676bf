"""What organisers do in the browser: let people in, change events, mind submissions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from databoard.store.files import Files
from databoard.store.models import (
    AuditEntry,
    Event,
    EventTeam,
    Interaction,
    Job,
    Notification,
    OutgoingMail,
    Submission,
    Trainer,
    User,
)
from databoard.store.queries import jobs
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)

NOW = datetime.now(UTC)


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def admin(rows, log_in):
    root = make_user(rows, "root", access_level="admin")
    rows.commit()
    return log_in(root)


def look(rows, query):
    found = rows.scalar(query)
    rows.commit()
    return found


def test_who_waits_is_let_in_and_told(admin, rows):
    make_user(rows, "ada", access_level="asked")
    rows.commit()
    assert "ada@example.org" in admin.get("/admin").text

    admin.post("/admin/users/ada/approve")

    assert look(rows, select(User.access_level).where(User.name == "ada")) == "user"
    assert look(rows, select(OutgoingMail.subject)) == "Your account is active"
    assert look(rows, select(AuditEntry.action)) == "approve_user"


def test_who_is_refused_reads_the_reason(admin, rows):
    make_user(rows, "ada", access_level="asked")
    rows.commit()

    assert admin.post("/admin/users/ada/refuse", data={"reason": ""}).status_code == 422
    admin.post("/admin/users/ada/refuse", data={"reason": "Unknown address."})

    assert look(rows, select(User.refusal).where(User.name == "ada")) == "Unknown address."
    assert "Unknown address." in look(rows, select(OutgoingMail.body))


@pytest.mark.parametrize("level", ["user", "banned"])
def test_an_administrator_does_not_lock_himself_out(admin, rows, level):
    assert admin.post("/admin/users/root/access", data={"level": level}).status_code == 403


def test_a_closed_account_is_logged_out(admin, app, rows, log_in):
    ada = make_user(rows, "ada")
    rows.commit()
    browser = log_in(ada, app.test_client())
    assert browser.get("/user").status_code == 200

    admin.post("/admin/users/ada/access", data={"level": "banned"})

    assert browser.get("/user").status_code == 302


def test_levels_are_taken_from_a_list(admin, rows):
    make_user(rows, "ada")
    rows.commit()

    assert admin.post("/admin/users/ada/access", data={"level": "god"}).status_code == 422


def test_users_are_found_by_words(admin, rows):
    make_user(rows, "ada")
    make_user(rows, "bob")
    rows.commit()

    page = admin.get("/admin/users?q=ada").text

    assert "ada@example.org" in page
    assert "bob@example.org" not in page


# ---- events --------------------------------------------------------------------------------------


@pytest.fixture
def organiser(rows):
    return make_user(rows, "organiser")


@pytest.fixture
def event(rows, organiser):
    return make_event(rows, "iris", title="Irises", admins=[organiser], opening_at=NOON)


FORM = {
    "title": "Irises 2",
    "opening_at": "2026-11-22T10:00",
    "closing_at": "2026-12-01T10:00",
    "is_public": "y",
    "max_members_per_team": "3",
    "pause_s": "900",
    "max_per_day": "5",
    "fold_seconds": "60",
    "fold_memory_mb": "1024",
    "late_s": "0",
    "fold_cores": "1",
    "fold_disk_mb": "64",
    "fold_output_kb": "64",
    "max_upload_kb": "500",
    "max_n_ensemble": "20",
    "log_policy": "full",
}


def test_an_event_is_changed_by_its_form_in_utc(client, rows, log_in, organiser, event):
    rows.commit()
    old = event.version

    response = log_in(organiser).post("/admin/events/iris/edit", data=FORM)

    assert response.location == "/admin/events/iris"
    rows.refresh(event)
    assert (event.title, event.pause_s, event.max_per_day) == ("Irises 2", 900, 5)
    assert event.opening_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert event.version > old


def test_the_form_of_an_event_shows_what_is_set(client, rows, log_in, organiser, event):
    rows.commit()

    page = log_in(organiser).get("/admin/events/iris/edit").text

    assert 'value="Irises"' in page
    assert 'value="2026-11-22T12:00' in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Please enter a title."),
        ({"closing_at": "2026-11-20T10:00"}, "closing must not come before the opening"),
        ({"fold_seconds": "0"}, "Enter 1 to"),
        ({"pause_s": "soon"}, "Not a valid integer value"),
    ],
)
def test_a_bad_form_of_an_event_changes_nothing(
    client, rows, log_in, organiser, event, change, words
):
    rows.commit()

    response = log_in(organiser).post("/admin/events/iris/edit", data=FORM | change)

    assert response.status_code == 422
    assert words in response.text
    assert look(rows, select(Event.title)) == "Irises"


def test_an_organiser_sees_nothing_of_another_event(client, rows, log_in, organiser, event):
    other = make_event(rows, "rose", title="Roses")
    make_submission(rows, make_event_team(rows, other), "thorn")
    make_event_team(rows, other, make_team(rows, "gardeners"), approved_at=None)
    rows.commit()
    log_in(organiser)

    for path in ("/admin", "/admin/events", "/admin/submissions", "/user_interactions"):
        page = client.get(path).text
        assert "Roses" not in page
        assert "thorn" not in page
        assert "gardeners" not in page
    assert client.get("/admin/submissions?event=rose").status_code == 404


def test_a_team_that_waits_is_let_in(client, rows, log_in, organiser, event):
    place = make_event_team(rows, event, make_team(rows, "patient"), approved_at=None)
    rows.commit()
    assert "patient" in log_in(organiser).get("/admin/events/iris").text

    client.post(f"/admin/events/iris/teams/{place.id}/approve")

    assert look(rows, select(EventTeam.approved_at)) is not None
    assert "Irises" in look(rows, select(OutgoingMail.subject))


def test_a_team_of_another_event_is_not_there(client, rows, log_in, organiser, event):
    place = make_event_team(rows, make_event(rows, "rose"), approved_at=None)
    rows.commit()

    response = log_in(organiser).post(f"/admin/events/iris/teams/{place.id}/approve")

    assert response.status_code == 404
    assert look(rows, select(EventTeam.approved_at)) is None


# ---- submissions ---------------------------------------------------------------------------------


def test_submissions_are_found_by_event_state_and_words(admin, rows, event):
    place = make_event_team(rows, event, make_team(rows, "mates"))
    make_scored_submission(rows, place, "forest")
    make_submission(rows, place, "broken", state="training_error", fault="team")
    make_submission(rows, place, "hundred%")
    rows.commit()

    def found(query):
        page = admin.get(f"/admin/submissions?{query}").text
        return [name for name in ("forest", "broken", "hundred%") if f">{name}<" in page]

    assert found("") == ["forest", "broken", "hundred%"]
    assert found("event=iris&state=failed") == ["broken"]
    assert found("q=FOR") == ["forest"]
    assert found("q=%25") == ["hundred%"]  # W11
    assert found("q=mates&state=scored") == ["forest"]
    assert admin.get("/admin/submissions?state='--").status_code == 422


def test_a_long_list_has_pages(admin, rows, event):
    place = make_event_team(rows, event)
    for number in range(51):
        make_submission(rows, place, f"try{number}")
    rows.commit()

    assert ">try0<" not in admin.get("/admin/submissions").text
    assert ">try0<" in admin.get("/admin/submissions?page=2").text


def test_a_submission_is_trained_again(admin, rows, event):
    submission = make_scored_submission(rows, make_event_team(rows, event), "forest")
    rows.commit()

    admin.post(f"/admin/submissions/{submission.hash_}/retry")

    assert look(rows, select(Submission.state)) == "new"
    assert look(rows, select(Job.state)) == "due"


def test_a_waiting_submission_is_cancelled(admin, rows, event):
    submission = make_submission(rows, make_event_team(rows, event), has_job=True)
    rows.commit()

    admin.post(f"/admin/submissions/{submission.hash_}/cancel")

    assert look(rows, select(Submission.state)) == "cancelled"


# issue 5, 7: any log, whatever its team may see of it
def test_an_organiser_opens_the_log_of_what_failed(
    client, rows, log_in, organiser, event, settings
):
    event.log_policy = "limited"
    failed = make_submission(
        rows, make_event_team(rows, event), state="training_error", fault="team", error_fold=1
    )
    rows.commit()
    Files(settings.submissions_dir).write_fold(failed.folder, 1, "log.txt", b"what it printed")

    address = f"/{failed.hash_}/log_1.txt"

    assert f'href="{address}"' in log_in(organiser).get("/admin/submissions").text
    assert client.get(address).text == "what it printed"


def test_deleting_says_what_goes_and_then_removes_it(admin, rows, event):
    submission = make_scored_submission(rows, make_event_team(rows, event), "forest")
    rows.commit()
    address = f"/admin/submissions/{submission.hash_}/delete"

    assert "classifier.py" in admin.get(address).text
    assert look(rows, select(Submission.name)) == "forest"
    admin.post(address)

    assert look(rows, select(Submission.name)) is None
    assert look(rows, select(AuditEntry.action)) == "delete_submission"


# issue 5, 7
def test_a_submission_is_withdrawn_with_a_reason_and_put_back(
    client, rows, log_in, organiser, event
):
    ada = make_user(rows, "ada")
    place = make_event_team(rows, event, make_team(rows, "mates", [ada]))
    submission = make_scored_submission(rows, place, "forest")
    rows.commit()
    address = f"/admin/submissions/{submission.hash_}/withdraw"
    log_in(organiser)
    assert ">forest<" in client.get("/events/iris/leaderboard").text
    assert "Withdraw forest?" in client.get(address).text
    assert client.post(address, data={"reason": " "}).status_code == 422

    assert client.post(address, data={"reason": "Private data in it."}).status_code == 302

    assert ">forest<" not in client.get("/events/iris/leaderboard").text
    assert ">forest<" not in client.get("/admin/submissions").text
    assert "Private data in it." in client.get("/admin/submissions?state=withdrawn").text
    assert "Private data in it." in client.get(f"/{submission.hash_}").text
    assert "Private data in it." in look(rows, select(Notification.text))
    assert client.post(address, data={"reason": "Again."}).status_code == 422
    assert client.post(f"/admin/submissions/{submission.hash_}/retry").status_code == 422

    assert client.post(f"/admin/submissions/{submission.hash_}/put-back").status_code == 302

    assert ">forest<" in client.get("/events/iris/leaderboard").text
    assert rows.scalars(select(AuditEntry.action)).all() == ["withdraw", "put_back"]


# ---- the machine room ----------------------------------------------------------------------------


def test_a_trainer_is_told_to_pause(admin, rows):
    now = datetime.now(UTC)  # not NOW: a trainer that was not seen for minutes is lost
    rows.add(Trainer(name="one", started_at=now, seen_at=now))
    rows.commit()
    assert "Pause" in admin.get("/admin/trainers").text

    admin.post("/admin/trainers/one/state", data={"state": "paused"})

    assert look(rows, select(Trainer.state)) == "paused"
    assert admin.post("/admin/trainers/one/state", data={"state": "x"}).status_code == 422


# neighbours 66; issue 5, 7
def test_each_lane_tells_how_many_wait_and_how_long(admin, rows, event):
    now = datetime.now(UTC)
    place = make_event_team(rows, event)
    for _ in range(3):
        make_submission(rows, place, has_job=True)
    waiting, running, ended = rows.scalars(select(Job)).all()
    waiting.due_at = now - timedelta(minutes=5)
    running.state, running.lease_until = "running", now + timedelta(minutes=1)
    running.due_at, running.started_at = now - timedelta(minutes=2), now - timedelta(minutes=1)
    ended.state, ended.due_at = "done", now - timedelta(hours=1)
    ended.started_at = ended.due_at + timedelta(minutes=3)
    rows.commit()

    check, train = jobs.lanes(rows, now)
    rows.commit()

    assert (check.n_due, check.n_running, check.oldest, check.typical_wait_s) == (0, 0, None, None)
    assert (train.n_due, train.n_running, train.oldest) == (1, 1, waiting.due_at)
    assert train.typical_wait_s == pytest.approx(120)
    page = admin.get("/admin/trainers").text
    assert "Quick checks of sandboxes" in page
    assert 'data-label="Usual wait" class="num">2 min' in page


def test_without_a_trainer_the_overview_warns(admin):
    assert "No trainer is running" in admin.get("/admin").text


def test_interactions_are_listed_by_user_and_kind(admin, rows, event):  # checklist 75
    ada, bob = make_user(rows, "ada"), make_user(rows, "bob")
    for user, kind in ((ada, "look"), (bob, "import")):
        rows.add(Interaction(at=NOON, user=user, kind=kind, event_id=event.id))
    rows.commit()

    assert ">bob<" not in admin.get("/user_interactions?user=ADA").text
    assert ">ada<" not in admin.get("/user_interactions?kind=import").text
    assert ">ada<" in admin.get("/user_interactions?event=iris").text


def test_what_admins_did_is_kept(admin, rows, event):
    rows.commit()
    admin.post("/admin/events/iris/edit", data=FORM)

    page = admin.get("/admin/audit").text

    assert "edit event" in page
    assert "max_per_day" in page

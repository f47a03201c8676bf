"""What administrators see of the machine: recurrent tasks, and the letters that leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from databoard.services import environments, jobs, outbox, tasks
from databoard.store.models import OutgoingMail
from tests.builders import (
    make_event,
    make_event_team,
    make_problem,
    make_submission,
    make_team,
    make_user,
)

NOW = datetime.now(UTC)


@pytest.fixture
def app(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def admin(rows, log_in):
    root = make_user(rows, "root", access_level="admin", created_at=NOW - timedelta(days=9))
    rows.commit()
    return log_in(root)


def test_a_failed_task_shows_what_it_said(admin, rows):
    assert "No task has run yet" in admin.get("/admin/tasks").text
    run = tasks.start(rows, "backup", now=NOW)
    tasks.finish(rows, run, ok=False, message="dumping\n<No space left>", now=NOW)
    rows.commit()

    text = admin.get("/admin/tasks?task=backup").text

    assert "failed" in text
    assert "&lt;No space left&gt;" in text


def test_a_task_of_the_installation_s_crontab_may_be_late(admin, settings):
    (settings.root / "crontab").write_text("7 0 * * *  x run-task backup -- y\n")

    assert "late" in admin.get("/admin/tasks").text


def test_a_failed_environment_says_what_to_do(admin, rows):
    problem = make_problem(rows, "boxes")
    words = "problems/boxes/requirements.txt, line 2 (cowsay==99.0): pip finds no <cowsay>"
    environments.note(rows, problem.id, "failed", now=NOW, words=words, line=2, key="k" * 40)
    rows.commit()

    text = admin.get("/admin/trainers").text

    assert "line 2 (cowsay==99.0): pip finds no &lt;cowsay&gt;" in text
    assert "fab build_environment:boxes" in text


def write(rows, body="Hello.", **fields):
    letter = outbox.write(rows, "k", "ada@example.org", "<Subject>", body, now=NOW)
    for name, value in fields.items():
        setattr(letter, name, value)
    rows.commit()
    return letter.id


def test_a_letter_is_shown_with_its_links_but_no_key_to_the_account(admin, rows, settings):
    token = "abcdefghijklmnopqrstuvwxyz"
    key = write(rows, f"Open\n\n/events/iris/sandbox\n\nor\n\n/confirm/{token}\n")

    text = admin.get(f"/admin/mail/{key}").text

    assert f"{settings.public_url}/events/iris/sandbox" in text
    assert token not in text
    assert "&lt;Subject&gt;" in text


def test_a_letter_that_was_given_up_is_sent_again_once_asked(admin, rows):
    key = write(rows, attempts=8, error="OSError: no route")
    assert "OSError: no route" in admin.get("/admin/mail?state=failed").text

    admin.post(f"/admin/mail/{key}/send")

    rows.expire_all()
    assert rows.get(OutgoingMail, key).attempts == 0
    assert "ada@example.org" in admin.get("/admin/mail?state=waiting").text


def test_a_letter_that_was_sent_is_not_sent_again(admin, rows):
    key = write(rows, sent_at=NOW)

    assert admin.post(f"/admin/mail/{key}/send").status_code == 422
    assert admin.get("/admin/mail?state=nonsense").status_code == 422


def test_the_queue_tells_submissions_of_the_same_name_apart(admin, rows):
    event = make_event(rows, "course")
    for name in ("reds", "blues"):
        place = make_event_team(rows, event, make_team(rows, name))
        jobs.enqueue(rows, make_submission(rows, place, "first"), now=NOW)
    rows.commit()

    page = admin.get("/admin/trainers").text

    assert f"reds, {event.title}" in page
    assert f"blues, {event.title}" in page
    assert page.count("Stop first?") == 2


def test_a_question_whether_to_cancel_does_not_offer_cancel_twice(admin):
    dialog = (
        admin.get("/admin/trainers").text.split('<dialog id="question"')[1].split("</dialog>")[0]
    )

    assert "Cancel" not in dialog
    assert "Back" in dialog

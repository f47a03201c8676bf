"""What every page says at its top."""

from __future__ import annotations

from datetime import UTC, datetime

from databoard.services import announcements
from databoard.store.models import Trainer
from databoard.web import banners
from tests.builders import make_event, make_user

NOW = datetime.now(UTC)
WORDS = "isolation: NONE - submissions run unprotected"


def test_a_trainer_without_isolation_is_told_on_every_page(client, rows):
    rows.add(
        Trainer(
            name="t",
            isolation="none",
            notes=f"{WORDS}\nwhy",
            started_at=datetime.now(UTC),
            seen_at=datetime.now(UTC),
        )
    )
    rows.commit()

    for path in ("/", "/events", "/login", "/nothing-here"):
        assert WORDS in client.get(path).text


def test_an_isolated_trainer_raises_no_banner(client, rows):
    rows.add(
        Trainer(
            name="t",
            isolation="ns",
            notes=WORDS,
            started_at=datetime.now(UTC),
            seen_at=datetime.now(UTC),
        )
    )
    rows.commit()

    assert WORDS not in client.get("/").text


def test_an_event_s_announcement_stays_with_who_may_know_of_it(app, client, rows, log_in):
    root = make_user(rows, "root", access_level="admin")
    hidden, shown = make_event(rows, "hidden", is_public=False), make_event(rows, "shown")
    announcements.announce(rows, root, "Psst.", event=hidden, now=NOW)
    announcements.announce(rows, root, "Hurry.", event=shown, now=NOW, level="warning")
    announcements.announce(rows, root, "All stop.", now=NOW)
    rows.commit()

    assert "All stop." in client.get("/").text
    assert "Hurry." not in client.get("/").text
    assert "Hurry." in client.get("/events/shown").text
    assert "Psst." not in client.get("/events/hidden").text
    assert "Psst." in log_in(root).get("/events/hidden").text


def test_a_banner_that_is_withdrawn_goes(app, client, rows):
    root = make_user(rows, "root", access_level="admin")
    announcement = announcements.announce(rows, root, "All stop.", now=NOW)
    rows.commit()
    assert "All stop." in client.get("/").text
    announcements.withdraw(rows, announcement, now=NOW)
    rows.commit()
    with app.app_context():
        banners.forget()

    assert "All stop." not in client.get("/").text

"""The doctor sees what is broken, says how to mend it, and is content with what is well."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from databoard import __version__
from databoard.services import health, outbox
from databoard.store.models import Trainer
from tests.builders import NOON, make_event_team, make_job, make_submission

GOOD_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


def trainer(session, **fields):
    values = {
        "name": "t1",
        "isolation": "ns",
        "notes": "isolation: ns\nno cgroups",
        "version": __version__,
        "started_at": NOON,
        "seen_at": NOON,
        **fields,
    }
    session.add(Trainer(**values))
    session.flush()


def only(findings):
    (finding,) = findings
    return finding


def test_tables_without_a_revision_are_red(session):
    finding = health.check_migrations(session)

    assert finding.level == "red"
    assert "db upgrade" in finding.mend


def test_the_newest_revision_is_green(session):
    head = health.ScriptDirectory(str(health.MIGRATIONS)).get_current_head()
    session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})

    assert health.check_migrations(session).level == "green"


def test_no_trainer_is_red(session):
    assert only(health.check_trainers(session, now=NOON)).level == "red"


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({}, "green"),
        ({"version": "0.0.1"}, "yellow"),
        ({"state": "paused"}, "yellow"),
        ({"isolation": "none", "notes": "isolation: NONE"}, "red"),
        ({"seen_at": NOON - timedelta(minutes=6)}, "red"),
    ],
)
def test_a_trainer_is_judged(session, fields, level):
    trainer(session, **fields)

    assert only(health.check_trainers(session, now=NOON)).level == level


def test_only_a_living_trainer_without_isolation_is_warned_of(session):
    trainer(session)
    assert health.weakest_isolation(session, now=NOON) == ""
    trainer(session, name="t2", isolation="none", notes="isolation: NONE - unprotected\nwhy")

    assert health.weakest_isolation(session, now=NOON) == "isolation: NONE - unprotected"
    assert health.weakest_isolation(session, now=NOON + timedelta(minutes=6)) == ""


def test_a_job_that_waits_long_is_seen(session):
    submission = make_submission(session, make_event_team(session), state="new")
    make_job(session, submission, due_at=NOON)

    assert health.check_queue(session, now=NOON).level == "green"
    finding = health.check_queue(session, now=NOON + timedelta(minutes=45))
    assert finding.level == "yellow"
    assert "45 minutes" in finding.what


def test_letters_that_wait_are_red_and_those_given_up_yellow(session):
    letter = outbox.write(session, "k", "ada@example.org", "S", "B", now=NOON)
    assert health.check_letters(session, now=NOON).level == "green"
    assert health.check_letters(session, now=NOON + timedelta(hours=2)).level == "red"
    letter.attempts = 99
    session.flush()

    assert health.check_letters(session, now=NOON + timedelta(hours=2)).level == "yellow"


def test_a_clock_that_is_behind_the_trainers_is_red(session):
    now = datetime.now(UTC)  # PostgreSQL is asked for its own time, too
    trainer(session, seen_at=now + timedelta(minutes=2))
    assert health.check_clock(session, now=now).level == "red"

    session.execute(update(Trainer).values(seen_at=now))
    session.expire_all()
    assert health.check_clock(session, now=now).level == "green"


def levels(findings):
    return {finding.name: finding.level for finding in findings}


@pytest.mark.parametrize(("free", "level"), [(0.5, "green"), (0.08, "yellow"), (0.01, "red")])
def test_a_disk_that_fills_is_seen_before_it_is_full(tmp_path, monkeypatch, free, level):
    usage = shutil.disk_usage(tmp_path)._replace(total=10**9, free=int(free * 10**9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    finding = health.check_disk(tmp_path)

    assert finding.level == level
    assert level == "green" or "fab clean" in finding.mend


def test_folders_are_missing_or_open_to_everybody(settings):
    assert set(levels(health.check_folders(settings)).values()) == {"green"}
    settings.submissions_dir.rmdir()
    (settings.root / "db").chmod(0o777)
    key = settings.root / "db" / "secret_key"
    key.write_text("key")
    key.chmod(0o644)

    found = levels(health.check_folders(settings))

    assert found["folder submissions"] == found["folder db"] == found[str(key)] == "red"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"secret_key": "s" * 40}, "secret key"),
        ({"csrf_enabled": False}, "forms"),
        ({"public_url": "http://example.org"}, "address"),
        ({"is_test": True}, "database"),
        ({"mail_url": "file:///tmp/mail"}, "mail"),
        ({"allow_unsafe": True}, "isolation"),
    ],
)
def test_production_refuses_what_a_laptop_may_have(settings, fields, name):
    good = replace(
        settings,
        is_production=True,
        secret_key=GOOD_KEY,
        public_url="https://example.org",
        mail_url="smtp://mail.example.org",
    )
    assert levels(health.check_settings(good)) == {"settings": "green"}

    assert levels(health.check_settings(replace(good, **fields)))[name] == "red"


@pytest.mark.postgres
def test_a_server_in_another_zone_is_told(postgres_url):
    assert health.check_time_zone("sqlite://").level == "green"
    from sqlalchemy import create_engine, make_url

    engine = create_engine(make_url(postgres_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = make_url(postgres_url).database
        connection.execute(text(f"ALTER DATABASE {name} SET timezone TO 'Europe/Paris'"))
    engine.dispose()

    finding = health.check_time_zone(postgres_url)

    assert finding.level == "yellow"
    assert "Europe/Paris" in finding.what

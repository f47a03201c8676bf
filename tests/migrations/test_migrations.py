"""Models and migrations agree, up and down, on both databases."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from databoard.cli.database import MIGRATIONS, create_db_app, migrate_to_head
from databoard.services import activity, teams
from databoard.store.base import Base
from databoard.store.engine import make_engine, make_sessions
from databoard.store.models import AuditEntry, Submission, TeamMember
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_team,
    make_user,
)

VERSIONS = sorted((MIGRATIONS / "versions").glob("*.py"))


def tables(url):
    engine = make_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


@pytest.fixture
def own_migrations(tmp_path):
    """A copy of the migrations that a test may add to."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


# checklist 7, 8, 11
def test_upgrade_agrees_with_the_models_and_goes_down_and_up_again(each_url, make_settings):
    settings = make_settings(database_url=each_url)

    with create_db_app(settings).app_context():
        flask_migrate.upgrade()
        assert tables(each_url) == {*Base.metadata.tables, "alembic_version"}
        flask_migrate.check()
        flask_migrate.downgrade(revision="base")
        assert tables(each_url) == {"alembic_version"}
        flask_migrate.upgrade()
        flask_migrate.check()


def test_a_second_upgrade_changes_nothing(each_url, make_settings):
    settings = make_settings(database_url=each_url)
    migrate_to_head(settings)
    engine = make_engine(each_url)
    with make_sessions(engine)() as session:
        make_team(session)
        session.commit()

    migrate_to_head(settings)

    with make_sessions(engine)() as session:
        assert session.scalar(select(func.count()).select_from(TeamMember)) == 1
    engine.dispose()


# checklist 9
def test_migrate_writes_nothing_where_nothing_changed(make_settings, sqlite_url, own_migrations):
    settings = make_settings(database_url=sqlite_url)

    with create_db_app(settings, own_migrations).app_context():
        flask_migrate.upgrade()
        flask_migrate.migrate(message="nothing")

    assert len(list((own_migrations / "versions").glob("*.py"))) == len(VERSIONS)


# checklist 9, 10
def test_a_dropped_table_is_found_again_by_a_file_that_imports_databoard(
    make_settings, sqlite_url, own_migrations
):
    settings = make_settings(database_url=sqlite_url)
    with create_db_app(settings, own_migrations).app_context():
        flask_migrate.upgrade()
        engine = make_engine(sqlite_url)
        Base.metadata.tables["folds"].drop(engine)
        Base.metadata.tables["audit_entries"].drop(engine)

        flask_migrate.migrate(message="the lost tables", rev_id="9999")
        (written,) = (own_migrations / "versions").glob("9999*.py")
        lines = written.read_text()
        written.write_text("import databoard\n" + lines)  # by hand once more is harmless
        flask_migrate.upgrade()
        flask_migrate.check()

    assert "import databoard" in lines
    assert "databoard.store" not in lines
    assert "sa.LargeBinary()" in lines
    assert "sa.DateTime(timezone=True)" in lines
    engine.dispose()


COPY_OF_A_TABLE = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("teams", recreate="always") as teams:
        teams.add_column(sa.Column("motto", sa.Text(), nullable=True))


def downgrade():
    with op.batch_alter_table("teams", recreate="always") as teams:
        teams.drop_column("motto")
"""


def test_changing_a_table_keeps_the_rows_that_point_to_it(
    make_settings, sqlite_url, own_migrations
):
    settings = make_settings(database_url=sqlite_url)
    migrate_to_head(settings)
    engine = make_engine(sqlite_url)
    with make_sessions(engine)() as session:
        make_team(session)
        session.commit()
    head = VERSIONS[-1].name.split("_")[0]
    (own_migrations / "versions" / "9999_motto.py").write_text(COPY_OF_A_TABLE.format(head=head))

    with create_db_app(settings, own_migrations).app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade()

    with make_sessions(engine)() as session:
        assert session.scalar(select(func.count()).select_from(TeamMember)) == 1
    engine.dispose()


def test_names_that_differ_by_case_only_are_reported_and_kept(each_url, make_settings, caplog):
    settings = make_settings(database_url=each_url)
    with create_db_app(settings).app_context():
        flask_migrate.upgrade(revision="0001")
        engine = make_engine(each_url)
        with engine.begin() as connection:
            for name in ("Ada", "ada", "bob"):
                connection.execute(
                    text(
                        "INSERT INTO teams (name, is_individual, created_at) "
                        "VALUES (:name, false, '2026-11-22')"
                    ),
                    {"name": name},
                )

        with pytest.raises(SystemExit):
            flask_migrate.upgrade(revision="0002")

        assert "teams.name: Ada (id 1)" in caplog.text
        assert "teams.name: ada (id 2)" in caplog.text
        assert "bob" not in caplog.text
        with engine.begin() as connection:
            assert connection.scalar(text("SELECT count(*) FROM teams")) == 3
            connection.execute(text("UPDATE teams SET name = 'ada_2' WHERE id = 2"))
        flask_migrate.upgrade(revision="0002")
    engine.dispose()


def test_one_name_is_taken_in_any_case(each_url, make_settings):
    migrate_to_head(make_settings(database_url=each_url))
    engine = make_engine(each_url)
    with make_sessions(engine)() as session:
        make_team(session, "ladies", [make_user(session, "ada")])
        session.commit()

        for clash in (
            {"name": "ADA", "email": "other@example.org"},
            {"name": "eve", "email": "ADA@example.org"},
        ):
            with pytest.raises(IntegrityError):
                make_user(session, **clash)
            session.rollback()
        with pytest.raises(IntegrityError):
            make_team(session, "Ladies", [make_user(session)])
    engine.dispose()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.name)
def test_a_migration_leans_on_nothing_of_databoard(path):
    used = path.read_text().replace("import databoard", "").replace("databoard.store.models", "")

    assert "import databoard" in path.read_text()  # checklist 10
    assert "databoard." not in used


# checklist 11
def test_every_migration_is_tracked():
    root = Path(MIGRATIONS).parent
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(
        ["git", "ls-files", "migrations/versions"], cwd=root, capture_output=True, text=True
    ).stdout.split()

    assert {f"migrations/versions/{path.name}" for path in VERSIONS} <= set(tracked)


def test_what_moved_a_ladder_is_known_after_0009(make_settings, sqlite_url):
    settings = make_settings(database_url=sqlite_url)
    engine = make_engine(sqlite_url)
    with create_db_app(settings).app_context():
        flask_migrate.upgrade()
        with make_sessions(engine)() as session:
            ladder, plain = (make_event(session, has_ladder=is_one) for is_one in (True, False))
            for event in (ladder, plain):
                for place in (make_event_team(session, event), make_event_team(session, event)):
                    for number, score in enumerate((0.5, 0.5, 0.7, 0.7)):
                        at = NOON + timedelta(minutes=number)
                        make_scored_submission(
                            session, place, f"s{number}", score=score, ended_at=at
                        )
            session.commit()
            ladder_id = ladder.id

        flask_migrate.downgrade(revision="0008")
        flask_migrate.upgrade()

    with make_sessions(engine)() as session:
        made = session.scalars(select(Submission)).all()
        assert {(one.event_id, one.name) for one in made if one.is_rung} == {
            (ladder_id, "s0"),
            (ladder_id, "s2"),
        }
        assert sum(one.is_rung for one in made) == 4
        assert all(one.awaits_analysis for one in made)
    engine.dispose()


def test_whose_name_an_entry_carries_is_known_after_0011(each_url, make_settings):
    settings = make_settings(database_url=each_url)
    engine = make_engine(each_url)
    with create_db_app(settings).app_context():
        flask_migrate.upgrade()
        with make_sessions(engine)() as session:
            ada = make_user(session, "ada")
            teams.individual(session, ada, now=NOON)
            for action in ("approve_user", "approve_team", "edit_event"):
                activity.audit(session, None, action, "ada", now=NOON)
            session.commit()
            key = ada.id

        flask_migrate.downgrade(revision="0010")
        flask_migrate.upgrade()

    with make_sessions(engine)() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        assert [entry.about_id for entry in entries] == [key, key, None]
    engine.dispose()

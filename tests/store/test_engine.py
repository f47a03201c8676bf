"""SQLite as a first-class citizen, and no write lost on either database."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from databoard.errors import BusyError, InvalidError
from databoard.store.base import Base
from databoard.store.engine import make_engine, make_sessions, read_only
from databoard.store.models import User
from databoard.store.opening import drop_tables, open_session
from databoard.store.outages import CONFLICTS
from tests.builders import NOON, make_user


@pytest.fixture
def each_engine(each_url):
    engine = make_engine(each_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_sqlite_waits_keeps_foreign_keys_and_a_journal(sqlite_url):
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()

    assert values == ["wal", 1, 30000]


def test_a_missing_folder_of_sqlite_is_made(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'db' / 'deep' / 'databoard.db'}")
    with engine.connect():
        pass
    engine.dispose()

    assert (tmp_path / "db" / "deep" / "databoard.db").is_file()


def test_objects_stay_readable_after_a_commit(each_engine):
    with make_sessions(each_engine)() as session:
        user = make_user(session, "ada")
        session.commit()
        assert not session.in_transaction()

    assert user.name == "ada"


def test_writers_add_up_and_none_is_refused(each_engine):
    sessions = make_sessions(each_engine)
    with sessions.begin() as session:
        user_id = make_user(session).id
    errors = []

    def work():
        try:
            for _ in range(5):
                with sessions.begin() as session:
                    # Reads first, as pages do: on SQLite such a read must not go stale.
                    bio = session.get(User, user_id, with_for_update=True).bio
                    session.get(User, user_id).bio = bio + "x"
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with sessions() as session:
        assert session.get(User, user_id).bio == "x" * 40


def test_a_page_that_reads_does_not_wait_for_a_writer(each_engine):
    sessions = make_sessions(each_engine)
    with sessions.begin() as session:
        make_user(session, "ada")

    with sessions() as writer:
        make_user(writer, "bob")
        with read_only(), sessions() as reader:
            assert [user.name for user in reader.query(User)] == ["ada"]
        writer.rollback()


def test_the_same_row_twice_is_a_conflict_that_edges_know(each_engine):
    sessions = make_sessions(each_engine)
    with sessions.begin() as session:
        make_user(session, "ada")

    with pytest.raises(CONFLICTS) as error, sessions.begin() as session:
        session.add(User(name="ada", email="other@example.org", created_at=NOON))
    assert isinstance(error.value, IntegrityError)


def test_a_database_without_tables_says_what_to_run(each_url):
    with (
        pytest.raises(BusyError, match=r"manage\.py db upgrade"),
        open_session(each_url) as session,
    ):
        session.query(User).all()


def test_a_database_that_is_away_is_busy():
    url = "postgresql://nobody@127.0.0.1:1/nothing"

    with pytest.raises(BusyError, match="does not answer"), open_session(url) as session:
        session.execute(text("SELECT 1"))


def test_tables_can_be_dropped(each_engine, each_url):
    drop_tables(each_url)

    with each_engine.connect() as connection:
        assert not each_engine.dialect.has_table(connection, "users")


@pytest.mark.parametrize("text_", ["half of a pair: \ud800", "\0"])
def test_what_is_no_text_is_refused_by_its_sender_s_fault(each_engine, text_):
    if text_ == "\0" and each_engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes it")
    with make_sessions(each_engine)() as session, pytest.raises(InvalidError, match="character"):
        session.scalar(select(User).where(User.name == text_))

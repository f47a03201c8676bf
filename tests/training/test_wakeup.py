"""Hearing of news, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from databoard.store.engine import make_engine
from databoard.store.queries import jobs as queries
from databoard.training.wakeup import make_wakeup


@pytest.fixture
def engine(each_url):
    engine = make_engine(each_url)
    yield engine
    engine.dispose()


@pytest.fixture
def other(each_url):
    engine = make_engine(each_url)
    yield engine
    engine.dispose()


@pytest.fixture
def heard(engine):
    heard = threading.Event()
    wakeup = make_wakeup(engine, heard.set)
    wakeup.start()
    assert wakeup.is_listening.wait(10)
    yield heard
    wakeup.stop()
    assert not wakeup.is_alive()


def announce(engine) -> None:
    with Session(engine) as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS news (id INTEGER)"))
        session.execute(text("INSERT INTO news VALUES (1)"))
        queries.wake(session)
        session.commit()


def test_a_commit_of_another_process_is_heard(heard, other):
    announce(other)

    assert heard.wait(10)


def test_silence_is_not_heard(heard):
    assert not heard.wait(0.3)


@pytest.mark.postgres
def test_a_lost_connection_is_made_again(postgres_url):
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    heard = threading.Event()
    wakeup = make_wakeup(engine, heard.set)
    wakeup.start()
    assert wakeup.is_listening.wait(10)
    wakeup.is_listening.clear()
    with other.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
        )
    assert heard.wait(10)  # for what may have been missed
    assert wakeup.is_listening.wait(10)
    heard.clear()

    announce(other)

    assert heard.wait(10)
    wakeup.stop()
    engine.dispose()
    other.dispose()

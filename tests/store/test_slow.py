"""DATABOARD_DB_PERF: slow queries are logged with the place that asked."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from databoard.store import slow
from databoard.store.queries import health


# checklist 45
def test_a_slow_query_is_logged_with_its_place(engine, caplog):
    slow.watch(engine, 0.0)
    with Session(engine) as session:
        health.n_lost_letters(session)

    assert "databoard/store/queries/health.py" in caplog.text
    assert "n_lost_letters: SELECT count" in caplog.text


def test_a_fast_query_is_counted_but_not_logged(engine, caplog):
    slow.watch(engine, 60.0)
    tally = slow.start_tally()
    with Session(engine) as session:
        session.execute(text("SELECT 1"))

    assert tally.number == 1
    assert tally.seconds > 0
    assert caplog.text == ""


def test_arguments_of_queries_are_not_logged(engine, caplog):
    slow.watch(engine, 0.0)
    with Session(engine) as session:
        session.execute(text("SELECT :word"), {"word": "s3cret"})

    assert "s3cret" not in caplog.text

"""What a transaction has read once it keeps, and no longer than its end; arrays, while they fit."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select, update

from databoard.store.memory import Arrays, expire, keep
from databoard.store.models import Event, Submission
from tests.builders import make_event, make_event_team, make_submission


def test_a_row_is_read_once_in_a_transaction_and_anew_in_the_next(session):
    event = make_event(session)
    session.commit()
    reads = []

    def read():
        reads.append(session.scalar(select(Event)))
        return reads[-1]

    assert keep(session, "event", read) is keep(session, "event", read) is event
    assert len(reads) == 1
    session.commit()
    assert keep(session, "event", read) is event
    assert len(reads) == 2


def test_what_has_left_the_session_is_read_anew(session):
    event = make_event(session)
    session.commit()
    reads = []

    def read():
        reads.append(session.merge(event))
        return reads[-1]

    keep(session, "event", read)
    session.expunge_all()

    assert keep(session, "event", read) in session
    assert len(reads) == 2


def test_what_was_not_found_is_looked_for_again(session):
    event = make_event(session)

    assert keep(session, "event", lambda: None) is None
    assert keep(session, "event", lambda: event) is event


def test_a_row_that_was_changed_beside_the_session_is_read_again(session):
    submission = make_submission(session, make_event_team(session, make_event(session)))
    session.flush()
    session.execute(
        update(Submission).values(message="new").execution_options(synchronize_session=False)
    )
    assert submission.message == ""

    expire(session, Submission, submission.id)
    expire(session, Submission, submission.id + 1)

    assert submission.message == "new"


def test_arrays_are_remembered_up_to_a_sum_of_bytes():
    arrays, made = Arrays(max_bytes=100), []

    def get(key, n_bytes):
        return arrays.get(key, lambda: made.append(key) or np.zeros(n_bytes, dtype=np.uint8))

    for key in ("a", "b", "a", "c"):  # with c one has to go, and b was asked for longest ago
        get(key, 40)
    assert made == ["a", "b", "c"]

    get("a", 40)
    get("b", 40)
    assert made == ["a", "b", "c", "b"]
    assert arrays.n_bytes == 80

    assert get("large", 200).nbytes == 200
    assert arrays.n_bytes == 80
    assert arrays.get("none", lambda: None) is None

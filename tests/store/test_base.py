"""Times are aware and in UTC, arrays come back as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from databoard.store.models import Event, Fold, FoldScore
from tests.builders import NOON, make_event, make_scored_submission, make_user


def test_a_time_comes_back_aware_and_in_utc(session):
    user = make_user(session)
    tokyo = timezone(timedelta(hours=9))
    user.last_seen_at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=tokyo)
    session.flush()
    session.expire(user)

    assert user.last_seen_at == datetime(2026, 3, 28, 17, 30, 0, 123456, tzinfo=UTC)
    assert user.last_seen_at.utcoffset() == timedelta(0)
    assert user.deleted_at is None


def test_a_time_without_a_zone_is_refused(session):
    user = make_user(session)
    user.last_seen_at = datetime(2026, 1, 1)  # noqa: DTZ001 - the point

    with pytest.raises(StatementError, match="has no time zone"):
        session.flush()
    session.rollback()


@pytest.mark.parametrize(
    "rows", [[], [0], [5, 3, 5, 2**40], np.arange(1000, dtype=np.int32), np.arange(9)[::2]]
)
def test_row_numbers_come_back_as_int64(session, rows):
    event = make_event(session, n_folds=1)
    fold = event.folds[0]
    fold.train_is = rows
    session.flush()
    session.expire(fold)

    assert fold.train_is.dtype == np.int64
    np.testing.assert_array_equal(fold.train_is, np.asarray(rows, dtype=np.int64))


def test_scores_keep_their_last_digit(session):
    submission = make_scored_submission(session)
    score = submission.fold_runs[0].scores[0]
    score.valid = 0.1 + 0.2
    session.flush()
    session.expire_all()

    assert (
        session.get(FoldScore, (score.fold_run_id, score.event_score_type_id)).valid
        == 0.30000000000000004
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"opening_at": NOON, "closing_at": NOON - timedelta(days=1)},
        {"log_policy": "secret"},
        {"pause_s": -1},
        {"fold_seconds": 0},
    ],
)
def test_the_database_itself_refuses_nonsense(session, fields):
    with pytest.raises(IntegrityError):
        make_event(session, **fields)
    session.rollback()


def test_negative_seconds_are_impossible(session):  # R6
    submission = make_scored_submission(session)
    submission.fold_runs[0].train_s = -1.0

    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_removing_an_event_removes_its_folds(session):
    event = make_event(session)
    session.delete(event)
    session.flush()

    assert session.query(Event).count() == session.query(Fold).count() == 0

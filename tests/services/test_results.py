"""Results: recorded once, summed as numpy sums, and the end of a run is an end."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from databoard.errors import InvalidError
from databoard.services import jobs, results
from databoard.services.results import Ending, FoldOutcome
from databoard.store.models import (
    BaggedScore,
    FoldScore,
    Notification,
    OutgoingMail,
    SubmissionScore,
)
from databoard.store.queries import events as event_queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_score_type,
    make_submission,
    make_team,
    make_user,
)

STEPS = ("train", "valid", "test")
N_FOLDS = 5


def make_run(session, **fields):
    scores = [make_score_type(session), make_score_type(session, "nll", is_lower_the_better=True)]
    event = make_event(session, score_types=scores, n_folds=N_FOLDS, **fields)
    submission = make_submission(session, make_event_team(session, event), has_job=True)
    return submission, jobs.claim(session, "trainer", now=NOON)


def outcome(scores, seconds=None, **fields):
    values = {step: {"accuracy": scores[i], "nll": 1 - scores[i]} for i, step in enumerate(STEPS)}
    return FoldOutcome("scored", scores=values, seconds=seconds or {}, **fields)


def record(session, job, number, result):
    return results.record_fold(session, job.id, job.token, number, result, now=NOON)


def finish(session, job, **fields):
    return results.finish(session, job.id, job.token, Ending(**fields), now=NOON)


def bagged(values):
    return {
        step: [{"accuracy": value, "nll": 1 - value} for value in values]
        for step in ("valid", "test")
    }


def test_the_sums_are_numpys(session):
    submission, job = make_run(session)
    rng = np.random.default_rng(7)
    scores, seconds = rng.random((N_FOLDS, 3)), rng.random((N_FOLDS, 3))
    for number in range(N_FOLDS):
        times = dict(zip(STEPS, seconds[number], strict=True))
        result = outcome(
            scores[number], times, peak_mb=100.0 + number, isolation="full", train_sha256="a" * 64
        )
        assert record(session, job, number, result)
    bags = rng.random(N_FOLDS)

    assert finish(session, job, bagged=bagged(bags), data_hash="d" * 64)

    assert (submission.state, submission.ended_at, job.state) == ("scored", NOON, "done")
    assert (submission.peak_mb, submission.isolation) == (104.0, "full")
    assert submission.data_hash == "d" * 64
    assert [submission.train_s, submission.valid_s, submission.test_s] == list(seconds.mean(axis=0))
    row = next(s for s in submission.scores if s.event_score_type.name == "accuracy")
    for i, step in enumerate(STEPS):
        assert getattr(row, f"{step}_mean") == np.mean(scores[:, i])
        assert getattr(row, f"{step}_std") == np.std(scores[:, i])
    assert row.public == row.valid_bag == bags[-1]
    assert row.private == row.test_bag == bags[-1]
    curve = session.execute(
        select(BaggedScore.n_folds, BaggedScore.valid)
        .where(BaggedScore.event_score_type_id == row.event_score_type_id)
        .order_by(BaggedScore.n_folds)
    ).all()
    assert [tuple(point) for point in curve] == [(i + 1, bags[i]) for i in range(N_FOLDS)]


def test_scores_come_back_to_the_last_digit(session):
    _, job = make_run(session)
    odd = (0.1 + 0.2, 1 / 3, 5e-324)

    record(session, job, 0, outcome(odd))
    session.expire_all()

    score = session.scalars(select(FoldScore).order_by(FoldScore.event_score_type_id)).first()
    assert (score.train, score.valid, score.test) == odd


def test_an_event_may_rank_by_means(session):
    submission, job = make_run(session, ranking="mean")
    for number in range(N_FOLDS):
        record(session, job, number, outcome((0.1, 0.2 * number, 0.3)))

    finish(session, job, bagged=bagged([0.9]))

    row = submission.scores[0]
    assert (row.public, row.private) == (row.valid_mean, row.test_mean)


def test_a_score_that_a_fold_has_not_has_no_mean(session):  # which would be that of the others
    submission, job = make_run(session, ranking="mean")
    for number in range(N_FOLDS):
        record(session, job, number, outcome((0.5, 0.5 if number else float("nan"), 0.5)))

    finish(session, job, bagged=bagged([0.5, 0.5]))

    row = submission.scores[0]
    assert (row.train_mean, row.valid_mean, row.public) == (0.5, None, None)


def test_a_kit_without_test_labels_has_no_test_scores(session):
    submission, job = make_run(session)
    for number in range(N_FOLDS):
        values = {step: {"accuracy": 0.5, "nll": 0.5} for step in ("train", "valid")}
        record(session, job, number, FoldOutcome("scored", scores=values))

    finish(session, job, bagged={"valid": bagged([0.5, 0.6])["valid"]})

    assert submission.state == "scored"
    assert [(s.test_mean, s.test_bag, s.private) for s in submission.scores] == [(None,) * 3] * 2
    assert {row.test for row in submission.bagged} == {None}


def test_a_fold_is_recorded_once(session):
    submission, job = make_run(session)

    assert record(session, job, 0, outcome((0.1, 0.2, 0.3)))
    assert not record(session, job, 0, outcome((1.0, 1.0, 1.0)))
    assert not record(session, job, 99, outcome((1.0, 1.0, 1.0)))

    assert submission.fold_runs[0].scores[0].valid == 0.2
    assert session.scalar(select(func.count()).select_from(FoldScore)) == 2


def test_a_run_ends_once(session):
    _, job = make_run(session)
    for number in range(N_FOLDS):
        record(session, job, number, outcome((0.1, 0.2, 0.3)))

    assert finish(session, job, bagged=bagged([0.5]))
    assert not finish(session, job, bagged=bagged([0.9]))
    assert not record(session, job, 0, outcome((1.0, 1.0, 1.0)))

    assert session.scalar(select(func.count()).select_from(SubmissionScore)) == 2


def test_progress_shows_and_never_undoes_an_end(session):
    submission, job = make_run(session)
    run = submission.fold_runs[0]

    assert results.progress(session, job.id, job.token, 0, "trained", now=NOON)
    assert (run.state, run.started_at) == ("trained", NOON)
    record(session, job, 0, outcome((0.1, 0.2, 0.3)))
    assert results.progress(session, job.id, job.token, 0, "tested", now=NOON)
    assert run.state == "scored"
    assert not results.progress(session, job.id, job.token, 99, "trained", now=NOON)


def test_a_failure_names_the_step_and_stops_the_other_folds(session):
    submission, job = make_run(session)
    record(session, job, 0, outcome((0.1, 0.2, 0.3)))
    record(session, job, 1, FoldOutcome("training_error", fault="team", message="ValueError: no"))

    finish(
        session,
        job,
        fault="team",
        message="ValueError: no",
        error_file="classifier.py",
        error_line=3,
        error_fold=1,
        error_text="Traceback ...",
    )

    assert (submission.state, submission.fault) == ("training_error", "team")
    assert (submission.error_file, submission.error_line, submission.error_fold) == (
        "classifier.py",
        3,
        1,
    )
    assert [run.state for run in submission.fold_runs] == [
        "scored",
        "training_error",
        *["cancelled"] * 3,
    ]
    assert submission.scores == submission.bagged == []


def test_a_run_with_folds_to_come_has_no_end(session):
    submission, job = make_run(session)
    record(session, job, 0, outcome((0.1, 0.2, 0.3)))
    session.commit()

    with pytest.raises(InvalidError, match="not ended"):
        finish(session, job)
    session.rollback()

    assert (job.state, submission.state) == ("running", "training")


def test_a_failure_before_any_fold_may_be_recorded(session):
    submission, job = make_run(session)

    assert finish(session, job, state="checking_error", fault="organiser", message="no data")

    assert submission.state == "checking_error"
    assert {run.state for run in submission.fold_runs} == {"cancelled"}


def test_members_hear_of_the_end_once_per_run(session):
    event = make_event(session, title="Iris", sends_trained_mails=True, n_folds=1)
    members = [make_user(session), make_user(session), make_user(session, wants_mail=False)]
    place = make_event_team(session, event, make_team(session, members=members))
    make_submission(session, place, "forest", has_job=True)
    job = jobs.claim(session, "trainer", now=NOON)
    record(session, job, 0, FoldOutcome("scored", scores={"valid": {"accuracy": 0.5}}))

    finish(session, job, bagged={"valid": [{"accuracy": 0.5}]})

    mails = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    assert [mail.to for mail in mails] == [members[0].email, members[1].email]
    assert {mail.subject for mail in mails} == {"forest in Iris: scored"}
    told = session.scalars(select(Notification).order_by(Notification.id)).all()
    assert [(news.user_id, news.text) for news in told] == [
        (member.id, "forest in Iris: scored") for member in members
    ]


def test_organisers_hear_once_a_kit_of_a_score_that_cannot_be_computed(session):
    organiser = make_user(session)
    event = make_event(session, title="Iris", admins=[organiser], n_folds=1)
    place = make_event_team(session, event)
    words = "Fold 1: the score own of the valid predictions is nan: no number"
    first, *_ = (make_submission(session, place, name, has_job=True) for name in "abc")

    for kit_hash in ("1", "1", "2"):
        job = jobs.claim(session, "trainer", now=NOON)
        ending = {"state": "scoring_error", "fault": "organiser", "kit_hash": kit_hash}
        finish(session, job, message=words, **ending)

    mails = session.scalars(select(OutgoingMail).where(OutgoingMail.to == organiser.email)).all()
    assert [mail.subject for mail in mails] == ["A score of Iris could not be computed"] * 2
    assert words in mails[0].body
    assert f"/{first.hash_}" in mails[0].body


def test_each_transaction_makes_a_new_version_of_the_event(session):
    submission, job = make_run(session)
    session.commit()
    version = event_queries.version(session, submission.event_id)

    record(session, job, 0, outcome((0.1, 0.2, 0.3)))
    record(session, job, 1, outcome((0.1, 0.2, 0.3)))
    session.commit()
    assert event_queries.version(session, submission.event_id) == version + 1

    record(session, job, 2, outcome((0.1, 0.2, 0.3)))
    session.rollback()
    session.commit()
    assert event_queries.version(session, submission.event_id) == version + 1


def test_an_end_asks_the_database_as_often_for_fifty_folds_as_for_five(session):
    def n_statements(n_folds):
        event = make_event(session, n_folds=n_folds)
        make_submission(session, make_event_team(session, event), has_job=True)
        job = jobs.claim(session, "trainer", now=NOON)
        scored = FoldOutcome("scored", scores={"valid": {"accuracy": 0.5}})
        for number in range(n_folds):
            record(session, job, number, scored)
        session.flush()
        session.expunge_all()
        statements = []
        bind = session.get_bind()
        listener = lambda *args: statements.append(args[2])  # noqa: E731
        sql_event.listen(bind, "before_cursor_execute", listener)
        results.finish(
            session,
            job.id,
            job.token,
            Ending(bagged={"valid": [{"accuracy": 0.5}] * n_folds}),
            now=NOON,
        )
        sql_event.remove(bind, "before_cursor_execute", listener)
        return len(statements)

    few, many = n_statements(5), n_statements(50)
    assert many <= few + 2
    assert few < 20


def test_what_cannot_be_ranked_is_never_stored(session):  # L8
    submission, job = make_run(session)
    for number in range(N_FOLDS):
        record(session, job, number, outcome((float("nan"), float("inf"), np.float64(0.5))))

    finish(session, job, bagged=bagged([float("nan"), np.float64(0.25)]))
    session.expire_all()

    row = submission.scores[0]
    assert (row.train_mean, row.valid_mean, row.test_mean) == (None, None, 0.5)
    assert [point.valid for point in submission.bagged][:2] == [None, 0.25]
    assert row.public == 0.25

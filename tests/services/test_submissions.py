"""Submitting: together or not at all, within the rules, and never twice."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from databoard.domain.states import ERRORS
from databoard.errors import (
    ClosedError,
    DuplicateError,
    ForbiddenError,
    InvalidError,
    QuotaError,
    SubmissionError,
    TooLargeError,
    TooSoonError,
    UnsafeError,
    UploadError,
)
from databoard.services import jobs, submissions
from databoard.store.files import Files
from databoard.store.models import (
    AuditEntry,
    FoldRun,
    Interaction,
    Job,
    OutgoingMail,
    Submission,
    Trainer,
)
from databoard.store.queries import events as event_queries
from databoard.store.queries import submissions as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_job,
    make_scored_submission,
    make_submission,
    make_user,
)
from tests.invariants import violations
from tests.services.conftest import CODE

HOUR = timedelta(hours=1)


@pytest.fixture
def place(session):
    return make_event_team(session)


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_a_submission_is_rows_a_job_and_files(session, place, submit, submissions_dir):
    user = make_user(session)
    version = event_queries.version(session, place.event_id)

    submission = submit(session, place, " forest ", user=user, comment=" first ")
    session.commit()

    assert (submission.name, submission.comment, submission.state) == ("forest", "first", "new")
    assert submission.user is user
    assert [run.state for run in submission.fold_runs] == ["new", "new"]
    file = submission.files[0]
    assert file.sha256 == hashlib.sha256(CODE[file.filename]).hexdigest()
    assert (
        Files(submissions_dir).read_source(submission.folder, file.filename) == CODE[file.filename]
    )
    job = session.scalars(select(Job)).one()
    assert (job.submission_id, job.state, job.lane, job.due_at) == (
        submission.id,
        "due",
        "train",
        NOON,
    )
    assert session.scalars(select(Interaction.kind)).all() == ["submit"]
    assert event_queries.version(session, place.event_id) == version + 1
    assert queries.by_hash(session, submission.hash_) is submission
    assert violations(session, strict=True) == []


def test_what_is_refused_leaves_no_row_and_no_file(session, place, submit, submissions_dir):
    for files, error in [
        ({}, UploadError),
        ({"classifier.py": b"def"}, UploadError),
        ({"classifier.py": b"\xff\xfe"}, UploadError),
        ({**CODE, "../evil.py": b""}, UploadError),
        ({"classifier.py": b"#" * (place.event.max_upload_kb * 1024 + 1)}, TooLargeError),
    ]:
        with pytest.raises(error):
            submit(session, place, files=files)
    for name in ("", "sandbox", "../x", "x" * 51, "a b"):
        with pytest.raises(SubmissionError):
            submit(session, place, name)

    assert count(session, Submission) == count(session, Job) == 0
    assert list(submissions_dir.iterdir()) == []


def test_a_folder_that_cannot_be_written_takes_nothing(session, place, submit, tmp_path):  # R5
    (tmp_path / "full").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="full"):
        submit(session, place, submissions_dir=tmp_path / "full")
    session.rollback()

    assert count(session, Submission) == count(session, Job) == 0


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"opening_at": NOON + HOUR}, ClosedError, "opens on"),
        ({"closing_at": NOON}, ClosedError, "closed on"),
        ({"closing_at": NOON - timedelta(seconds=1)}, ClosedError, "closed on"),  # W15
        ({"archived_at": NOON - HOUR}, ClosedError, "archived"),
        ({"is_paused": True, "pause_reason": "Back at 3."}, ClosedError, r"paused.*Back at 3\."),
        ({"max_submissions": 0}, QuotaError, "0 submissions"),
    ],
)
def test_an_event_that_takes_nothing_says_why(session, submit, fields, error, words):
    place = make_event_team(session, make_event(session, **fields))

    with pytest.raises(error, match=words):
        submit(session, place)
    assert not submissions.allowance(session, place, NOON).may_submit
    assert submit(session, place, as_admin=True).state == "new"


def test_a_team_may_have_a_longer_time(session, submit):
    event = make_event(session, closing_at=NOON)
    place = make_event_team(session, event, extra_closing_at=NOON + HOUR)

    assert submit(session, place)


@pytest.mark.parametrize("closing", [NOON + HOUR, None])
def test_a_team_s_longer_time_is_never_shorter_than_everybody_s(session, submit, closing):
    event = make_event(session, closing_at=closing)
    place = make_event_team(session, event, extra_closing_at=NOON - HOUR)

    assert place.closing_at == closing
    assert submit(session, place)


@pytest.mark.parametrize("fields", [{"approved_at": None}, {"left_at": NOON}])
def test_a_team_that_is_not_in_may_not_submit(session, submit, fields):
    place = make_event_team(session, **fields)

    with pytest.raises(ForbiddenError, match="approval"):
        submit(session, place)


def test_a_team_pauses_between_submissions_but_an_admin_does_not(session, submit):  # checklist 78
    place = make_event_team(session, make_event(session, pause_s=900))
    submit(session, place, "a")
    soon = NOON + timedelta(seconds=100)

    with pytest.raises(TooSoonError) as error:
        submit(session, place, "b", now=soon)
    assert error.value.wait_s == 800
    allowance = submissions.allowance(session, place, soon)
    assert (allowance.may_submit, allowance.free_at) == (False, NOON + timedelta(seconds=900))
    assert submit(session, place, "b", now=soon, as_admin=True)
    assert submit(session, place, "c", now=soon + timedelta(seconds=900))


def test_a_days_quota_slides(session, submit):
    place = make_event_team(session, make_event(session, max_per_day=2))
    submit(session, place, "a")
    submit(session, place, "b", now=NOON + HOUR)

    with pytest.raises(QuotaError) as error:
        submit(session, place, "c", now=NOON + 2 * HOUR)
    assert error.value.free_at == NOON + 24 * HOUR
    allowance = submissions.allowance(session, place, NOON + 2 * HOUR)
    assert (allowance.used_today, allowance.per_day) == (2, 2)
    assert submit(session, place, "c", now=NOON + 24 * HOUR)


def test_a_team_may_have_extra_submissions_a_day(session, submit):
    event = make_event(session, max_per_day=1)
    place = make_event_team(session, event, extra_per_day=1)
    submit(session, place, "a")

    assert submissions.allowance(session, place, NOON).per_day == 2
    submit(session, place, "b")
    with pytest.raises(QuotaError):
        submit(session, place, "c")


def test_teams_have_quotas_of_their_own(session, submit):
    event = make_event(session, max_per_day=1)

    for _ in range(2):
        assert submit(session, make_event_team(session, event))


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"state": "scored"}, True),
        ({"state": "training_error", "fault": "team"}, True),
        ({"state": "training_error", "fault": "ours"}, False),
        ({"state": "checking_error", "fault": "organiser"}, False),
        ({"state": "scoring_error", "fault": "organiser"}, True),
        ({"state": "scoring_error", "fault": "ours"}, False),
        ({"state": "quarantined", "fault": "ours"}, False),
        ({"state": "cancelled"}, False),
        ({"state": "training_error", "fault": "team", "withdrawn_at": NOON}, True),
        ({"is_baseline": True}, False),
    ],
)
def test_only_what_is_the_teams_counts_against_its_quota(session, submit, fields, counts):
    place = make_event_team(session, make_event(session, max_per_day=1))
    if fields.get("state") == "scored":
        make_scored_submission(session, place)
    else:
        runs = {"cancelled": "cancelled"}.get(fields.get("state", ""), "training_error")
        for run in make_submission(session, place, **fields).fold_runs:
            run.state = runs

    assert submissions.allowance(session, place, NOON).may_submit is not counts


def test_a_team_may_have_so_many_in_the_queue(session, submit):
    place = make_event_team(session, make_event(session, max_pending=1))
    first = submit(session, place, "a")

    with pytest.raises(QuotaError, match="in the queue"):
        submit(session, place, "b")
    submissions.cancel(session, first, now=NOON)
    assert submit(session, place, "b")


def test_a_repeated_request_gets_the_same_submission(session, place, submit):  # R7
    first = submit(session, place, "a", key="k1")

    assert submit(session, place, "a", key="k1") is first
    assert submit(session, place, "b", key="k2") is not first
    assert count(session, Submission) == count(session, Job) == 2


def test_a_key_of_one_team_is_not_anothers(session, place, submit):
    assert submit(session, place, key="k") is not submit(session, make_event_team(session), key="k")


@pytest.mark.parametrize("key", ["", "k" * 81])
def test_a_key_is_short(session, place, submit, key):
    with pytest.raises(InvalidError):
        submit(session, place, key=key)


@pytest.mark.parametrize("state", [*ERRORS, "cancelled"])
def test_a_failed_submission_gives_its_name_to_the_next(session, place, submit, state):
    old = make_submission(session, place, "forest", state=state)  # checklist 77
    for run in old.fold_runs:
        run.state = "cancelled"

    new = submit(session, place, "forest")

    assert old.withdrawn_at == NOON
    assert queries.named(session, place.id, "forest") is new


def test_a_queued_submission_is_replaced_and_its_job_ends(session, place, submit):  # checklist 77
    old = submit(session, place, "forest", key="1")
    new = submit(session, place, "forest", key="2")

    assert (old.state, old.withdrawn_at) == ("cancelled", NOON)
    assert [
        job.submission_id for job in session.scalars(select(Job).where(Job.state == "due"))
    ] == [new.id]
    assert queries.of_team(session, place.id) == [new]


@pytest.mark.parametrize("state", ["training", "scored"])
def test_what_runs_or_has_a_score_keeps_its_name(session, place, submit, state):  # checklist 77
    if state == "scored":
        make_scored_submission(session, place, "forest")
    else:
        make_submission(session, place, "forest", state=state)

    with pytest.raises(DuplicateError) as error:
        submit(session, place, "forest")
    assert error.value.field == "name"


def test_organisers_hear_of_a_submission_by_the_command_that_trains_it(session, submit):
    organiser = make_user(session)
    event = make_event(session, "parity", admins=[organiser], sends_submitted_mails=True)
    place = make_event_team(session, event)  # checklist 80

    submit(session, place, "forest")

    letter = session.scalars(select(OutgoingMail)).one()
    assert letter.to == organiser.email
    assert letter.subject == f'fab train_test:e="parity",t="{place.team.name}",s="forest"'


def test_cancelling_what_waits_ends_it_at_once(session, place, submit):
    submission = submit(session, place)

    submissions.cancel(session, submission, now=NOON, by=make_user(session, "ada"))

    assert (submission.state, submission.message) == ("cancelled", "Cancelled by ada.")
    assert {run.state for run in submission.fold_runs} == {"cancelled"}
    assert session.scalars(select(Job.state)).all() == ["cancelled"]
    with pytest.raises(InvalidError, match="has ended"):
        submissions.cancel(session, submission, now=NOON)


def test_cancelling_what_runs_asks_its_trainer(session, place, submit):
    submission = submit(session, place)
    job = jobs.claim(session, "t", now=NOON)

    submissions.cancel(session, submission, now=NOON)

    assert submission.state == "training"
    assert jobs.beat(session, "t", {job.id: job.token}, now=NOON) == (set(), {job.id})
    assert jobs.cancelled(session, job.id, job.token, now=NOON)
    assert submission.state == "cancelled"
    assert violations(session, strict=True) == []


def test_a_retry_forgets_the_results_and_keeps_the_reason(session):  # L17
    submission = make_scored_submission(session)
    admin = make_user(session, "boss", access_level="admin")

    submissions.retry(session, submission, now=NOON, by=admin, reason="new data")

    assert (submission.state, submission.run, submission.ended_at) == ("new", 2, None)
    assert [run.state for run in submission.fold_runs] == ["new", "new"]
    assert submission.scores == submission.bagged == []
    assert count(session, FoldRun) == 2
    job = session.scalars(select(Job)).one()
    assert (job.state, job.reason) == ("due", "new data")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.by, entry.action, entry.detail) == (
        "boss",
        "retry",
        {"reason": "new data", "run": 2},
    )
    with pytest.raises(InvalidError, match="in the queue already"):
        submissions.retry(session, submission, now=NOON)


def test_what_was_replaced_is_not_trained_again(session):
    submission = make_scored_submission(session, withdrawn_at=NOON)

    with pytest.raises(InvalidError, match="replaced"):
        submissions.retry(session, submission, now=NOON)


def test_deleting_leaves_no_row_and_no_folder(session, place, submit, submissions_dir):
    kept = submit(session, place, "kept")
    gone = make_scored_submission(session, place, "gone")
    make_job(session, gone, state="done")
    Files(submissions_dir).write_fold(gone.folder, 0, "log.txt", b"hello")

    submissions.delete(session, gone, submissions_dir=submissions_dir)
    session.commit()

    assert session.scalars(select(Submission)).all() == [kept]
    assert count(session, Job) == 1
    assert [path.name for path in submissions_dir.iterdir()] == [kept.folder]


# W15: refused a second late, or kept as late for the organisers, whatever a client's clock says
def test_what_comes_after_the_closing_is_refused_or_kept_without_a_rank(session, place, submit):
    place.event.closing_at = NOON
    second = timedelta(seconds=1)
    in_time = submit(session, place, "in_time", now=NOON - second)
    with pytest.raises(ClosedError):
        submit(session, place, "too_late", now=NOON + second)
    place.event.late_s = 3600

    late = submit(session, place, "late", now=NOON + second)
    by_organiser = submit(session, place, "organisers", now=NOON + second, as_admin=True)

    assert [one.is_late for one in (in_time, late, by_organiser)] == [False, True, False]
    with pytest.raises(ClosedError):
        submit(session, place, "later", now=NOON + HOUR)


def test_an_extension_moves_what_is_late(session, place, submit):
    place.event.closing_at, place.event.late_s = NOON, 60
    place.extra_closing_at = NOON + HOUR

    assert not submit(session, place, "in_time", now=NOON + HOUR / 2).is_late
    assert submit(session, place, "late", now=NOON + HOUR).is_late


def test_a_deletion_that_is_rolled_back_keeps_the_folder(session, place, submit, submissions_dir):
    kept = submit(session, place, "kept")
    session.commit()

    submissions.delete(session, kept, submissions_dir=submissions_dir)
    session.rollback()
    session.commit()

    assert [path.name for path in submissions_dir.iterdir()] == [kept.folder]


def test_a_deletion_undone_by_a_savepoint_keeps_the_folder(session, place, submit, submissions_dir):
    kept = submit(session, place, "kept")

    with session.begin_nested() as point:
        submissions.delete(session, kept, submissions_dir=submissions_dir)
        point.rollback()
    session.commit()

    assert [path.name for path in submissions_dir.iterdir()] == [kept.folder]


def test_submissions_are_listed_by_state_team_and_name(session, place, submit):
    waiting = submit(session, place, "a")
    scored = make_scored_submission(session, place, "b", submitted_at=NOON + HOUR)
    other = make_scored_submission(session, make_event_team(session, place.event), "a")
    event = place.event

    assert queries.of_team(session, place.id) == [scored, waiting]
    assert queries.of_event(session, event.id) == [waiting, other, scored]
    assert queries.of_event(session, event.id, states=["new"]) == [waiting]
    assert queries.of_event(session, event.id, team=place.team.name.upper()) == [waiting, scored]
    assert queries.by_name(session, event, place.team.name.upper(), "b") is scored
    assert queries.n_by_state(session, event.id) == {"new": 1, "scored": 2}
    assert queries.full(session, scored.id).scores[0].event_score_type.name == "accuracy"
    assert queries.with_scores(session, event.id)[1].bagged
    assert queries.fold_run(session, scored.id, 1).number == 1


def test_the_hash_of_code_depends_on_names_and_bytes_only():
    code_hash = submissions.code_hash

    assert code_hash({"a": b"1", "b": b"2"}) == code_hash({"b": b"2", "a": b"1"})
    assert len({code_hash(f) for f in ({"a": b"12"}, {"a1": b"2"}, {"a": b"1", "2": b""})}) == 3


@pytest.mark.parametrize(
    ("isolation", "words", "level", "is_taken"),
    [
        ("none", "isolation: NONE - refusing to run submissions (why)", "user", False),
        ("none", "isolation: NONE - refusing to run submissions (why)", "admin", True),
        ("none", "isolation: NONE - submissions run unprotected, because DATABOARD", "user", True),
        ("ns", "isolation: ns", "user", True),
    ],
)
def test_only_administrators_submit_where_nothing_is_isolated(
    session, place, submit, isolation, words, level, is_taken
):
    user = make_user(session, "someone", access_level=level)
    session.add(Trainer(name="t", isolation=isolation, notes=words, started_at=NOON, seen_at=NOON))
    session.flush()

    if is_taken:
        assert submit(session, place, "first", user=user).state == "new"
    else:
        with pytest.raises(UnsafeError, match=r"cannot isolate them. isolation: NONE"):
            submit(session, place, "first", user=user)

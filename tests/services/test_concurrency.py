"""Many at once, on both databases: quotas hold, nothing is taken, made or sent twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from databoard.errors import (
    DataboardError,
    DuplicateError,
    InvalidError,
    NotFoundError,
    QuotaError,
)
from databoard.services import (
    accounts,
    analysis,
    environments,
    events,
    jobs,
    marks,
    merging,
    outbox,
    results,
    sandbox,
    submissions,
    teams,
)
from databoard.services.results import Ending, FoldOutcome
from databoard.store.engine import make_sessions
from databoard.store.models import (
    BaggedScore,
    Environment,
    Event,
    EventTeam,
    FoldRun,
    FoldScore,
    Job,
    OutgoingMail,
    SandboxFile,
    Standing,
    Submission,
    User,
)
from databoard.store.queries import analysis as analysis_queries
from databoard.store.queries import submissions as submission_queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_score_type,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)
from tests.invariants import violations
from tests.services.conftest import CODE


@pytest.fixture
def sessions(each_engine):
    return make_sessions(each_engine)


@pytest.fixture(autouse=True)
def _sound_at_the_end(request):
    """Nothing that ran in parallel left the database in a state that makes no sense."""
    sessions = request.getfixturevalue("sessions")
    yield
    with sessions() as session:
        assert violations(session) == []


def at_once(n, work):
    """Run ``work(i)`` in n threads that start together; give results and refusals."""
    barrier = threading.Barrier(n)

    def run(i):
        barrier.wait()
        try:
            return work(i)
        except DataboardError as error:
            return error

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))


def build(sessions, make):
    with sessions.begin() as session:
        return make(session).id


def count(sessions, model, *where):
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where))


def submit_in(sessions, place_id, submissions_dir, name, **fields):
    with sessions.begin() as session:
        place = session.get(EventTeam, place_id)
        values = {"now": NOON, "submissions_dir": submissions_dir, **fields}
        return submissions.submit(session, place, name, CODE, **values).id


def test_fifty_submissions_with_a_quota_of_five_are_five(sessions, submissions_dir):  # L16
    place = build(
        sessions, lambda session: make_event_team(session, make_event(session, max_per_day=5))
    )

    found = at_once(50, lambda i: submit_in(sessions, place, submissions_dir, f"s{i}"))

    assert sum(isinstance(answer, QuotaError) for answer in found) == 45
    assert count(sessions, Submission) == count(sessions, Job) == 5
    assert len(list(submissions_dir.iterdir())) == 5
    with sessions() as session:
        assert violations(session, strict=True) == []


def test_one_request_sent_twenty_times_is_one_submission(sessions, submissions_dir):  # R7
    place = build(sessions, make_event_team)

    found = at_once(20, lambda _: submit_in(sessions, place, submissions_dir, "forest", key="k"))

    assert len(set(found)) == 1
    assert isinstance(found[0], int)
    assert count(sessions, Submission) == count(sessions, Job) == 1
    assert len(list(submissions_dir.iterdir())) == 1


def test_submissions_of_one_name_replace_each_other_while_trainers_claim(
    sessions, submissions_dir
):  # checklist 77
    place = build(sessions, make_event_team)

    def work(i):
        if i % 3 == 2:
            with sessions.begin() as session:
                job = jobs.claim(session, f"t{i}", now=NOON)
                return ("claimed", job and job.id)
        return submit_in(sessions, place, submissions_dir, "forest")

    found = at_once(12, work)

    assert all(isinstance(answer, (int, tuple, DuplicateError)) for answer in found)
    assert count(sessions, Submission, Submission.withdrawn_at.is_(None)) == 1


def test_a_team_that_signs_up_ten_times_at_once_is_in_once(sessions, problems_dir):  # checklist 36
    event_id = build(sessions, make_event)
    team_id = build(sessions, make_team)

    def work(_):
        with sessions.begin() as session:
            event, team = session.get(Event, event_id), session.get(teams.Team, team_id)
            return teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON).id

    assert len(set(at_once(10, work))) == 1
    assert count(sessions, EventTeam) == count(sessions, OutgoingMail) == 1


def test_of_two_tabs_that_save_at_once_one_is_told(sessions):
    def make(session):
        place = make_event_team(session)
        sandbox.save(session, place, "classifier.py", b"0", base_version=None, user=None, now=NOON)
        return place

    place_id = build(sessions, make)

    def work(i):
        with sessions.begin() as session:
            place = session.get(EventTeam, place_id)
            place.sandbox  # noqa: B018 - the page has shown it already
            row = sandbox.save(
                session,
                place,
                "classifier.py",
                b"tab %d" % i,
                base_version=1,
                user=None,
                now=NOON,
            )
            return row.version

    found = at_once(8, work)

    assert [answer for answer in found if isinstance(answer, int)] == [2]
    assert sum(isinstance(answer, DuplicateError) for answer in found) == 7
    assert count(sessions, SandboxFile, SandboxFile.version == 2) == 1


def test_a_proposal_that_is_taken_back_while_it_is_accepted_has_one_answer(sessions):
    def make(session):
        event = make_event(session, can_merge_teams=True, max_members_per_team=2)
        ada, bob = make_user(session, "ada"), make_user(session, "bob")
        first, _ = (
            make_event_team(session, event, make_team(session, name, [user]))
            for name, user in (("ones", ada), ("twos", bob))
        )
        return merging.propose(session, first, "twos", "both", ada, now=NOON)

    merge_id = build(sessions, make)

    def work(i):
        with sessions.begin() as session:
            by = session.scalar(select(User).where(User.name == ("bob" if i % 2 else "ada")))
            merge = merging.find(session, merge_id, by)
            if i % 2:
                return merging.accept(session, merge, by, now=NOON).team.name
            merging.decline(session, merge, now=NOON)
            return "declined"

    found = at_once(6, work)

    (answer,) = (one for one in found if isinstance(one, str))
    assert sum(isinstance(one, NotFoundError) for one in found) == 5
    assert count(sessions, EventTeam) == (3 if answer == "both" else 2)


def make_queue(session, n_teams, n_each, **fields):
    event = make_event(session, n_folds=1, **fields)
    for _ in range(n_teams):
        place = make_event_team(session, event)
        for _ in range(n_each):
            make_submission(session, place, has_job=True)
    return event


def test_trainers_that_claim_at_once_take_one_job_of_a_strict_team(sessions):
    def make(session):
        event = make_queue(session, 1, 24)
        event.is_strict = True
        return event

    build(sessions, make)

    def work(i):
        with sessions.begin() as session:
            return jobs.claim(session, f"t{i}", now=NOON) is not None

    assert sum(at_once(12, work)) <= 1
    assert count(sessions, Job, Job.state == "running") <= 1


def test_no_job_is_claimed_by_two_threads(sessions):  # R8
    build(sessions, lambda session: make_queue(session, 4, 8))

    def work(i):
        taken = []
        while True:
            with sessions.begin() as session:
                job = jobs.claim(session, f"trainer{i}", now=NOON)
                if job is None:
                    # On PostgreSQL another claim may hold the last rows for a moment.
                    if not session.scalar(select(func.count(Job.id)).where(Job.state == "due")):
                        return taken
                else:
                    taken.append(job.id)

    found = [job_id for taken in at_once(8, work) for job_id in taken]

    assert len(found) == len(set(found)) == 32
    assert count(sessions, Job, Job.state == "running", Job.token == 1) == 32


CLAIMER = """
import sys
from datetime import datetime, UTC
from databoard.services import jobs
from databoard.store.engine import make_engine, make_sessions
sessions = make_sessions(make_engine(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
while True:
    with sessions.begin() as session:
        job = jobs.claim(session, sys.argv[2], now=datetime(2026, 11, 22, 12, tzinfo=UTC))
    if job is None:
        break
    print(job.id, flush=True)
"""


def test_no_job_is_claimed_by_two_processes(sessions, each_engine):  # R8
    build(sessions, lambda session: make_queue(session, 4, 10))
    url = each_engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, url, f"trainer{i}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [line for process in processes for line in process.communicate(timeout=60)[0].split()]

    assert len(found) == len(set(found)) == 40
    assert all(process.returncode == 0 for process in processes)


def test_a_result_that_is_delivered_many_times_is_recorded_once(sessions):  # R8
    build(sessions, lambda session: make_queue(session, 1, 1))
    with sessions.begin() as session:
        job_id = jobs.claim(session, "t", now=NOON).id
    scores = {step: {"accuracy": 0.5} for step in ("train", "valid", "test")}
    bagged = {"valid": [{"accuracy": 0.5}], "test": [{"accuracy": 0.5}]}

    def work(_):
        with sessions.begin() as session:
            told = results.record_fold(
                session, job_id, 1, 0, FoldOutcome("scored", scores=scores), now=NOON
            )
            return told, results.finish(session, job_id, 1, Ending(bagged=bagged), now=NOON)

    found = at_once(8, work)

    assert sorted(found) == [(False, False)] * 7 + [(True, True)]
    assert count(sessions, FoldScore) == count(sessions, BaggedScore) == 1


def test_trainers_that_write_to_the_same_events_in_other_orders_do_not_block(sessions):
    with sessions.begin() as session:
        for _ in range(2):
            make_queue(session, 1, 8)
        claimed = []
        while job := jobs.claim(session, "t", now=NOON):
            claimed.append((job.event_id, job.id))
    by_event = [[k for e, k in claimed if e == event] for event in sorted(dict(claimed))]
    pairs = list(zip(*by_event, strict=True))

    def work(i):
        first, second = pairs[i] if i % 2 else pairs[i][::-1]
        with sessions.begin() as session:
            results.progress(session, first, 1, 0, "training", now=NOON)
            results.progress(session, second, 1, 0, "training", now=NOON)

    assert at_once(8, work) == [None] * 8
    assert count(sessions, FoldRun, FoldRun.state == "training") == 16


def test_two_sweeps_at_once_give_back_once(sessions):  # R20
    build(sessions, lambda session: make_queue(session, 2, 4))
    with sessions.begin() as session:
        while jobs.claim(session, "t", now=NOON):
            pass
    later = NOON + timedelta(minutes=1)

    def work(_):
        with sessions.begin() as session:
            return jobs.sweep(session, now=later)

    found = [key for swept in at_once(4, work) for key in swept]

    assert len(found) == len(set(found)) == 8
    assert count(sessions, Job, Job.state == "due") == 8


def test_a_cancel_and_an_end_at_once_make_one_end(sessions):
    build(sessions, lambda session: make_queue(session, 1, 4))
    with sessions.begin() as session:
        claimed = []
        while job := jobs.claim(session, "t", now=NOON):
            claimed.append((job.id, job.submission_id))

    def work(i):
        job_id, submission_id = claimed[i // 2]
        with sessions.begin() as session:
            if i % 2:
                submission = session.get(Submission, submission_id)
                return submissions.cancel(session, submission, now=NOON)
            return results.finish(
                session, job_id, 1, Ending(state="training_error", fault="team"), now=NOON
            )

    found = at_once(8, work)

    assert found[::2] == [True] * 4
    assert all(answer is None or isinstance(answer, InvalidError) for answer in found[1::2])
    assert count(sessions, Submission, Submission.state == "training_error") == 4


def test_two_admins_who_train_again_at_once_make_one_run(sessions):
    submission_id = build(sessions, make_scored_submission)

    def work(_):
        with sessions.begin() as session:
            submission = session.get(Submission, submission_id)
            submissions.retry(session, submission, now=NOON)

    found = at_once(4, work)

    assert sum(answer is None for answer in found) == 1
    assert count(sessions, Job) == 1
    assert count(sessions, Submission, Submission.run == 2) == 1


def test_two_senders_send_each_letter_once(sessions):
    with sessions.begin() as session:
        for i in range(20):
            outbox.write(session, f"news{i}", "a@example.org", f"{i}", "", now=NOON)
    sent = []

    class Post:
        def send(self, to, subject, body):
            sent.append(subject)

    def work(_):
        with sessions() as session:
            return outbox.send_due(session, Post(), now=NOON)

    assert sum(at_once(4, work)) == 20
    assert sorted(sent, key=int) == [str(i) for i in range(20)]


@pytest.mark.parametrize(
    ("names", "address"),
    [(("Ada", "ada"), "{i}@example.org"), (("ada", "bob"), "Ada{i}@example.org")],
    ids=["name", "address"],
)
def test_who_signs_up_at_the_same_moment_under_one_name_or_address_is_one(sessions, names, address):
    barrier = threading.Barrier(2)

    def work(i):
        email = address.format(i=i if len(set(map(str.lower, names))) == 1 else "")
        with sessions() as session:
            barrier.wait()
            user = accounts.sign_up(
                session, names[i], email.swapcase() if i else email, "correct horse", now=NOON
            )
            session.commit()
            return user

    found = at_once(2, work)

    assert sorted(isinstance(one, DuplicateError) for one in found) == [False, True]
    assert count(sessions, User) == 1


def test_a_version_counts_every_change(sessions, submissions_dir):
    place = build(sessions, make_event_team)

    at_once(10, lambda i: submit_in(sessions, place, submissions_dir, f"s{i}"))

    with Session(sessions.kw["bind"]) as session:
        assert session.scalars(select(Event.version)).one() == 11


# ---- several submissions in one claim ------------------------------------------------------------


def take(sessions, owner, n):
    """Claim up to n jobs in one transaction, as a trainer does; their keys, tokens and teams."""
    with sessions.begin() as session:
        claims = (jobs.claim(session, owner, now=NOON) for _ in range(n))
        return [(job.id, job.token, job.event_team_id) for job in claims if job is not None]


@pytest.fixture
def full_queue(sessions):
    """Four teams with a queue of forty; the first has sent nearly all."""
    with sessions.begin() as session:
        event = make_event(session)
        places = [make_event_team(session, event) for _ in range(4)]
        greedy, *others = places
        for i in range(34):
            make_submission(session, greedy, f"many-{i}", has_job=True)
        for place in others:
            for i in range(2):
                make_submission(session, place, f"few-{i}", has_job=True)
        return [place.id for place in places]


def test_trainers_that_claim_several_at_once_never_claim_the_same(sessions, full_queue):
    def drain(i):
        taken = []
        while batch := take(sessions, f"trainer-{i}", 1 + 3 * i):
            taken.append(batch)
        return taken

    taken = at_once(3, drain)

    claims = [claim for batches in taken for batch in batches for claim in batch]
    assert len(claims) == len({key for key, _, _ in claims}) == 40
    assert {token for _, token, _ in claims} == {1}
    with sessions() as session:
        rows = session.scalars(select(Job)).all()
        assert {job.state for job in rows} == {"running"}
        owners = {f"trainer-{i}": sum(map(len, taken[i])) for i in range(3)}
        assert {name: sum(job.owner == name for job in rows) for name in owners} == owners


def test_no_team_starves_where_several_are_claimed_at_once(sessions, full_queue):
    first = [team for _, _, team in take(sessions, "first", 4)]
    second = [team for _, _, team in take(sessions, "second", 4)]

    # Each team has one running before any has two, whichever batch it is in.
    assert sorted(first) == sorted(second) == sorted(full_queue)


def test_every_job_of_a_batch_has_a_lease_of_its_own(sessions, full_queue):
    mine, lost = take(sessions, "mine", 5), take(sessions, "lost", 5)
    later = NOON + jobs.LEASE - timedelta(seconds=1)

    with sessions.begin() as session:
        tokens = {key: token for key, token, _ in mine}
        assert jobs.beat(session, "mine", tokens, now=later) == (set(), set())
    with sessions.begin() as session:
        given_back = jobs.sweep(session, now=NOON + jobs.LEASE + timedelta(seconds=1))

    assert set(given_back) == {key for key, _, _ in lost}
    with sessions.begin() as session:
        held = session.scalars(select(Job).where(Job.state == "running")).all()
        assert {job.id for job in held} == set(tokens)
        assert {job.lease_until for job in held} == {later + jobs.LEASE}
        lost_tokens = {key: token for key, token, _ in lost}
        late = NOON + 2 * jobs.LEASE
        assert jobs.beat(session, "lost", lost_tokens, now=late)[0] == set(lost_tokens)


def test_a_batch_whose_transaction_fails_is_nobodys(sessions, full_queue):
    with sessions() as session:
        taken = [jobs.claim(session, "unlucky", now=NOON) for _ in range(6)]
        assert None not in taken
        session.rollback()

    assert count(sessions, Job, Job.state == "due", Job.token == 0) == 40
    assert len(take(sessions, "next", 40)) == 40


def test_trainers_that_start_together_keep_one_environment(sessions):
    def start(_):
        with sessions.begin() as session:
            return environments.remember(session, ["python==3.12", "numpy==2.0"], now=NOON)

    kept = at_once(4, start)

    assert len(set(kept)) == 1
    assert count(sessions, Environment) == 1


def test_a_result_is_trained_anew_while_it_is_analysed(sessions, submissions_dir):
    def make(session):
        place = make_event_team(session, make_event(session))
        for _ in range(2):
            make_scored_submission(session, place)
        return make_scored_submission(session, place)

    key = build(sessions, make)
    with sessions() as session:
        event_id = session.get(Submission, key).event_id
    begun = threading.Event()

    def analyse():
        with sessions.begin() as session:
            event = analysis_queries.event(session, event_id)
            new = analysis_queries.new(session, event_id)
            begun.set()
            analysis.hold(session, event, [one.id for one in new])
            analysis.refresh(session, event, lambda *_: None)
            analysis.done(session, event_id, 1, new)

    with ThreadPoolExecutor(1) as pool:
        with sessions.begin() as session:
            submission = session.get(Submission, key)
            submission_queries.lock(session, submission)
            analysed = pool.submit(analyse)
            begun.wait(1)
            time.sleep(0.5)  # it has got as far as it can
            submissions.retry(session, submission, now=NOON)
        analysed.result(20)

    with sessions() as session:
        assert session.get(Submission, key).state == "new"
        assert session.scalar(select(func.count()).where(Standing.submission_id == key)) == 0


def _disqualify(session, event, submission):
    marks.mark_team(session, submission.event_team, by=None, now=NOON, disqualification="a copy")


def _choose_another_score(session, event, submission):
    other = next(one.name for one in event.score_types if not one.is_official)
    events.choose_official(session, event, other)


def _build_a_ladder(session, event, submission):
    events.update(session, event, has_ladder=True)


def _withdraw(session, event, submission):
    marks.withdraw(session, submission, "a copy", by=None, now=NOON)


@pytest.mark.parametrize("change", [_disqualify, _choose_another_score, _build_a_ladder, _withdraw])
def test_what_moves_lines_waits_for_an_analysis_that_writes_them(sessions, change):
    def make(session):
        kinds = [make_score_type(session, name) for name in ("one", "two")]
        place = make_event_team(session, make_event(session, score_types=kinds))
        for score in (0.5, 0.6):
            made = make_scored_submission(session, place, score=score)
        return made

    key = build(sessions, make)
    held, may_go_on = threading.Event(), threading.Event()

    def analyse():
        with sessions.begin() as session:
            event = analysis_queries.event(session, session.get(Submission, key).event_id)
            new = analysis_queries.new(session, event.id)
            analysis.hold(session, event, [one.id for one in new])
            held.set()
            assert may_go_on.wait(20)
            analysis.refresh(session, event, lambda *_: None)
            analysis.done(session, event.id, 1, new)

    def act():
        with sessions.begin() as session:
            submission = session.get(Submission, key)
            change(session, session.get(Event, submission.event_id), submission)

    with ThreadPoolExecutor(2) as pool:
        analysed = pool.submit(analyse)
        assert held.wait(20)
        acted = pool.submit(act)
        time.sleep(0.4)
        assert not acted.done()
        may_go_on.set()
        analysed.result(20)
        acted.result(20)

"""Between the queue and a datarun server: jobs go there under a lease, and come back as results.

A job that was sent is claimed like a trainer's, so that nobody trains it here meanwhile. What
comes back takes the way of a run of our own: scored by the kit's scorer, recorded once per fold.
"""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import BusyError, DataboardError, InvalidError, NotFoundError, TrainingError
from databoard.services import jobs, results, submissions
from databoard.settings import Settings
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.models import Submission
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as queries
from databoard.store.queries import submissions as submission_queries
from databoard.store.queries.jobs import DATARUN
from databoard.training.analyst import Analyst
from databoard.training.datarun.answers import ENDED, Answers
from databoard.training.datarun.client import Client
from databoard.training.datarun.data import Data
from databoard.training.engine import Engine
from databoard.training.event_terms import terms_of
from databoard.training.news import Given, News, Run
from databoard.training.runs import work
from databoard.training.scoring import PreparedKit
from databoard.training.terms import Terms

#: What nobody has asked the server about for so long goes back to the trainers here.
LEASE = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


class _Scoring(Engine):
    """An engine that scores what was trained elsewhere, with packages that nobody knows."""

    def kit(
        self, problem: str, event: str | None = None, terms: Terms | None = None
    ) -> PreparedKit:
        kit = super().kit(problem, event, terms)
        kit.info = replace(kit.info, environment_hash="", packages=())
        return kit

    def is_new_environment(self, hash_: str) -> bool:
        return False


@dataclass(frozen=True)
class _Claimed:
    """A submission that is to be sent: plain values, so that no session is open meanwhile."""

    job_id: int
    token: int
    folds: Mapping[int, int]
    terms: Terms
    files: Mapping[str, bytes]


class Bridge:
    """Sends submissions to a datarun server and takes their results; used by ``with``.

    Parameters
    ----------
    settings : Settings
    sessions : sessionmaker
    client : Client

    Raises
    ------
    BusyError
        If another command of this installation is at it.
    """

    def __init__(self, settings: Settings, sessions: sessionmaker[Session], client: Client) -> None:
        self.settings, self.sessions, self.client = settings, sessions, client
        self.files = Files(settings.submissions_dir)
        self._answers = Answers()
        self._names: dict[str, str] = {}

    def __enter__(self) -> Bridge:
        # Two that fetch the same results would take each other's files away.
        path = self.settings.root / "db" / "datarun.lock"
        path.parent.mkdir(exist_ok=True)
        self._lock = path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise BusyError(
                "Another command speaks to datarun; try again when it has ended."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()
        if "engine" in vars(self):
            self.engine.close()

    @cached_property
    def engine(self) -> Engine:
        """What scores; made when it is first needed."""
        return _Scoring(
            self.settings.problems_dir,
            allow_unsafe=True,  # no submission runs here
            environments=self.settings.environments_dir,
            connect=lambda *_: self._answers,
        )

    @cached_property
    def _data_sets(self) -> Mapping[str, int]:
        return self.client.data_sets()

    # -------------------------------------------------------------- there
    def send(self, submission_id: int, priority: str = "L", data_id: int | None = None) -> str:
        """Send a submission, whatever became of it before, and tell what was done.

        Parameters
        ----------
        priority : {"L", "H"}
        data_id : int, optional
            The problem's data there; by default those that equal the data here.

        Raises
        ------
        InvalidError
            If the event is strict, or a trainer here has the submission.
        NotFoundError
            If the server has not got the problem's data.
        DataboardError
            If the server does not take it; it waits for a trainer here then.
        """
        label, name = self._look(submission_id, is_named=data_id is None)
        # Before anything is taken from the queue, so that a server that is away changes nothing.
        data_id = self._data_sets.get(name) if data_id is None else data_id
        if data_id not in self._data_sets.values():
            raise NotFoundError(
                f"{label}: the datarun server has not got the problem's data as they are here; "
                "run: fab send_data_datarun:<problem>"
            )
        with self.sessions.begin() as session:
            claimed = self._claim(session, submission_id, label)
        try:
            for number, fold_id in sorted(claimed.folds.items()):
                rows, is_first = claimed.terms.folds[number], fold_id == min(claimed.folds.values())
                files = claimed.files if is_first else None
                self.client.send_fold(
                    submission_id, fold_id, rows, priority, data_id=data_id, files=files
                )
        except DataboardError as error:
            self._give_back(claimed.job_id, claimed.token, error.message)
            raise
        return f"{label}: {len(claimed.folds)} folds sent."

    def _look(self, submission_id: int, *, is_named: bool) -> tuple[str, str]:
        """Read how a submission is called, and the name of its problem's data on the server."""
        with read_only(), self.sessions() as session:
            submission = _full(session, submission_id)
            event, label = submission.event_team.event, _label(submission)
            if event.is_strict:
                raise InvalidError(
                    f"{label}: the event is strict, and a datarun server isolates nothing."
                )
            problem = event.problem
            if is_named and problem.name not in self._names:
                data = Data.of(problem, self.settings.problems_dir)
                self._names[problem.name] = data.name
            return label, self._names.get(problem.name, "")

    def _claim(self, session: Session, submission_id: int, label: str) -> _Claimed:
        """Take a submission from the queue, with all its folds to be trained."""
        now = _now()
        submission = _full(session, submission_id)
        if submission.is_ended:
            submissions.retry(session, submission, now=now, reason="fab train_test_datarun")
        for job in queries.open_of(session, submission_id):
            if job.owner == DATARUN and job.state == "running":
                jobs.release(session, job.id, job.token, now=now, counts=False)
        taken = jobs.claim(session, DATARUN, now=now, lease=LEASE, submission_ids=[submission_id])
        if taken is None:
            raise InvalidError(f"{label}: a trainer here has it.")
        folds = {run.number: run.id for run in submission.fold_runs}
        # Of one make: what an attempt here has scored is trained again there.
        results.renew_folds(session, taken.id, taken.token, list(folds), now=now)
        names = [row.filename for row in submission.files]
        return _Claimed(
            taken.id,
            taken.token,
            folds,
            terms_of(session, submission.event_team.event),
            {name: self.files.read_source(submission.folder, name) for name in names},
        )

    def _give_back(self, job_id: int, token: int, why: str) -> bool:
        with self.sessions.begin() as session:
            return jobs.release(session, job_id, token, now=_now(), counts=False, error=why)

    # -------------------------------------------------------------- and back
    def sent(self) -> dict[int, int]:
        """List what the server has: keys of jobs by those of submissions, the oldest first."""
        with read_only(), self.sessions() as session:
            return {job.submission_id or 0: job.id for job in queries.at_datarun(session)}

    def take_back(self, job_id: int) -> str:
        """Give a job to the trainers here, whatever the server does with it."""
        run, label, _ = self._read(job_id)
        is_back = self._give_back(run.job_id, run.token, "Taken back from datarun.")
        return f"{label}: {'waits for a trainer here' if is_back else 'has ended meanwhile'}."

    def fetch(self, job_id: int) -> str:
        """Ask about a job, and record its results if all its folds have ended.

        Raises
        ------
        DataboardError
            If server or scorer do not answer as they should; nothing is lost then.
        """
        run, label, folds = self._read(job_id)
        if run.is_cancelled:
            self._give_back(run.job_id, run.token, "")  # which ends what is to be cancelled
            return f"{label}: cancelled."
        told = self.client.predictions(run.submission_id, list(folds.values()))
        if len(told) < len(folds):
            raise TrainingError(
                f"{label}: datarun has only {len(told)} of {len(folds)} folds; send it again by "
                "force=True, or take it back by give_back=True."
            )
        with self.sessions.begin() as session:
            jobs.beat(session, DATARUN, {run.job_id: run.token}, now=_now(), lease=LEASE)
        n_ended = sum(one.get("state") in ENDED for one in told.values())
        if n_ended < len(folds):
            return f"{label}: {n_ended} of {len(folds)} folds have ended there."
        self._score(run, label, {number: told[fold_id] for number, fold_id in folds.items()})
        with read_only(), self.sessions() as session:
            ended = _full(session, run.submission_id)
        return f"{label}: " + " ".join(filter(None, (ended.state, ended.message)))

    def _read(self, job_id: int) -> tuple[Run, str, dict[int, int]]:
        """Read a job that was sent as a run, with its name and the keys of its folds."""
        with read_only(), self.sessions() as session:
            job = queries.by_id(session, job_id)
            if job is None or job.submission_id is None or job.owner != DATARUN:
                raise NotFoundError(f"Job {job_id} is not at datarun any more.")
            submission = _full(session, job.submission_id)
            event = event_queries.by_id(session, job.event_id)
            assert event is not None
            run = Run.of(job, event, terms_of(session, event), self.files)
            run.with_folds(submission, event)
            run.may_reuse = False
            run.is_cancelled = job.cancel_asked_at is not None
            folds = {fold.number: fold.id for fold in submission.fold_runs}
            return run, _label(submission), folds

    def _score(self, run: Run, label: str, answers: Mapping[int, Mapping[str, Any]]) -> None:
        """Score and record what came back; a fault of ours leaves the job at datarun."""
        trouble: list[str] = []

        def tell(news: News) -> None:
            if isinstance(news, Given):
                trouble.append(news.error)
                return
            with self.sessions.begin() as session:
                news.record(session, now=_now())

        # A problem that does not load now is no verdict on the submission.
        self._answers.info = self.engine.kit(run.problem, run.event, run.terms).info
        self._answers.by_fold = answers
        work(run, self.engine, tell)
        if trouble:
            raise BusyError(f"{label}: {trouble[0]} Nothing is lost; fetch it again.")

    def analyse(self) -> None:
        """Compute what follows from new results, as a trainer does."""
        Analyst(self.sessions, self.engine, self.settings.submissions_dir).work()


def _full(session: Session, submission_id: int) -> Submission:
    submission = submission_queries.full(session, submission_id)
    if submission is None:
        raise NotFoundError("The submission was deleted.")
    return submission


def _label(submission: Submission) -> str:
    place = submission.event_team
    return f"{place.event.name} {place.team.name} {submission.name}"

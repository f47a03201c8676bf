"""What the threads of runs tell the desk, and how each piece of news is written down.

Every record is made in a transaction of the desk's and is refused by the job's token if somebody
else has taken over, so that a repeated or a late one changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from databoard.services import environments, jobs, results
from databoard.services.results import Ending, FoldOutcome
from databoard.store.files import Files
from databoard.store.models import Job, Submission
from databoard.training.terms import Terms
from databoard.training.wire import FoldResult, Limits

OURS_AGAIN = timedelta(seconds=5)


@dataclass(eq=False)
class Run:
    """A claimed job: plain values, so that threads need no session.

    Attributes
    ----------
    done : mapping
        Folds that earlier attempts have scored: sha256 of their predictions by number.
    n_left : int
        Folds that have not ended.
    is_lost : bool
        Somebody else has taken over; nothing is reported any more.
    answer : Future of bool, optional
        Whether it has got the results of an identical submission, once it has asked.
    """

    job_id: int
    token: int
    submission_id: int
    problem: str
    event: str
    terms: Terms
    folder: str
    files: Files
    limits: Limits
    is_check: bool = False
    log_policy: str = "full"
    is_strict: bool = False
    may_reuse: bool = False
    n_folds: int = 0
    done: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    n_left: int = 0
    is_lost: bool = False
    is_cancelled: bool = False
    futures: dict[Future[FoldResult], int] = field(default_factory=dict)
    answer: Future[bool] | None = None

    @property
    def hash_(self) -> str:
        """Name of the submission in addresses and logs."""
        return self.folder.removeprefix("submission_")

    @property
    def is_waiting(self) -> bool:
        """Whether it has asked and has no answer yet, and so nothing to train."""
        return self.answer is not None and not self.answer.done()

    @classmethod
    def of(cls, job: Job, event: Any, terms: Terms, files: Files) -> Run:
        """Read what the threads need of a job."""
        return cls(
            job_id=job.id,
            token=job.token,
            submission_id=job.submission_id or 0,
            problem=event.problem.name,
            event=event.name,
            terms=terms,
            folder=job.folder,
            files=files,
            limits=Limits(
                seconds=event.fold_seconds,
                memory_mb=event.fold_memory_mb,
                cores=event.fold_cores,
                disk_mb=event.fold_disk_mb,
                output_kb=event.fold_output_kb,
            ),
            is_check=job.lane == "check",
            log_policy=event.log_policy,
        )

    def with_folds(self, submission: Submission, event: Any) -> Run:
        """Read what a run of a submission has beyond a check."""
        self.folder = submission.folder
        self.is_strict = event.is_strict
        self.may_reuse = event.can_reuse_results and submission.run == 1
        self.n_folds = len(submission.fold_runs)
        self.done = {
            fold.number: (fold.train_sha256, fold.test_sha256)
            for fold in submission.fold_runs
            if fold.state == "scored"
        }
        self.n_left = self.n_folds - len(self.done)
        return self

    def cancel(self) -> None:
        """Stop the run: somebody asked, or somebody else has taken over."""
        self.is_cancelled = True
        self.cancel_folds()

    def cancel_folds(self) -> None:
        """Stop the folds that have not ended."""
        for future in list(self.futures):
            future.cancel()


class News(Protocol):
    """Something to be written; ``ends`` tells whether the run is over with it."""

    run: Run
    ends: bool

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it, once."""


@dataclass
class Stepped:
    """A fold has come to a step."""

    run: Run
    number: int
    state: str
    ends: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it, unless the fold has ended meanwhile."""
        run = self.run
        results.progress(session, run.job_id, run.token, self.number, self.state, now=now)


@dataclass
class Renewed:
    """Folds of an earlier attempt have to be trained again."""

    run: Run
    numbers: Sequence[int]
    ends: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it before their new results come."""
        run = self.run
        results.renew_folds(session, run.job_id, run.token, self.numbers, now=now)


@dataclass
class Listed:
    """A run has met an environment for the first time since the trainer started."""

    run: Run
    packages: Sequence[str]
    ends: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Store what is in it."""
        environments.remember(session, self.packages, now=now)


@dataclass
class Asked:
    """A run asks for the results of an identical submission; it waits for its answer."""

    run: Run
    made_with: Mapping[str, str]
    ends: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Take the results over, if there are any; the run has ended then."""
        run = self.run
        self.ends = results.reuse(
            session,
            run.job_id,
            run.token,
            self.made_with,
            submissions_dir=run.files.root,
            now=now,
        )


@dataclass
class FoldEnded:
    """A fold has ended; its files are staged."""

    run: Run
    number: int
    outcome: FoldOutcome
    ends: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it, and put the files in place while nobody else can have the job."""
        run = self.run
        if results.record_fold(session, run.job_id, run.token, self.number, self.outcome, now=now):
            run.files.publish_fold(run.folder, self.number, run.token)
        else:
            run.files.unstage_fold(run.folder, self.number, run.token)


@dataclass
class Ended:
    """A run has ended; ``ending`` None means that somebody cancelled it."""

    run: Run
    ending: Ending | None
    ends: bool = True

    def record(self, session: Session, *, now: datetime) -> None:
        """Write how."""
        run = self.run
        if self.ending is None:
            jobs.cancelled(session, run.job_id, run.token, now=now)
        else:
            results.finish(session, run.job_id, run.token, self.ending, now=now)


@dataclass
class Checked:
    """A check has ended."""

    run: Run
    answer: Mapping[str, Any]
    ends: bool = True

    def record(self, session: Session, *, now: datetime) -> None:
        """Write what the team may see: all of it."""
        run = self.run
        if jobs.answer_check(session, run.job_id, run.token, self.answer, now=now):
            run.files.remove(run.folder)


@dataclass
class Given:
    """A run is given back, after a fault of ours; ``crashed`` counts towards quarantine."""

    run: Run
    error: str
    crashed: bool = False
    delay: timedelta = OURS_AGAIN
    counts: bool = True
    ends: bool = True

    def record(self, session: Session, *, now: datetime) -> None:
        """Give the job back, unless it is somebody else's by now."""
        run = self.run
        jobs.release(
            session,
            run.job_id,
            run.token,
            now=now,
            delay=self.delay,
            crashed=self.crashed,
            counts=self.counts,
            error=self.error,
        )

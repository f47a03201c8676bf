"""One run of a submission, from its claim to its last fold.

`work` runs in a thread of its own and knows no database: it has folds trained and scored, keeps
predictions and logs as files, and tells the desk by `News`.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from databoard.errors import DataboardError, KitError, TrainingError
from databoard.services import jobs, results
from databoard.services.results import Ending, FoldOutcome
from databoard.store.files import Files
from databoard.store.models import Job, Submission
from databoard.training.engine import Engine
from databoard.training.wire import FoldEvent, FoldResult, FoldTask, Limits, Verdict

logger = logging.getLogger(__name__)

OURS_AGAIN = timedelta(seconds=5)


@dataclass(eq=False)
class Run:
    """A claimed submission: plain values, so that threads need no session."""

    job_id: int
    token: int
    submission_id: int
    problem: str
    event: str
    folder: str
    files: Files
    limits: Limits
    log_policy: str
    is_strict: bool
    n_folds: int
    todo: list[int]
    is_lost: bool = False
    n_left: int = 0
    futures: dict[Future[FoldResult], int] = field(default_factory=dict)
    is_cancelled: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, job: Job, submission: Submission, submissions_dir: Path) -> Run:
        """Read what the threads need of a job and its submission."""
        event = submission.event_team.event
        todo = [run.number for run in submission.fold_runs if run.state != "scored"]
        return cls(
            job_id=job.id,
            token=job.token,
            submission_id=submission.id,
            problem=event.problem.name,
            event=event.name,
            folder=submission.folder,
            files=Files(submissions_dir),
            limits=Limits(
                seconds=event.fold_seconds,
                memory_mb=event.fold_memory_mb,
                cores=event.fold_cores,
                disk_mb=event.fold_disk_mb,
                output_kb=event.fold_output_kb,
            ),
            log_policy=event.log_policy,
            is_strict=event.is_strict,
            n_folds=len(submission.fold_runs),
            todo=todo,
            n_left=len(todo),
        )

    def cancel(self) -> None:
        """Stop the run: somebody asked, or somebody else has taken over."""
        self.is_cancelled.set()
        self.cancel_folds()

    def cancel_folds(self) -> None:
        """Stop the folds that have not ended."""
        for future in list(self.futures):
            future.cancel()


# ------------------------------------------------------------------ news for the desk
@dataclass(frozen=True)
class Stepped:
    """A fold has come to a step."""

    run: Run
    number: int
    state: str


@dataclass(frozen=True)
class FoldEnded:
    """A fold has ended; its files are written."""

    run: Run
    number: int
    outcome: FoldOutcome

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it, once."""
        run = self.run
        results.record_fold(session, run.job_id, run.token, self.number, self.outcome, now=now)


@dataclass(frozen=True)
class Ended:
    """A run has ended; ``ending`` None means that somebody cancelled it."""

    run: Run
    ending: Ending | None

    def record(self, session: Session, *, now: datetime) -> None:
        """Write it, once."""
        run = self.run
        if self.ending is None:
            jobs.cancelled(session, run.job_id, run.token, now=now)
        else:
            results.finish(session, run.job_id, run.token, self.ending, now=now)


@dataclass(frozen=True)
class Given:
    """A run is given back, after a fault of ours; ``crashed`` counts towards quarantine."""

    run: Run
    error: str
    crashed: bool = False

    def record(self, session: Session, *, now: datetime) -> None:
        """Give the job back, unless it is somebody else's by now."""
        run = self.run
        if run.is_lost:
            return
        jobs.release(
            session,
            run.job_id,
            run.token,
            now=now,
            delay=OURS_AGAIN,
            crashed=self.crashed,
            error=self.error,
        )


News = Stepped | FoldEnded | Ended | Given
Tell = Callable[[News], None]


# ------------------------------------------------------------------ the thread of a run
def work(run: Run, engine: Engine, tell: Tell) -> None:
    """Train and score a submission; the last news is how the run ended, whatever happens."""
    try:
        tell(_Work(run, engine, tell).do())
    except KitError as error:
        tell(Ended(run, _ending("scoring_error", "organiser", error.message)))
    except DataboardError as error:
        tell(Given(run, error.message))
    except Exception as error:
        logger.exception("run of submission %d", run.submission_id)
        tell(Given(run, f"{type(error).__name__}: {error}"))


def _ending(state: str, fault: str, message: str, **more: Any) -> Ending:
    return Ending(state=state, fault=fault, message=message, **more)


class _Work:
    """The thread of one run."""

    def __init__(self, run: Run, engine: Engine, tell: Tell) -> None:
        self.run, self.engine, self.tell = run, engine, tell
        self.failure: Ending | None = None
        self.trouble: Given | None = None

    def do(self) -> News:
        """Train what is left of the folds, and tell how the run ended."""
        run = self.run
        self.kit = self.engine.kit(run.problem, run.event)
        n_folds = self.kit.info.n_folds
        if n_folds != run.n_folds:
            raise KitError(
                f"The event {run.event} was opened with {run.n_folds} folds, but its kit makes "
                f"{n_folds} now.",
                f"Add the event anew: fab add_event:{run.event},force=True.",
            )
        for number in run.todo:
            task = self._task(number)
            future = self.engine.train_fold(task, self._listener(number))
            run.futures[future] = number
        if run.is_cancelled.is_set():
            run.cancel()
        for future in as_completed(run.futures):
            self._take(run.futures[future], future.result())
            run.n_left -= 1
        if run.is_lost:
            return Given(run, "Taken over by another trainer.")
        if run.is_cancelled.is_set() and self.failure is None and self.trouble is None:
            return Ended(run, None)
        if self.failure is not None:
            return Ended(run, self._with_hashes(self.failure))
        return self.trouble or self._score_bags()

    def _task(self, number: int) -> FoldTask:
        run = self.run
        return FoldTask(
            submission=run.files.folder(run.folder),
            problem=run.problem,
            event=run.event,
            fold=number,
            limits=run.limits,
            log="full" if run.log_policy == "full" else "limited",
            strict=run.is_strict,
        )

    def _listener(self, number: int) -> Callable[[FoldEvent], None]:
        path = self.run.files.fold_path(self.run.folder, number, "log.txt")

        def listen(event: FoldEvent) -> None:
            if event.kind == "log":
                path.parent.mkdir(exist_ok=True)
                with path.open("ab") as file:
                    file.write(event.log)
            else:
                self.tell(Stepped(self.run, number, event.kind))

        path.unlink(missing_ok=True)
        return listen

    def _take(self, number: int, result: FoldResult) -> None:
        """Keep what a fold left, have it scored, and tell; the first failure ends the others."""
        run, verdict = self.run, result.verdict
        if run.is_lost or verdict.state == "cancelled":
            return
        self._keep(number, result)
        if verdict.fault == "ours":
            self.trouble = self.trouble or Given(run, verdict.message, crashed=True)
            run.cancel_folds()
            return
        scores: Mapping[str, Mapping[str, float]] = {}
        if verdict.is_ok:
            try:
                scores = self.kit.score(number, result)
            except TrainingError as error:
                verdict = Verdict("scoring_error", fault=error.fault, message=error.message)  # type: ignore[arg-type]
        self.tell(FoldEnded(run, number, self._outcome(result, verdict, scores)))
        if not scores and self.failure is None:
            self.failure = _ending(
                verdict.state,
                verdict.fault or "ours",
                verdict.message,
                error_file=verdict.file,
                error_line=verdict.line,
                error_fold=number,
                error_text=verdict.traceback if verdict.is_public else "",
            )
            run.cancel_folds()

    def _keep(self, number: int, result: FoldResult) -> None:
        files = {
            "y_pred_train.npy": result.y_pred_train,
            "y_pred_test.npy": result.y_pred_test,
            "log.txt": result.log,
            # For the organisers: what was printed while the test data were there, and the whole
            # traceback, which a team sees only where the event shows it.
            "log_hidden.txt": result.hidden_log,
            "error.txt": result.verdict.traceback.encode(),
        }
        for name, content in files.items():
            if content:
                self.run.files.write_fold(self.run.folder, number, name, content)

    def _outcome(
        self,
        result: FoldResult,
        verdict: Verdict,
        scores: Mapping[str, Mapping[str, float]],
    ) -> FoldOutcome:
        seconds = {"train": result.train_s, "valid": result.valid_s, "test": result.test_s}
        return FoldOutcome(
            state="scored" if scores else verdict.state,
            fault=verdict.fault or "",
            message=verdict.message,
            scores=scores,
            seconds={step: value for step, value in seconds.items() if value is not None},
            peak_mb=result.peak_mb or None,
            isolation=self.engine.isolation.tier,
            train_sha256=_sha256(result.y_pred_train),
            test_sha256=_sha256(result.y_pred_test),
        )

    def _score_bags(self) -> News:
        run = self.run
        read = run.files.read_fold
        trains = [read(run.folder, i, "y_pred_train.npy") for i in range(run.n_folds)]
        tests = [read(run.folder, i, "y_pred_test.npy") for i in range(run.n_folds)]
        if any(train is None for train in trains):
            return Given(run, "Stored predictions are missing; training again.")
        try:
            bagged = self.kit.bag([train or b"" for train in trains], tests)
        except TrainingError as error:
            return Ended(
                run, self._with_hashes(_ending("scoring_error", error.fault, error.message))
            )
        return Ended(run, self._with_hashes(Ending(bagged=bagged)))

    def _with_hashes(self, ending: Ending) -> Ending:
        return replace(ending, data_hash=self.kit.info.data_hash)


def _sha256(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""

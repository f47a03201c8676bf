"""One run of a submission, from its claim to its last fold.

`work` runs in a thread of its own and knows no database: it has folds trained and scored, lays
predictions and logs beside their place, and tells the desk by `News`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, TypeVar

from databoard import logs
from databoard.errors import (
    BusyError,
    DataboardError,
    KitError,
    RequirementsError,
    TrainingError,
)
from databoard.services.results import MADE_WITH, Ending, FoldOutcome
from databoard.training.checks import check
from databoard.training.engine import Engine
from databoard.training.environments.recipe import FILE
from databoard.training.news import (
    Asked,
    Ended,
    FoldEnded,
    Given,
    Listed,
    News,
    Renewed,
    Run,
    Stepped,
)
from databoard.training.scoring import PreparedKit
from databoard.training.verdicts import FULL_CHARACTERS, LIMITED_CHARACTERS, one_line
from databoard.training.wire import FoldEvent, FoldResult, FoldTask, Verdict

logger = logging.getLogger(__name__)

# A box that is killed may have been killed by an operator: only when it happens again and again
# is it the submission's doing.
KILLS_FORGIVEN = 3
FOLD_NOTE = "fold.json"

Tell = Callable[[News], None]
T = TypeVar("T")


def work(run: Run, engine: Engine, tell: Tell) -> None:
    """Train and score a submission; the last news is how the run ended, whatever happens."""
    with logs.about(submission=run.hash_):
        _work(run, engine, tell)


def _work(run: Run, engine: Engine, tell: Tell) -> None:
    what = "check" if run.is_check else "training"
    logger.info("%s begins, attempt %d", what, run.token)
    try:
        news: News | None = check(run, engine) if run.is_check else _Work(run, engine, tell).do()
    except RequirementsError as error:
        # Named by its file, so that a change of the file finds what failed for its sake.
        place = {"error_file": FILE, "error_line": error.line}
        news = Ended(run, _ending("checking_error", "organiser", error.message, **place))
    except KitError as error:
        news = Ended(run, _ending("checking_error", "organiser", error.message))
    except DataboardError as error:
        news = Given(run, error.message)
    except Exception as error:
        logger.exception("the run crashed")
        news = Given(run, f"{type(error).__name__}: {error}")
    finally:
        run.cancel_folds()
    logger.info("%s ends: %s", what, _words(news))
    if news is not None:
        tell(news)


def _words(news: News | None) -> str:
    """Say in the log how a run ended, in words of ours only."""
    if news is None:
        return "an equal submission has been scored"
    if isinstance(news, Given):
        return f"given back: {news.error}"
    if not isinstance(news, Ended):
        return "answered"
    ending = news.ending
    return f"{ending.state or 'scored'} {ending.fault}".strip() if ending else "cancelled"


def _ending(state: str, fault: str, message: str, **more: Any) -> Ending:
    return Ending(state=state, fault=fault, message=message, **more)


def _sha256(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""


class _Work:
    """The thread of one run."""

    def __init__(self, run: Run, engine: Engine, tell: Tell) -> None:
        self.run, self.engine, self.tell = run, engine, tell
        self.kit: PreparedKit = engine.kit(run.problem, run.event, run.terms)
        self.made_with = {name: getattr(self.kit.info, name) for name in MADE_WITH}
        if engine.is_new_environment(self.kit.info.environment_hash):
            tell(Listed(run, self.kit.info.packages))
        self.failure: Ending | None = None
        self.trouble: Given | None = None
        self.finished: SimpleQueue[Future[FoldResult]] = SimpleQueue()
        self.kills: Counter[int] = Counter()
        self.predicted: dict[int, tuple[bytes, bytes | None, Mapping[str, str]]] = {}

    def do(self) -> News | None:
        """Train what is left of the folds, and tell how the run ended."""
        run = self.run
        if run.may_reuse and not run.done and self._is_reused():
            return None
        if run.is_lost:
            return self._end()  # what lies there may be somebody else's by now
        todo = self._todo()
        run.n_left = len(todo)
        for number in todo:
            run.files.clear_fold(run.folder, number)
        # Folds of a strict event must not feel each other's load.
        waiting = todo[1:] if run.is_strict else []
        for number in todo[:1] if run.is_strict else todo:
            self._start(number)
        if run.is_cancelled:
            run.cancel()
        while run.futures:
            future = self.finished.get()
            number = run.futures.pop(future)
            self._take(number, future.result())
            if waiting and not run.futures and self._goes_on():
                self._start(waiting.pop(0))
            run.n_left = len(run.futures) + len(waiting)
        return self._end()

    def _goes_on(self) -> bool:
        run = self.run
        return not (run.is_cancelled or run.is_lost or self.failure or self.trouble)

    def _end(self) -> News:
        run = self.run
        if run.is_lost:
            return Given(run, "Taken over by another trainer.")
        if run.is_cancelled and self.failure is None and self.trouble is None:
            return Ended(run, None)
        if self.engine.kit(run.problem, run.event, run.terms).info != self.kit.info:
            return Given(run, "The problem changed while it was trained on; training again.")
        if self.failure is not None:
            return Ended(run, replace(self.failure, **self.made_with))
        return self.trouble or self._score_bags()

    # -------------------------------------------------------------- what was done before
    def _is_reused(self) -> bool:
        answer: Future[bool] = Future()
        self.run.answer = answer
        self.tell(Asked(self.run, self.made_with))
        return answer.result()

    def _todo(self) -> list[int]:
        """List the folds to train: those not scored yet, and those that cannot stand."""
        again = [number for number in self.run.done if not self._stands(number)]
        if again:
            self.tell(Renewed(self.run, again))
        return [i for i in range(self.run.n_folds) if i not in self.run.done or i in again]

    def _stands(self, number: int) -> bool:
        """Read a fold of an earlier attempt; False if it is lost or was made with other data."""
        read = self.run.files.read_fold
        note = read(self.run.folder, number, FOLD_NOTE)
        train = read(self.run.folder, number, "y_pred_train.npy")
        test = read(self.run.folder, number, "y_pred_test.npy")
        if note is None or train is None:
            return False
        try:
            told = json.loads(note)
            dtypes, made_with = told["dtypes"], {name: told[name] for name in MADE_WITH}
        except (ValueError, KeyError, TypeError):  # cut short by a crash of the machine
            return False
        self.predicted[number] = (train, test, dtypes)
        same_files = (_sha256(train), _sha256(test)) == self.run.done[number]
        return same_files and made_with == self.made_with

    # -------------------------------------------------------------- folds
    def _start(self, number: int) -> None:
        run = self.run
        task = FoldTask(
            submission=run.files.folder(run.folder),
            problem=run.problem,
            event=run.event,
            fold=number,
            limits=run.limits,
            log="full" if run.log_policy == "full" else "limited",
            strict=run.is_strict,
        )
        future = self.engine.train_fold(task, self._listener(number))
        run.futures[future] = number
        future.add_done_callback(self.finished.put)
        if run.is_cancelled:
            future.cancel()

    def _listener(self, number: int) -> Callable[[FoldEvent], None]:
        path = self.run.files.fold_path(self.run.folder, number, "log.txt")

        def listen(event: FoldEvent) -> None:
            if event.kind == "log":
                path.parent.mkdir(exist_ok=True)
                with path.open("ab") as file:
                    file.write(event.log)
            else:
                self.tell(Stepped(self.run, number, event.kind))

        return listen

    def _take(self, number: int, result: FoldResult) -> None:
        """Have a fold scored, lay its files down, and tell; the first failure ends the others."""
        run, verdict = self.run, result.verdict
        if run.is_lost or verdict.state == "cancelled":
            return
        if verdict.fault == "ours":
            # A box cannot kill its keeper; whoever did was an operator, or the kernel for others.
            crashed = verdict.signal not in (0, signal.SIGKILL)
            self.trouble = self.trouble or Given(run, verdict.message, crashed=crashed)
            run.cancel_folds()
            return
        if self._is_forgiven(number, verdict):
            self._start(number)
            return
        scores: Mapping[str, Mapping[str, float]] = {}
        if verdict.is_ok:
            assert result.y_pred_train is not None
            self.predicted[number] = (result.y_pred_train, result.y_pred_test, result.dtypes)
            try:
                scores = self._ask(lambda kit: kit.score(number, result))
            except TrainingError as error:
                verdict = self._unscored(error)
        self._stage(number, result, verdict)
        self.tell(FoldEnded(run, number, self._outcome(result, verdict, scores)))
        if not verdict.is_ok and self.failure is None:
            self.failure = _ending(
                verdict.state,
                verdict.fault or "ours",
                verdict.message,
                error_file=verdict.file,
                error_line=verdict.line,
                error_fold=number,
                error_text=verdict.traceback if verdict.is_public else "",
                is_quoted=verdict.is_quoted,
            )
            run.cancel_folds()

    def _unscored(self, error: TrainingError) -> Verdict:
        """Say why predictions have no score; what a score says may quote them."""
        is_full = self.run.log_policy == "full"
        message = one_line(error.message, FULL_CHARACTERS if is_full else LIMITED_CHARACTERS)
        return Verdict("scoring_error", fault=error.fault, message=message, is_quoted=True)  # type: ignore[arg-type]

    def _is_forgiven(self, number: int, verdict: Verdict) -> bool:
        """Whether a fold that somebody killed is trained again."""
        if verdict.signal != signal.SIGKILL or self.run.is_cancelled or self.failure is not None:
            return False
        self.kills[number] += 1
        return self.kills[number] <= KILLS_FORGIVEN

    def _ask(self, question: Callable[[PreparedKit], T]) -> T:
        """Ask the scorer; one that was killed is started again, once."""
        try:
            return question(self.kit)
        except (BusyError, TrainingError):
            if self.kit.is_alive:
                raise
        self.kit = self.engine.kit(self.run.problem, self.run.event, self.run.terms)
        return question(self.kit)

    def _stage(self, number: int, result: FoldResult, verdict: Verdict) -> None:
        note = {"dtypes": dict(result.dtypes), **self.made_with}
        contents = {
            "y_pred_train.npy": result.y_pred_train,
            "y_pred_test.npy": result.y_pred_test,
            FOLD_NOTE: json.dumps(note).encode(),
            "log.txt": result.log,
            # For the organisers: what was printed while the test data were there, and the whole
            # traceback, which a team sees only where the event shows it.
            "log_hidden.txt": result.hidden_log,
            "error.txt": verdict.traceback.encode(),
        }
        kept = {name: content for name, content in contents.items() if content}
        self.run.files.stage_fold(self.run.folder, number, self.run.token, kept)

    def _outcome(
        self,
        result: FoldResult,
        verdict: Verdict,
        scores: Mapping[str, Mapping[str, float]],
    ) -> FoldOutcome:
        seconds = {"train": result.train_s, "valid": result.valid_s, "test": result.test_s}
        return FoldOutcome(
            state="scored" if verdict.is_ok else _fold_state(verdict),
            fault=verdict.fault or "",
            message=verdict.message,
            scores=scores,
            seconds={step: value for step, value in seconds.items() if value is not None},
            peak_mb=result.peak_mb or None,
            isolation=result.tier or self.engine.isolation.tier,
            train_sha256=_sha256(result.y_pred_train),
            test_sha256=_sha256(result.y_pred_test),
        )

    # -------------------------------------------------------------- all folds together
    def _score_bags(self) -> News:
        folds = [self.predicted[i] for i in range(self.run.n_folds)]
        trains, tests = [fold[0] for fold in folds], [fold[1] for fold in folds]
        dtypes = [fold[2] for fold in folds]
        try:
            bagged = self._ask(lambda kit: kit.bag(trains, tests, dtypes))
        except TrainingError as error:
            verdict = self._unscored(error)
            ending = _ending(
                verdict.state, error.fault, verdict.message, is_quoted=verdict.is_quoted
            )
        else:
            ending = Ending(bagged=bagged)
            self._keep_plots(trains, dtypes)
        return Ended(self.run, replace(ending, **self.made_with))

    def _keep_plots(self, trains: list[bytes], dtypes: list[Mapping[str, str]]) -> None:
        try:
            drawn = self._ask(lambda kit: kit.plots(trains, dtypes))
            self.run.files.write_plots(self.run.folder, json.dumps(drawn).encode())
        except (DataboardError, OSError) as error:  # the scores count, with plots or without
            logger.warning("no plots of %s: %s", self.run.folder, error)


def _fold_state(verdict: Verdict) -> str:
    """Name the state of a fold: it has no check of its own, so what fails there is training."""
    return "training_error" if verdict.state == "checking_error" else verdict.state

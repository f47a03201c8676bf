"""The trusted side's handle on a scorer, and what it has told of a problem."""

from __future__ import annotations

import contextlib
import itertools
import logging
import select
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from databoard.errors import BusyError, KitError, TrainingError
from databoard.training import wire
from databoard.training.box import (
    HARNESS,
    Confined,
    Environment,
    Isolation,
    box_environment,
    harness_command,
    harness_parts,
    hidden_folders,
    readable_folders,
)
from databoard.training.environments.recipe import read
from databoard.training.host import FoldData
from databoard.training.shuffling import Rows
from databoard.training.terms import Terms
from databoard.training.wall import View
from databoard.training.wire import Fault, FoldResult, FoldTask, Form

logger = logging.getLogger(__name__)

PREPARE_S = 900.0
SCORE_S = 120.0
# By somebody else, at the wall or within it: no fault of the problem.
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
_NO_TERMS = Terms()

Scores = dict[str, float]


@dataclass(frozen=True)
class ScoreInfo:
    """A score type, as pages need it."""

    name: str
    precision: int
    is_lower_the_better: bool
    minimum: float
    maximum: float


@dataclass(frozen=True)
class KitInfo:
    """What a scorer tells of its problem; no label is among it."""

    title: str
    workflow: str
    elements: tuple[str, ...]
    n_folds: int
    n_train: int
    n_test: int | None
    train_form: Form
    test_form: Form | None
    has_test_scores: bool
    prediction_kind: str
    are_rows_exchangeable: bool
    scores: tuple[ScoreInfo, ...]
    official_score_name: str
    data_hash: str
    folds_hash: str
    kit_hash: str
    environment_hash: str
    packages: tuple[str, ...]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> KitInfo:
        """Read a scorer's description."""
        forms = {
            name: told[name] and Form(told[name]["kind"], tuple(told[name]["shape"]))
            for name in ("train_form", "test_form")
        }
        return cls(
            **{
                **told,
                **forms,
                "elements": tuple(told["elements"]),
                "scores": tuple(ScoreInfo(**score) for score in told["scores"]),
                "packages": tuple(told["packages"]),
                "folders": tuple(told["folders"]),
            }
        )


@dataclass(eq=False)
class _Shuffled:
    """A fold's labels, X and test X in a secret order, kept while folds use them."""

    parcels: list[int]
    rows: list[Rows]
    n_users: int = 0


def _view(
    isolation: Isolation, environment: Environment, problem: str, event: str | None, problems: Path
) -> View:
    """Return what a scorer sees: libraries, databoard, and the folder of its problem."""
    walled = isolation.tier in ("full", "ns")
    options = {"problem": problem, "event": event, "problems_dir": str(problems)}
    folder = str(problems / problem)
    return View(
        command=harness_command(
            "databoard.training.scorer", walled=walled, options=options, python=environment.python
        ),
        environment=box_environment(1),
        shown=[
            *((path, path) for path in readable_folders(environment) if path != folder),
            (harness_parts(["."])[0][0].rstrip("/."), f"{HARNESS}/databoard"),
            (folder, folder),
        ],
        bwrap=isolation.bwrap,
    )


class PreparedKit:
    """A problem with the folds and scores of an event, warm: data for boxes, scores from numbers.

    Safe to use from several threads; requests to the scorer are answered one after the other.
    Whatever asks the scorer raises `BusyError` if it was killed; see `is_alive`.

    Parameters
    ----------
    isolation : Isolation
    problem, event : str
    problems_dir : Path
    python : str
        The interpreter of the problem's environment.
    terms : Terms
        What the event has fixed.
    on_start : callable, optional
        Gets the scorer's process before it loads the problem, which may take long.

    Raises
    ------
    KitError
        If the problem does not load.
    BusyError
        If the scorer does not start, or was killed while it loaded the problem.
    """

    def __init__(
        self,
        isolation: Isolation,
        problem: str,
        event: str | None,
        problems_dir: Path,
        python: str,
        terms: Terms = _NO_TERMS,
        on_start: Callable[[Confined], None] | None = None,
    ) -> None:
        self.problem, self.event, self.terms = problem, event, terms
        environment = Environment(python)
        problems = problems_dir.resolve()
        if not (problems / problem).is_dir():
            raise KitError(f"There is no folder problems/{problem}.", "Put the problem there.")
        self._lock = threading.Lock()
        self._filling = threading.Lock()  # what two folds need at once is asked for once
        self._labels: dict[int, int] = {}
        self._parcels: list[int] = []
        self._samples: dict[bool, tuple[dict[str, Any], list[int]]] = {}
        self._shuffled: dict[int, _Shuffled] = {}
        walled = isolation.tier in ("full", "ns")
        view = _view(isolation, environment, problem, event, problems)
        try:
            self._process = Confined(view, walled=walled)
            if on_start is not None:
                on_start(self._process)
            self._process.wait_ready()
            self._send_terms()
        except OSError as error:
            raise BusyError(f"The scorer of {problem} does not start: {error}") from error
        try:
            answer, self._parcels = self._receive(PREPARE_S)
        except TrainingError as error:
            self._process.close()
            raise KitError(error.message) from error
        self.info = KitInfo.of(answer["kit"])
        self._code = wire.thaw_files(self._parcels[0])
        self.requirements = _exact_requirements(problems / problem, environment, self.info)
        self.environment = Environment(
            python, shown=self.info.folders, hidden=hidden_folders(problems)
        )

    # -------------------------------------------------------------- talking
    def _send_terms(self) -> None:
        given = [wire.freeze(self.terms.chunks())] if self.terms.folds else []
        try:
            wire.send(self._process.channel, {"terms": self.terms.message()}, given)
        finally:
            wire.close(*given)

    def _receive(
        self, timeout: float, fault: Fault = "organiser", *, is_for_teams: bool = False
    ) -> tuple[dict[str, Any], list[int]]:
        channel = self._process.channel
        ready, _, _ = select.select([channel], [], [], timeout)
        message = wire.receive(channel) if ready else None
        if message is None:
            said = self._process.said()
            self._process.close()
            if ready and self._process.process.returncode in _KILLED:
                raise BusyError(f"The scorer of {self.problem} was killed.")
            # What it printed may quote labels: it is for the log, where a team reads the answer.
            logger.warning("the scorer of %s ended: %s", self.problem, said)
            ended = "ended." if is_for_teams else f"ended: {said}"
            why = ended if ready else f"did not answer within {timeout:.0f} s"
            raise TrainingError(f"The scorer of {self.problem} {why}", fault)
        answer, parcels = message
        if "error" in answer:
            wire.close(*parcels)
            if "log" in answer:
                logger.warning("the scorer of %s: %s", self.problem, answer["log"])
            raise TrainingError(answer["error"], answer["fault"])
        return answer, parcels

    def _ask(
        self, request: Mapping[str, Any], blobs: Sequence[bytes] = ()
    ) -> tuple[dict[str, Any], list[int]]:
        given = [wire.freeze(blobs)] if blobs else []
        is_for_teams = request["do"] in ("score", "bag")
        is_free = self.info.prediction_kind == "other" and is_for_teams
        # Free predictions are as long as a submission makes them, and so are their scores.
        fault: Fault = "team" if is_free else "organiser"
        try:
            with self._lock:
                wire.send(self._process.channel, request, given)
                return self._receive(SCORE_S, fault, is_for_teams=is_for_teams)
        except OSError as error:
            raise BusyError(f"The scorer of {self.problem} has gone.") from error
        finally:
            wire.close(*given)

    @property
    def is_alive(self) -> bool:
        """Whether the scorer still runs."""
        return self._process.is_alive

    def close(self) -> None:
        """End the scorer and forget the data."""
        self._process.close()
        more = [parcels for _, parcels in self._samples.values()]
        wire.close(*self._parcels, *self._labels.values(), *itertools.chain(*more))
        self._parcels, self._labels, self._samples = [], {}, {}

    def __del__(self) -> None:
        # A kit that was replaced serves the folds that still use it, and goes with the last.
        if hasattr(self, "_process"):
            self.close()

    # -------------------------------------------------------------- for boxes
    @contextlib.contextmanager
    def lend(self, task: FoldTask) -> Iterator[FoldData]:
        """Lend what the box of a fold or of a check gets.

        Rows of a strict event are in a secret order where the kit allows it, see
        `databoard.training.shuffling`: a copy of the data for every fold, which lasts no longer
        than the folds that use it.

        Raises
        ------
        TrainingError
            If a file of the submission is missing, or the data cannot be sampled or moved.
        """
        if task.is_check:
            yield self._sample_data(task.submission, is_open=task.log == "full")
        elif task.strict and self.info.are_rows_exchangeable:
            with self._in_secret_order(task.fold) as lent:
                train_rows, *test_rows = lent.rows
                data = self._fold_data(task.submission, lent.parcels, owner=lent)
                yield replace(
                    data, train_rows=train_rows, test_rows=test_rows[0] if test_rows else None
                )
        else:
            with self._filling:
                if task.fold not in self._labels:
                    told = self._ask({"do": "fold", "fold": task.fold})
                    _, (self._labels[task.fold],) = told
            parcels = [self._labels[task.fold], *self._parcels[1:]]
            yield self._fold_data(task.submission, parcels, owner=self)

    def _fold_data(self, submission: Path, parcels: Sequence[int], owner: object) -> FoldData:
        y, X_train, *X_test = parcels
        return FoldData(
            workflow=self.info.workflow,
            files={**self._code, **self._submitted(submission)},
            X_train=X_train,
            y=y,
            X_test=X_test[0] if X_test else None,
            train_form=self.info.train_form,
            test_form=self.info.test_form,
            are_probabilities=self.info.prediction_kind == "multiclass",
            owner=owner,
        )

    @contextlib.contextmanager
    def _in_secret_order(self, fold: int) -> Iterator[_Shuffled]:
        """Lend a fold's data in its order; those who ask at the same time share one copy."""
        with self._filling:
            if fold not in self._shuffled:
                told, (raw, *parcels) = self._ask({"do": "shuffled fold", "fold": fold})
                rows = np.split(np.frombuffer(wire.contents(raw), np.int64), told["ends"])
                wire.close(raw)
                self._shuffled[fold] = _Shuffled(parcels, rows)
            lent = self._shuffled[fold]
            lent.n_users += 1
        try:
            yield lent
        finally:
            with self._filling:
                lent.n_users -= 1
                if not lent.n_users:
                    del self._shuffled[fold]
                    wire.close(*lent.parcels)

    def sample(self, *, is_open: bool) -> tuple[dict[str, Any], list[int]]:
        """Return a few rows for checks, with words about them; see `databoard.training.sampling`.

        Parameters
        ----------
        is_open : bool
            Whether training rows may be shown as they are.

        Raises
        ------
        TrainingError
            If the data cannot be sampled.
        """
        with self._filling:
            if is_open not in self._samples:
                self._samples[is_open] = self._ask({"do": "sample", "is_open": is_open})
            return self._samples[is_open]

    def _sample_data(self, submission: Path, *, is_open: bool) -> FoldData:
        """Return what the box of a check gets: a few rows, see `sample`."""
        told, (X, y, X_test) = self.sample(is_open=is_open)
        train_form, test_form = (
            Form(told[name]["kind"], tuple(told[name]["shape"]))
            for name in ("train_form", "test_form")
        )
        files = {**self._code, **self._submitted(submission)}
        return FoldData(self.info.workflow, files, X, y, X_test, train_form, test_form, owner=self)

    def _submitted(self, submission: Path) -> dict[str, bytes]:
        files = {}
        for name in self.info.elements:
            try:
                files[f"submission/{name}"] = (submission / name).read_bytes()
            except OSError as error:
                raise TrainingError(f"The submission's {name} cannot be read.", "ours") from error
        return files

    # -------------------------------------------------------------- scores
    def score(self, fold: int, result: FoldResult) -> dict[str, Scores]:
        """Score the predictions of a fold.

        Returns
        -------
        dict
            ``{"train": {score: value}, "valid": ..., "test": ...}`` at full precision; no
            ``test`` where the problem has no test labels.

        Raises
        ------
        TrainingError
            If a score cannot be computed; with whose fault it is.
        """
        assert result.y_pred_train is not None
        blobs = [result.y_pred_train, result.y_pred_test or b""]
        dtypes = [result.dtypes.get(step, "float64") for step in ("train", "test")]
        answer, _ = self._ask(_request("score", blobs, dtypes, fold=fold), blobs)
        scores: dict[str, Scores] = answer["scores"]
        return scores

    def bag(
        self,
        y_preds_train: Sequence[bytes],
        y_preds_test: Sequence[bytes | None],
        dtypes: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, list[Scores]]:
        """Score the bagged predictions after the first 1, 2, ..., k folds.

        Parameters
        ----------
        y_preds_train, y_preds_test : sequence of bytes
            Stored predictions of folds 0, 1, ..., k - 1.
        dtypes : sequence of mapping
            Types that the submission returned, by fold and step; float64 where nothing is said.

        Returns
        -------
        dict
            ``{"valid": [{score: value} after 1, ..., k folds], "test": [...]}``.

        Raises
        ------
        TrainingError
            If a score cannot be computed; with whose fault it is.
        """
        blobs = [*y_preds_train, *(test or b"" for test in y_preds_test)]
        told = list(dtypes) or [{}] * len(y_preds_train)
        types = [each.get(step, "float64") for step in ("train", "test") for each in told]
        answer, _ = self._ask(_request("bag", blobs, types), blobs)
        scores: dict[str, list[Scores]] = answer["scores"]
        return scores

    def plots(
        self, y_preds_train: Sequence[bytes], dtypes: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        """Sum stored predictions on held-out rows up for plots; empty if there are none to draw.

        Raises
        ------
        TrainingError
            If the predictions do not fit.
        """
        blobs = [*y_preds_train, *(b"" for _ in y_preds_train)]
        types = [each.get("train", "float64") for each in dtypes]
        answer, _ = self._ask(_request("plots", blobs, types + ["float64"] * len(types)), blobs)
        drawn: dict[str, Any] = answer["plots"]
        return drawn

    # -------------------------------------------------------------- what all achieve together
    def influences(
        self, score: str, y_preds_train: Sequence[bytes], y_preds_test: Sequence[bytes | None]
    ) -> dict[str, bytes]:
        """Return how much each example moves a score, as ``.npy``.

        Parameters
        ----------
        score : str
            Name of the score.
        y_preds_train, y_preds_test : sequence of bytes
            Stored predictions of all folds.

        Returns
        -------
        dict
            By board and way of ranking: ``{"public_bagged": ..., "private_mean": ...}``.

        Raises
        ------
        TrainingError
            If the kit's score stops; with whose fault it is.
        """
        blobs = [*y_preds_train, *(test or b"" for test in y_preds_test)]
        request = _request("influences", blobs, ["float64"] * len(blobs), score=score)
        answer, parcels = self._ask(request, blobs)
        raw, found, start = wire.contents(parcels[0]), {}, 0
        wire.close(*parcels)
        for name, size in answer["sizes"].items():
            found[name] = raw[start : start + size]
            start += size
        return found

    def learn(
        self, score: str, key: str, y_preds_train: Sequence[bytes], max_members: int
    ) -> dict[str, Any]:
        """Take a submission into the best combination by a score; a known one changes nothing.

        Returns
        -------
        dict
            ``{"keys": [...], "selections": [[place in keys, ...] per fold], "added": {"without":
            ..., "with": ...}}``; ``added`` is empty for a known one.

        Raises
        ------
        TrainingError
            If the predictions do not fit, or the event has lost the score.
        """
        blobs = [*y_preds_train, *(b"" for _ in y_preds_train)]
        more = {"score": score, "key": key, "max_members": max_members}
        request = _request("learn", blobs, ["float64"] * len(blobs), **more)
        return self._ask(request, blobs)[0]

    def learnt(self, score: str, *, forget: bool = False) -> dict[str, Any]:
        """Return what is known of the best combination by a score, or begin anew."""
        return self._ask({"do": "forget" if forget else "selections", "score": score})[0]

    def combine(
        self,
        counts: Sequence[Sequence[int]],
        y_preds_train: Sequence[bytes],
        y_preds_test: Sequence[bytes | None],
    ) -> dict[str, list[Scores]]:
        """Score what members predict together, bagged over the folds.

        Parameters
        ----------
        counts : sequence of sequence of int
            Per fold, how often each of its members counts.
        y_preds_train, y_preds_test : sequence of bytes
            Stored predictions of the members of the first fold, of the second, ...

        Returns
        -------
        dict
            As of `bag`.

        Raises
        ------
        TrainingError
            If a score cannot be computed; with whose fault it is.
        """
        blobs = [*y_preds_train, *(test or b"" for test in y_preds_test)]
        request = _request("combine", blobs, ["float64"] * len(blobs), counts=counts)
        scores: dict[str, list[Scores]] = self._ask(request, blobs)[0]["scores"]
        return scores


def _exact_requirements(folder: Path, environment: Environment, info: KitInfo) -> str:
    """Write down an environment of the problem's own, so that it can be built elsewhere."""
    found = read(folder) if environment.python != Environment().python else None
    return found.exactly(list(info.packages)).text if found else ""


def _request(
    operation: str, blobs: Sequence[bytes], dtypes: Sequence[str], **more: Any
) -> dict[str, Any]:
    sizes = [len(blob) for blob in blobs]
    return {"do": operation, "sizes": sizes, "dtypes": list(dtypes), **more}

"""The scorer: the trusted process that holds a problem's labels and runs the organiser's code.

One per problem and event, warm, with an empty environment, no database, no network and, where the
machine can, a view of nothing but the libraries and this problem's folder. It never imports a
submission: numbers come in as files in memory, scores go out as JSON. It does with the kit's own
``Predictions`` and score types what ``ramp-test`` does, so the scores are the same to the last
digit.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from databoard.domain import plots
from databoard.domain.bagging import bag_folds
from databoard.errors import DataboardError, KitError, TrainingError
from databoard.kits.loading import Kit, load_kit
from databoard.training import (
    analysis,
    environments,
    linux,
    parcel,
    predictions,
    sampling,
    shuffling,
    wire,
)
from databoard.training.analysis import Analysis
from databoard.training.closed_forms import Quick
from databoard.training.influence import Influence
from databoard.training.paths import folders_of_paths
from databoard.training.sampling import n_rows_of
from databoard.training.terms import Terms, folds_hash
from databoard.training.wire import Form

Scores = dict[str, float]
_HUGE = 1e100
_NO_TERMS = Terms()


def mask(y: Any, train_is: Any) -> Any:
    """Return a copy of the labels in which only those of the training rows are left.

    Every other row carries the label of the first training row, so the copy has the same length
    and type; a workflow that reads ``y[train_is]`` sees no difference.

    Examples
    --------
    >>> mask(np.array([1, 2, 3, 4]), np.array([1, 3])).tolist()
    [2, 2, 2, 4]
    """
    n_rows = y.shape[0] if hasattr(y, "shape") else len(y)
    source = np.full(n_rows, int(np.asarray(train_is)[0]))
    source[np.asarray(train_is)] = np.asarray(train_is)
    if hasattr(y, "iloc"):
        masked = y.iloc[source].copy()
        # The row names stay; they are no labels, and workflows may select by them.
        masked.index = y.index
        masked.attrs = {}  # which may hold anything
        return masked
    if isinstance(y, list | tuple):
        return type(y)(copy.deepcopy(y[i]) for i in source)
    return y[source]


def wrap(Predictions: Any, rows: Any, **values: Any) -> Any:
    """Wrap a truth (``y_true``) or predictions (``y_pred``) on some rows, or on all (None).

    A kit's own type from before ramp-workflow 0.5 takes no ``fold_is``: it gets the rows cut out.
    """
    if _takes_rows(Predictions):
        return Predictions(fold_is=rows, **values)
    if rows is not None:
        values = {name: sampling.pick(value, rows) for name, value in values.items()}
    return Predictions(**values)


@cache  # asking takes longer than wrapping
def _takes_rows(Predictions: Any) -> bool:
    parameters = inspect.signature(Predictions).parameters.values()
    return any(each.name == "fold_is" or each.kind is each.VAR_KEYWORD for each in parameters)


#: Where ramp-workflow's own score types say less than they do: chance is no lower bound.
_TRUE_MINIMUM = {"BalancedAccuracy": -1.0, "BrierSkillScore": -math.inf}
#: Beyond an end of the range, relative to the score: that is rounding.
_SLACK = 1e-9


def _cannot_rank(score_type: Any, value: float) -> str:
    """Tell what a score is that cannot rank; empty if it can."""
    if not math.isfinite(value):
        return "no number"
    low, high = float(score_type.minimum), float(score_type.maximum)
    kind = type(score_type)
    if kind.__module__.startswith("rampwf."):
        low = min(low, _TRUE_MINIMUM.get(kind.__name__, low))
    slack = _SLACK * max(1.0, abs(value))
    if low - slack <= value <= high + slack:
        return ""
    return f"out of its range from {low:g} to {high:g}"


class Scorer:
    """One problem with the folds and scores of one event.

    Parameters
    ----------
    problem : str
    event : str or None
    problems_dir : Path
    terms : Terms
        What the event fixed when it was opened: its folds rule, not what ``get_cv`` gives today.

    Raises
    ------
    KitError
        If the kit does not load or has no folds.
    """

    def __init__(
        self, problem: str, event: str | None, problems_dir: Path, terms: Terms = _NO_TERMS
    ) -> None:
        self.kit: Kit = load_kit(
            problem,
            problems_dir,
            event,
            element_names=terms.element_names,
            score_bounds=terms.bounds(),
        )
        if not self.kit.score_types:
            raise KitError(f"{problem} has no score types for this event.")
        os.chdir(self.kit.path)
        self.X_train, self.y_train = self.kit.train_data()
        self.X_test, self.y_test = self.kit.test_data()
        self.folds = terms.rows() or self.kit.folds(self.X_train, self.y_train)
        self._check_folds()
        self._truths: dict[tuple[int, str], Any] = {}
        self._quick = [(score_type, Quick(score_type)) for score_type in self.kit.score_types]
        self._official = terms.official or self.kit.official_score_name
        self._learnt: Analysis | None = None

    def _check_folds(self) -> None:
        if not self.folds:
            raise KitError(
                f"get_cv of {self.kit.name} gives no folds.", "Make it yield pairs of rows."
            )
        last = max(int(rows.max(initial=0)) for fold in self.folds for rows in fold)
        if last >= n_rows_of(self.y_train):
            raise KitError(
                f"The folds of the event go up to row {last}, but {self.kit.name} has only "
                f"{n_rows_of(self.y_train)} training rows now.",
                "Bring the data back, or add the event anew with force=True.",
            )

    # -------------------------------------------------------------- for boxes
    def describe(self) -> dict[str, Any]:
        """Tell what the trusted side needs to know; labels are not among it."""
        kit = self.kit
        return {
            "title": kit.title,
            "workflow": kit.workflow_name,
            "elements": [element.filename for element in kit.elements],
            "n_folds": len(self.folds),
            "n_train": n_rows_of(self.y_train),
            "n_test": (
                None
                if self.X_test is None
                else n_rows_of(self.X_test if self.y_test is None else self.y_test)
            ),
            "train_form": asdict(self._form(self.X_train, self.y_train)),
            "test_form": (
                None if self.X_test is None else asdict(self._form(self.X_test, self.y_test))
            ),
            "has_test_scores": self.y_test is not None,
            "prediction_kind": kit.prediction_kind,
            "are_rows_exchangeable": kit.are_rows_exchangeable,
            "scores": [_describe_score(score) for score in kit.score_types],
            "official_score_name": kit.official_score_name,
            "data_hash": kit.data_hash(),
            "folds_hash": folds_hash(self.folds),
            "kit_hash": kit.code_hash(),
            "environment_hash": environments.sum_up(),
            "packages": environments.packages(),
            "folders": folders_of_paths([self.X_train, self.X_test], kit.path),
        }

    def _form(self, X: Any, y: Any) -> Form:
        rows = n_rows_of(X if y is None else y)
        if self.kit.prediction_kind == "other":
            return Form("any", (rows,))
        columns = self.kit.n_columns
        return Form("array", (rows, columns) if columns else (rows,))

    def code(self) -> dict[str, bytes]:
        """Return the kit's code as a box sees it, by name."""
        return {f"code/{name}": path.read_bytes() for name, path in self.kit.code_files().items()}

    def parcel_of_fold(self, fold: int) -> int:
        """Seal the labels of a fold's training rows, its rows, and its pair for the workflow."""
        train_is, valid_is = self.folds[fold]
        return parcel.seal((mask(self.y_train, train_is), train_is, (train_is, valid_is)))

    def parcels_of_shuffled_fold(self, fold: int) -> tuple[dict[str, Any], list[int]]:
        """Seal which rows stand where, then a fold's labels, X and test X in that order.

        The test rows have the same order in all folds, and so the same parcel wherever it goes.

        Raises
        ------
        KitError
            If X is of a kind whose rows cannot be moved.
        """
        train_is, valid_is = self.folds[fold]
        secret = shuffling.secret_of(self.y_train, self.y_test)
        rows = shuffling.shuffled(n_rows_of(self.y_train), train_is, secret, f"fold {fold}")
        pair = (train_is, shuffling.places(rows, valid_is))
        sealed = [
            parcel.seal((mask(self.y_train, train_is), train_is, pair)),
            parcel.seal(shuffling.rearranged(self.X_train, rows)),
        ]
        orders = [rows]
        if self.X_test is not None:
            orders.append(shuffling.shuffled(n_rows_of(self.X_test), [], secret, "test"))
            sealed.append(parcel.seal(shuffling.rearranged(self.X_test, orders[1])))
        raw = wire.freeze([each.tobytes() for each in orders])
        return {"ends": [len(each) for each in orders[:-1]]}, [raw, *sealed]

    def parcels_of_sample(self, *, is_open: bool) -> tuple[dict[str, Any], list[int]]:
        """Seal a few rows as a fold of their own, for a quick look at some code."""
        part = sampling.sample(self.kit, self.X_train, self.y_train, is_open=is_open)
        X_test = sampling.pick(part.X, part.valid_is)
        fold = (part.train_is, part.valid_is)
        told = {
            "train_form": asdict(self._form(part.X, part.y)),
            "test_form": asdict(self._form(X_test, sampling.pick(part.y, part.valid_is))),
            "source": f"{n_rows_of(part.y)} {part.source}",
            "is_public": part.is_public,
        }
        y = mask(part.y, part.train_is)
        return told, [
            parcel.seal(part.X),
            parcel.seal((y, part.train_is, fold)),
            parcel.seal(X_test),
        ]

    # -------------------------------------------------------------- scores
    def _truth(self, step: str, fold: int) -> Any:
        """Return the ground truth of a step; a copy, since score types are not ours."""
        key = (-1 if step in ("test", "all") else fold, step)
        if key not in self._truths:
            rows = None
            if step in ("train", "valid"):
                rows = self.folds[fold][0 if step == "train" else 1]
            y = self.y_test if step == "test" else self.y_train
            self._truths[key] = wrap(self.kit.Predictions, rows, y_true=y)
        return copy.deepcopy(self._truths[key])

    def _wrap(self, y_pred: Any, rows: Any = None) -> Any:
        try:
            return wrap(self.kit.Predictions, rows, y_pred=y_pred)
        except Exception as error:
            raise TrainingError(f"The predictions do not fit: {error}", "team") from error

    def _score(self, truth: Any, y_pred: Any, step: str, folds: str) -> Scores:
        scores = {}
        for score_type, score in self._quick:
            try:
                value = score(truth, y_pred)
            except (Exception, SystemExit) as error:
                # What an error says may quote labels: of rows that were not trained on, its kind
                # alone is told.
                said = f": {error}" if step == "train" else ""
                raise TrainingError(
                    f"{folds}: the score {score_type.name} stops on the {step} predictions with "
                    f"{type(error).__name__}{said}",
                    "team" if self._is_strange(y_pred) else "organiser",
                ) from error
            is_official = score_type.name == self._official
            if not (is_official or math.isfinite(value)):
                continue  # such as the distance to what was found, where nothing was
            if why := _cannot_rank(score_type, value):
                # No number is told but of training rows: all its digits are more than any board,
                # and a ladder, lets out.
                told = f"{value}: {why}" if step == "train" else why
                raise TrainingError(
                    f"{folds}: the score {score_type.name} of the {step} predictions is {told}",
                    "team" if self._is_strange(y_pred) else "organiser",
                )
            scores[score_type.name] = value
        return scores

    def _is_strange(self, y_pred: Any) -> bool:
        """Whether the predictions themselves may be why a score fails."""
        try:
            values = np.asarray(y_pred.y_pred)
        except ValueError:  # lists of different lengths, in a kit's own type
            return True
        if values.dtype.kind not in "fiub":
            return True
        if (np.abs(values) > _HUGE).any():
            return True
        if self.kit.prediction_kind != "multiclass":
            return False
        return bool((values < 0).any() or (np.abs(values.sum(axis=1) - 1) > 1e-3).any())

    def score(self, fold: int, train: Any, test: Any) -> dict[str, Scores]:
        """Score one fold: train, valid and, where there are labels, test."""
        train_is, valid_is = self.folds[fold]
        wrapped = {"train": self._wrap(train, train_is), "valid": self._wrap(train, valid_is)}
        if self.y_test is not None and test is not None:
            wrapped["test"] = self._wrap(test)
        return {
            step: self._score(self._truth(step, fold), y_pred, step, f"Fold {fold + 1}")
            for step, y_pred in wrapped.items()
        }

    def bag(self, trains: Sequence[Any], tests: Sequence[Any]) -> dict[str, list[Scores]]:
        """Score the average of the first 1, 2, ... folds."""
        rows = [valid_is for _, valid_is in self.folds[: len(trains)]]
        wrapped = [self._wrap(y, held_out) for y, held_out in zip(trains, rows, strict=True)]
        truth = self._truth("all", -1)
        scores = {"valid": self._bag_scores(wrapped, truth, rows, "valid")}
        if self.y_test is not None and tests:
            truth = self._truth("test", -1)
            scores["test"] = self._bag_scores([self._wrap(y) for y in tests], truth, None, "test")
        return scores

    def plots(self, trains: Sequence[Any]) -> dict[str, Any]:
        """Sum the predictions on the held-out rows of all folds up for plots."""
        kit = self.kit
        pairs = [
            (self._truth("valid", fold).y_pred, self._wrap(y, self.folds[fold][1]).y_pred)
            for fold, y in enumerate(trains)
        ]
        true, pred = (np.concatenate(values) for values in zip(*pairs, strict=True))
        drawn = plots.draw(kit.prediction_kind, true, pred)
        if "confusion" in drawn:
            drawn["labels"] = [str(label) for label in kit.label_names]
        return drawn

    def _bag_scores(
        self, wrapped: Sequence[Any], truth: Any, rows: Sequence[Any] | None, step: str
    ) -> list[Scores]:
        found = []
        for n_folds, combined in enumerate(self._combined(wrapped, len(truth.y_pred), rows), 1):
            valid = combined.valid_indexes
            truth_here = copy.deepcopy(truth)
            truth_here.set_slice(valid)
            combined.set_slice(valid)
            folds = "Fold 1" if n_folds == 1 else f"Folds 1 to {n_folds}"
            found.append(self._score(truth_here, combined, f"bagged {step}", folds))
        return found

    def _combined(
        self, wrapped: Sequence[Any], n_rows: int, rows: Sequence[Any] | None
    ) -> Iterator[Any]:
        """Combine the first 1, 2, ... folds as ``get_score_cv_bags`` of ramp-workflow does."""
        Predictions = self.kit.Predictions
        known = _known_combination(Predictions)
        if known:
            is_multiclass = known == "multiclass"
            values = [one.y_pred for one in wrapped]
            n_samples = None if rows is None else n_rows
            for bag in bag_folds(values, rows, n_samples, is_multiclass=is_multiclass):
                yield Predictions(y_pred=bag.y_pred)
            return
        spread: list[Any] = []
        for i, one in enumerate(wrapped):
            spread.append(Predictions(n_samples=n_rows))
            where = range(len(one.y_pred)) if rows is None else rows[i]
            spread[-1].set_valid_in_train(one, where)
            yield Predictions.combine(list(spread))

    # -------------------------------------------------------------- what all achieve together
    def analysis(self, score: str) -> Analysis:
        """Return what was learnt of the event's submissions so far, by a score."""
        if self._learnt is None or self._learnt.score != score:
            kit = self.kit
            official = next((s for s in kit.score_types if s.name == score), None)
            if official is None:
                raise KitError(f"{kit.name} has no score {score} any more.")
            y_test = None if self.y_test is None else self._truth("test", -1).y_pred
            self._learnt = Analysis(
                official,
                [self._truth("valid", fold) for fold in range(len(self.folds))],
                self._wrap,
                Influence(official, self._wrap, self._truth("all", -1).y_pred, y_test, self.folds),
                [valid_is for _, valid_is in self.folds],
                _known_combination(kit.Predictions),
            )
        return self._learnt

    def influences(self, score: str, trains: Sequence[Any], tests: Sequence[Any]) -> dict[str, Any]:
        """Tell how much each example moves a score, by board and way of ranking."""
        rows = [valid_is for _, valid_is in self.folds]
        wrapped = [self._wrap(y, held_out) for y, held_out in zip(trains, rows, strict=True)]
        bags = {"valid": self._bag(wrapped, n_rows_of(self.y_train), rows)}
        if self.y_test is not None and tests:
            bags["test"] = self._bag([self._wrap(y) for y in tests], n_rows_of(self.y_test), None)
        return self.analysis(score).influence.of(trains, tests, bags)

    def _bag(self, wrapped: Sequence[Any], n_rows: int, rows: Sequence[Any] | None) -> Any:
        *_, last = self._combined(wrapped, n_rows, rows)
        valid = np.asarray(last.valid_indexes)
        where = np.flatnonzero(valid) if valid.dtype == bool else valid
        return last.y_pred[where], where

    def mix(
        self, counts: Sequence[Sequence[int]], trains: Sequence[Any], tests: Sequence[Any]
    ) -> dict[str, list[Scores]]:
        """Score what the members of each fold, so often each, predict together."""
        Predictions = self.kit.Predictions

        def own(values: Sequence[Any]) -> Any:
            return Predictions.combine([self._wrap(value) for value in values]).y_pred

        def mixed(values: Sequence[Any]) -> list[Any]:
            left = iter(values)
            members = [[next(left) for _ in fold] for fold in counts]
            return analysis.mixtures(_known_combination(Predictions), own, members, counts)

        return self.bag(mixed(trains), mixed(tests) if tests else [])


def _known_combination(Predictions: Any) -> str:
    """Tell whether the type combines as ramp-workflow's own types do, which has a closed form."""
    from rampwf.prediction_types import make_multiclass, make_regression

    function = getattr(getattr(Predictions, "combine", None), "__func__", None)
    for name, make in (("multiclass", make_multiclass), ("regression", make_regression)):
        stock = make(label_names=[0, 1])
        same_slices = getattr(Predictions, "set_valid_in_train", None) is stock.set_valid_in_train
        if (
            function is stock.combine.__func__
            and same_slices
            and "Predictions_list" not in vars(Predictions)
        ):
            return name
    return ""


def _describe_score(score: Any) -> dict[str, Any]:
    return {
        "name": score.name,
        "precision": int(score.precision),
        "is_lower_the_better": bool(score.is_lower_the_better),
        "minimum": float(score.minimum),
        "maximum": float(score.maximum),
    }


# ------------------------------------------------------------------ the process
def _unpack(request: Mapping[str, Any], descriptor: int) -> list[Any]:
    """Read the predictions of a request; None where a step has none."""
    raw = wire.contents(descriptor)
    found, start = [], 0
    for size, dtype in zip(request["sizes"], request["dtypes"], strict=True):
        stored = raw[start : start + size]
        found.append(predictions.load(stored, dtype) if size else None)
        start += size
    return found


def _answer(
    scorer: Scorer, request: Mapping[str, Any], descriptors: Sequence[int]
) -> tuple[dict[str, Any], list[int]]:
    operation = request["do"]
    if operation == "fold":
        return {}, [scorer.parcel_of_fold(int(request["fold"]))]
    if operation == "shuffled fold":
        return scorer.parcels_of_shuffled_fold(int(request["fold"]))
    if operation == "sample":
        return scorer.parcels_of_sample(is_open=bool(request["is_open"]))
    values = _unpack(request, descriptors[0]) if descriptors else []
    if operation == "score":
        return {"scores": scorer.score(int(request["fold"]), *values)}, []
    half = len(values) // 2
    if operation == "plots":
        return {"plots": scorer.plots(values[:half])}, []
    tests = [test for test in values[half:] if test is not None]
    if operation in analysis.OPERATIONS:
        return _analyse(scorer, request, values[:half], tests)
    return {"scores": scorer.bag(values[:half], tests)}, []


def _analyse(
    scorer: Scorer, request: Mapping[str, Any], trains: Sequence[Any], tests: Sequence[Any]
) -> tuple[dict[str, Any], list[int]]:
    operation = request["do"]
    if operation == "influences":
        found = scorer.influences(request["score"], trains, tests)
        vectors = {name: analysis.npy(vector) for name, vector in found.items()}
        sizes = {name: len(content) for name, content in vectors.items()}
        return {"sizes": sizes}, [wire.freeze(list(vectors.values()))]
    if operation == "combine":
        return {"scores": scorer.mix(request["counts"], trains, tests)}, []
    learnt, told = scorer.analysis(request["score"]), {}
    if operation == "forget":
        learnt.forget()
    elif operation == "learn":
        told["added"] = learnt.learn(str(request["key"]), trains, int(request["max_members"]))
    return {**told, "keys": learnt.keys, "selections": learnt.selections()}, []


def _guarded(
    work: Callable[[], tuple[dict[str, Any], list[int]]], *, is_for_teams: bool = False
) -> tuple[dict[str, Any], list[int]]:
    """Run the organiser's code; whatever it raises becomes an answer.

    With ``is_for_teams`` a team reads the answer: what an error says may quote labels, and is for
    the trainer's log alone.
    """
    try:
        return work()
    except DataboardError as error:
        return {"error": error.message[:4000], "fault": error.fault}, []
    except (Exception, SystemExit) as error:
        words = f"{type(error).__name__}: {error}\n{traceback.format_exc()[-4000:]}"[:4000]
        told = f"Scoring stops with {type(error).__name__}." if is_for_teams else words
        return {"error": told, "fault": "organiser", "log": words}, []


def _receive_terms(channel: socket.socket) -> Terms:
    message = wire.receive(channel)
    if message is None:
        return _NO_TERMS
    told, descriptors = message
    raw = wire.contents(descriptors[0]) if descriptors else b""
    wire.close(*descriptors)
    return Terms.read(told["terms"], raw)


def serve(channel: socket.socket, problem: str, event: str | None, problems_dir: Path) -> None:
    """Prepare, then answer until the trusted side closes the channel."""
    loaded: list[Scorer] = []
    terms = _receive_terms(channel)

    def prepare() -> tuple[dict[str, Any], list[int]]:
        scorer = Scorer(problem, event, problems_dir, terms)
        loaded.append(scorer)
        parcels = [wire.freeze_files(scorer.code()), parcel.seal(scorer.X_train)]
        if scorer.X_test is not None:
            parcels.append(parcel.seal(scorer.X_test))
        return {"kit": scorer.describe()}, parcels

    answer, parcels = _guarded(prepare)
    wire.send(channel, answer, parcels)
    wire.close(*parcels)
    if not loaded:
        return
    while (message := wire.receive(channel)) is not None:
        request, descriptors = message
        answer, parcels = _guarded(
            partial(_answer, loaded[0], request, descriptors),
            is_for_teams=request["do"] in ("score", "bag"),
        )
        wire.send(channel, answer, parcels)
        wire.close(*descriptors, *parcels)
        sys.stdout.flush()


def main(number: int, options: str) -> None:
    """Be the scorer of a problem."""
    linux.die_with_parent()
    linux.no_new_privileges()
    settings = json.loads(options)
    channel = socket.socket(fileno=number)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    wire.send(channel, {"ready": True})
    serve(channel, settings["problem"], settings["event"], Path(settings["problems_dir"]))

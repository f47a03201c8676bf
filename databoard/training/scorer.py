"""The scorer: the trusted process that holds a problem's labels and runs the organiser's code.

One per problem and event, warm, with an empty environment, no database, no network and, where the
machine can, a view of nothing but the libraries and this problem's folder. It never imports a
submission: numbers come in as files in memory, scores go out as JSON. It does with the kit's own
``Predictions`` and score types what ``ramp-test`` does, so the scores are the same to the last
digit.
"""

from __future__ import annotations

import copy
import json
import math
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from databoard.domain.bagging import bag_folds
from databoard.errors import DataboardError, KitError, TrainingError
from databoard.kits.loading import Kit, load_kit
from databoard.training import linux, parcel, predictions, wire
from databoard.training.paths import folders_of_paths
from databoard.training.wire import Form

Scores = dict[str, float]
_HUGE = 1e100


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
        return masked
    if isinstance(y, list | tuple):
        return type(y)(copy.deepcopy(y[i]) for i in source)
    return y[source]


def _n_rows(values: Any) -> int:
    return int(values.shape[0]) if hasattr(values, "shape") else len(values)


class Scorer:
    """One problem with the folds and scores of one event.

    Parameters
    ----------
    problem : str
    event : str or None
    problems_dir : Path

    Raises
    ------
    KitError
        If the kit does not load or has no folds.
    """

    def __init__(self, problem: str, event: str | None, problems_dir: Path) -> None:
        self.kit: Kit = load_kit(problem, problems_dir, event)
        if not self.kit.score_types:
            raise KitError(f"{problem} has no score types for this event.")
        os.chdir(self.kit.path)
        self.X_train, self.y_train = self.kit.train_data()
        self.X_test, self.y_test = self.kit.test_data()
        self.folds = self.kit.folds(self.X_train, self.y_train)
        if not self.folds:
            raise KitError(f"get_cv of {problem} gives no folds.", "Make it yield pairs of rows.")
        self._truths: dict[tuple[int, str], Any] = {}

    # -------------------------------------------------------------- for boxes
    def describe(self) -> dict[str, Any]:
        """Tell what the trusted side needs to know; labels are not among it."""
        kit = self.kit
        return {
            "title": kit.title,
            "workflow": kit.workflow_name,
            "elements": [element.filename for element in kit.elements],
            "n_folds": len(self.folds),
            "n_train": _n_rows(self.y_train),
            "n_test": None if self.X_test is None else _n_rows(self.X_test),
            "train_form": asdict(self._form(self.X_train, self.y_train)),
            "test_form": (
                None if self.X_test is None else asdict(self._form(self.X_test, self.y_test))
            ),
            "has_test_scores": self.y_test is not None,
            "prediction_kind": kit.prediction_kind,
            "scores": [_describe_score(score) for score in kit.score_types],
            "official_score_name": kit.official_score_name,
            "data_hash": kit.data_hash(),
            "folders": folders_of_paths([self.X_train, self.X_test], kit.path),
        }

    def _form(self, X: Any, y: Any) -> Form:
        rows = _n_rows(X if y is None else y)
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

    # -------------------------------------------------------------- scores
    def _truth(self, step: str, fold: int) -> Any:
        """Return the ground truth of a step; a copy, since score types are not ours."""
        key = (-1 if step in ("test", "all") else fold, step)
        if key not in self._truths:
            rows = None
            if step in ("train", "valid"):
                rows = self.folds[fold][0 if step == "train" else 1]
            y = self.y_test if step == "test" else self.y_train
            self._truths[key] = self.kit.Predictions(y_true=y, fold_is=rows)
        return copy.deepcopy(self._truths[key])

    def _wrap(self, y_pred: Any, rows: Any = None) -> Any:
        try:
            return self.kit.Predictions(y_pred=y_pred, fold_is=rows)
        except Exception as error:
            raise TrainingError(f"The predictions do not fit: {error}", "team") from error

    def _score(self, truth: Any, y_pred: Any, step: str) -> Scores:
        scores = {}
        for score_type in self.kit.score_types:
            try:
                value = float(score_type.score_function(truth, y_pred))
            except Exception as error:
                raise TrainingError(
                    f"The score {score_type.name} stops on the {step} predictions with "
                    f"{type(error).__name__}: {error}",
                    "team" if self._is_strange(y_pred) else "organiser",
                ) from error
            if not math.isfinite(value) or (
                not score_type.minimum <= value <= score_type.maximum and self._is_strange(y_pred)
            ):
                raise TrainingError(
                    f"The score {score_type.name} of the {step} predictions is {value}",
                    "team" if self._is_strange(y_pred) else "organiser",
                )
            scores[score_type.name] = value
        return scores

    def _is_strange(self, y_pred: Any) -> bool:
        """Whether the predictions themselves may be why a score fails."""
        values = np.asarray(y_pred.y_pred)
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
        steps = {
            "train": self._score(self._truth("train", fold), self._wrap(train, train_is), "train"),
            "valid": self._score(self._truth("valid", fold), self._wrap(train, valid_is), "valid"),
        }
        if self.y_test is not None and test is not None:
            steps["test"] = self._score(self._truth("test", fold), self._wrap(test), "test")
        return steps

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

    def _bag_scores(
        self, wrapped: Sequence[Any], truth: Any, rows: Sequence[Any] | None, step: str
    ) -> list[Scores]:
        found = []
        for combined in self._combined(wrapped, len(truth.y_pred), rows):
            valid = combined.valid_indexes
            truth_here = copy.deepcopy(truth)
            truth_here.set_slice(valid)
            combined.set_slice(valid)
            found.append(self._score(truth_here, combined, f"bagged {step}"))
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
    values = _unpack(request, descriptors[0])
    if operation == "score":
        return {"scores": scorer.score(int(request["fold"]), *values)}, []
    half = len(values) // 2
    tests = [test for test in values[half:] if test is not None]
    return {"scores": scorer.bag(values[:half], tests)}, []


def _guarded(
    work: Callable[[], tuple[dict[str, Any], list[int]]],
) -> tuple[dict[str, Any], list[int]]:
    """Run the organiser's code; whatever it raises becomes an answer."""
    try:
        return work()
    except DataboardError as error:
        return {"error": error.message[:4000], "fault": error.fault}, []
    except Exception as error:
        words = traceback.format_exc()[-4000:]
        return {
            "error": f"{type(error).__name__}: {error}\n{words}"[:4000],
            "fault": "organiser",
        }, []


def serve(channel: socket.socket, problem: str, event: str | None, problems_dir: Path) -> None:
    """Prepare, then answer until the trusted side closes the channel."""
    loaded: list[Scorer] = []

    def prepare() -> tuple[dict[str, Any], list[int]]:
        scorer = Scorer(problem, event, problems_dir)
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
        answer, parcels = _guarded(partial(_answer, loaded[0], request, descriptors))
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

"""What a datarun server tells of a fold, as the result of one that was trained here.

The server runs submissions without walls, so its predictions are as little to be trusted as a
box's: numbers of the expected shape, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from databoard.errors import TrainingError
from databoard.training import predictions, verdicts
from databoard.training.box import Environment
from databoard.training.datarun.client import unpack
from databoard.training.executors.base import OnEvent, ignore
from databoard.training.predictions import BadPredictionsError
from databoard.training.scoring import KitInfo
from databoard.training.wire import FoldResult, FoldTask, Form, Step, Verdict, npy_header, npy_size

#: Where the results of a datarun server were made, in the place of a tier of isolation.
TIER = "datarun"
ENDED = ("TESTED", "ERROR")
STEPS: dict[str, Step] = {"train": "training", "validation": "validating", "test": "testing"}
# The server ends its log with one of these; what is said before may be the submission's words.
_PLACE = re.compile(r"ERROR\((split|train|validation|test)")
_EXCEPTION = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_OTHER_DATA = (
    "datarun's predictions are for other rows than this problem has; send its data again: "
    "fab send_data_datarun"
)


class Answers:
    """An executor whose folds have been trained already; see `Executor`."""

    slots = 1

    def __init__(self) -> None:
        self.by_fold: Mapping[int, Mapping[str, Any]] = {}
        self.info: KitInfo | None = None

    def submit(self, task: FoldTask, on_event: OnEvent = ignore) -> Future[FoldResult]:
        """Read a fold's answer.

        Raises
        ------
        TrainingError
            If it cannot be read.
        """
        assert self.info is not None
        future: Future[FoldResult] = Future()
        future.set_result(result_of(self.by_fold[task.fold], task, self.info))
        return future

    def warm(self, environment: Environment) -> None:
        """Nothing runs here."""

    def rest(self) -> None:
        """Nothing runs here."""

    def shutdown(self) -> None:
        """Nothing runs here."""


def result_of(answer: Mapping[str, Any], task: FoldTask, info: KitInfo) -> FoldResult:
    """Judge a fold that has ended there.

    Raises
    ------
    TrainingError
        If the answer is none of datarun's.
    """
    return replace(
        _judged(answer, task, info),
        train_s=_positive(answer.get("train_time")),
        valid_s=_positive(answer.get("validation_time")),
        test_s=_positive(answer.get("test_time")),
        peak_mb=_positive(answer.get("train_memory")) or 0.0,
        tier=TIER,
    )


def _judged(answer: Mapping[str, Any], task: FoldTask, info: KitInfo) -> FoldResult:
    if answer.get("state") == "ERROR":
        return FoldResult(_failure(answer, task))
    step: Step = "validating"
    try:
        y_pred_train = _numbers(answer.get("full_train_predictions"), info.train_form)
        step = "testing"
        form = info.test_form
        y_pred_test = None if form is None else _numbers(answer.get("test_predictions"), form)
    except BadPredictionsError as error:
        return FoldResult(verdicts.of_predictions(step, str(error)))
    except _OtherDataError:
        return FoldResult(Verdict("checking_error", fault="organiser", message=_OTHER_DATA))
    return FoldResult(Verdict("tested", step="testing"), y_pred_train, y_pred_test)


class _OtherDataError(Exception):
    """There are more or fewer predictions than rows."""


def _numbers(text: object, form: Form) -> bytes:
    """Read predictions, float64 without a header, as they are to be stored."""
    if form.kind != "array":
        raise TrainingError(
            "datarun gives arrays only, and this problem's predictions are lists.", "organiser"
        )
    header = npy_header(form.shape)
    size = npy_size(form.shape) - len(header)
    try:
        raw = unpack(text, 4 * size)
    except ValueError as error:
        raise TrainingError(f"The predictions of the datarun server are broken: {error}.") from None
    if len(raw) % form.shape[0]:
        raise _OtherDataError
    if len(raw) != size:  # datarun has counted the rows, so these are other columns
        raise BadPredictionsError(f"the predictions are not float64 of shape {form.shape}")
    return predictions.read(header + raw, form)


def _positive(value: object) -> float | None:
    """Return a number that measures something."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e12:
        return None
    return float(value)


def _failure(answer: Mapping[str, Any], task: FoldTask) -> Verdict:
    log = str(answer.get("log_messages") or "")
    if log.rstrip().endswith("Soft Time Limit Exceeded"):
        text = "the time limit of the datarun server was reached"
        return Verdict("training_error", fault="team", step="training", message=text, limit="time")
    places = list(_PLACE.finditer(log))
    if not places or places[-1][1] == "split":
        text = "datarun could not read the problem's data; send them again, or see its log"
        said = verdicts.writable(log[:20_000])
        return Verdict("checking_error", fault="organiser", message=text, traceback=said)
    said = log[: places[-1].start()].strip(" -\n")
    found = _EXCEPTION.fullmatch(said)
    kind, message = (found[1], found[2].rstrip(",")) if found else ("", said)
    report = {"type": kind, "message": message, "traceback": log}
    return verdicts.of_report(task, STEPS[places[-1][1]], report)

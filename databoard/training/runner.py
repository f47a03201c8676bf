"""The half of the training that runs inside the box, beside the submission.

It does what ``ramp-test`` does for one fold: train, predict the training rows (which gives the
train and the valid scores), and, only after the trusted side has taken these predictions, receive
the test rows and predict them. Whatever a submission does to this module happens in a process
that holds no label but those it trains on, and whose word is taken for nothing but numbers.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import mmap
import os
import re
import socket
import sys
import traceback
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from databoard.training import parcel, wire

_CHANNEL, _TRAIN, _TEST, _X, _Y = 3, 4, 5, 6, 7
_MAX_TRACEBACK = 16_000
_MAX_MESSAGE = 2_000


class WrongPredictionsError(ValueError):
    """The predictions do not have the form that the problem asks for."""


class _KitCodeError(Exception):
    """The kit's own code does not load."""


class Fold:
    """One fold inside the box.

    Parameters
    ----------
    request : mapping
        What the trusted side said: workflow, expected forms, folder names.
    root : Path
        The folder with ``submission`` and ``code``.
    """

    def __init__(self, request: Mapping[str, Any], root: Path) -> None:
        self.channel = socket.socket(fileno=_CHANNEL)
        self.request = request
        self.submission = str(root / "submission")
        self.code = root / "code"
        self.step = "starting"

    def say(self, event: str, **details: Any) -> None:
        """Tell the trusted side; what was printed so far goes first."""
        _flush()
        wire.send(self.channel, {"event": event, **details})

    def run(self) -> None:
        """Train and predict."""
        workflow = self._load_workflow()
        X_train = parcel.unseal(_X)
        y, train_is, fold = parcel.unseal(_Y)
        self.step = "training"
        self.say("training")
        model = workflow.train_submission(self.submission, X_train, y, train_is)
        self.step = "validating"
        self.say("trained")
        takes_fold = _takes_fold(workflow)
        if takes_fold:
            y_pred = workflow.test_submission(model, X_train, fold)
        else:
            y_pred = workflow.test_submission(model, X_train)
        self.say("validated", dtype=deliver(_TRAIN, y_pred, self._form("train_form")))
        self.step = "testing"
        message = wire.receive(self.channel)
        if message is None or not message[1]:
            return
        X_test = parcel.unseal(message[1][0])
        if takes_fold:
            y_pred = workflow.test_submission(model, X_test, None)
        else:
            y_pred = workflow.test_submission(model, X_test)
        self.say("tested", dtype=deliver(_TEST, y_pred, self._form("test_form")))

    def _form(self, name: str) -> wire.Form:
        return wire.Form(self.request[name]["kind"], tuple(self.request[name]["shape"]))

    def _load_workflow(self) -> Any:
        workflows = importlib.import_module("databoard.kits.workflows")
        # A kit's modules import their siblings, and read files, as they do beside problem.py.
        sys.path.append(str(self.code))
        try:
            with contextlib.chdir(self.code):
                return workflows.load_workflow(self.code, self.request["workflow"])
        except Exception as error:
            raise _KitCodeError from error

    def report(self, error: BaseException) -> None:
        """Tell how it ended, with the line of the team's own code."""
        is_organisers = isinstance(error, _KitCodeError)
        if is_organisers and error.__cause__ is not None:
            error = error.__cause__
        name, line = self._own_line(error, self.code if is_organisers else self.submission)
        text = _message_of(error)
        if name == "" and "forbidden key word" in text:
            name, line = self._forbidden_line()
        self.say(
            "error",
            step=self.step,
            organiser=is_organisers,
            type=type(error).__name__[:80],
            message=text,
            file=name,
            line=line,
            traceback=self._traceback(error),
            errno=getattr(error, "errno", None) if isinstance(error, OSError) else None,
        )

    def _own_line(self, error: BaseException, folder: str | Path) -> tuple[str, int | None]:
        prefix = f"{folder}{os.sep}"
        found: tuple[str, int | None] = ("", None)
        if isinstance(error, SyntaxError) and str(error.filename or "").startswith(prefix):
            return str(error.filename)[len(prefix) :], error.lineno
        for frame, line in traceback.walk_tb(error.__traceback__):
            path = frame.f_code.co_filename
            if path.startswith(prefix):
                found = (path[len(prefix) :], line)
        return found

    def _forbidden_line(self) -> tuple[str, int | None]:
        """Find what the sanitiser of ramp-workflow refused, which it does not say."""
        patterns = importlib.import_module("rampwf.utils.sanitize").BLACKLIST.values()
        for path in sorted(Path(self.submission).glob("*.py")):
            for number, text in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if any(re.search(pattern, text) for pattern in patterns):
                    return path.name, number
        return "", None

    def _traceback(self, error: BaseException) -> str:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        # The frames of this module and of the zygote tell the team nothing.
        text = "".join(lines).replace(self.submission + os.sep, "")
        return text if len(text) <= _MAX_TRACEBACK else "…" + text[-_MAX_TRACEBACK:]


def _message_of(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r})"[:_MAX_MESSAGE]
    try:
        return str(error)[:_MAX_MESSAGE]
    except Exception:
        return "(an exception that cannot be printed)"


def _takes_fold(workflow: Any) -> bool:
    names = list(signature(workflow.test_submission).parameters)
    return len(names) == 3 and names[2] == "fold"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: S112  (a submission may have put anything there)
            continue
    ctypes.CDLL(None).fflush(None)


def deliver(descriptor: int, y_pred: Any, form: wire.Form) -> str:
    """Write predictions where the trusted side reads them, and return their type's name.

    Raises
    ------
    WrongPredictionsError
        Saying what is wrong with them.
    """
    numpy = importlib.import_module("numpy")
    if y_pred is None:
        raise WrongPredictionsError("the predictions are None")
    if form.kind == "any":
        return _deliver_any(descriptor, y_pred, form, numpy)
    values = numpy.asarray(y_pred)
    if values.dtype.kind == "O":
        values = values.astype(float)
    if values.dtype.kind not in "fiub":
        raise WrongPredictionsError(f"the predictions are of type {values.dtype}, not numbers")
    if values.shape != form.shape:
        raise WrongPredictionsError(
            f"the predictions have shape {values.shape}, but {form.shape} is expected"
        )
    bad = values.size - int(numpy.isfinite(values).sum())
    if bad:
        raise WrongPredictionsError(f"{bad} of {values.size} predictions are NaN or infinite")
    _write(descriptor, wire.npy_header(form.shape), values, numpy)
    return str(values.dtype)


def _deliver_any(descriptor: int, y_pred: Any, form: wire.Form, numpy: Any) -> str:
    try:
        values = numpy.asarray(y_pred)
    except ValueError:
        values = numpy.empty(0, dtype=object)
    if values.dtype.kind in "fiub":
        head: dict[str, Any] = {"form": "array", "shape": list(values.shape)}
        if wire.NPY_HEADER_BYTES + 8 * values.size > form.capacity:
            raise WrongPredictionsError("the predictions are larger than an event may store")
        _write(descriptor, _pad(head), values, numpy)
        return str(values.dtype)
    text = json.dumps([_plain(item) for item in y_pred], allow_nan=False).encode()
    if len(text) > min(form.capacity - wire.NPY_HEADER_BYTES, wire.MAX_LIST_BYTES):
        raise WrongPredictionsError("the predictions are larger than an event may store")
    head = {"form": "json", "bytes": len(text)}
    _write(descriptor, _pad(head), numpy.frombuffer(text, dtype="u1"), numpy, kind="u1")
    return "object"


def _pad(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head).encode().ljust(wire.NPY_HEADER_BYTES)


def _plain(item: Any) -> Any:
    """Turn numpy's numbers, arrays and tuples into what JSON knows."""
    if hasattr(item, "tolist"):
        item = item.tolist()
    if isinstance(item, list | tuple):
        return [_plain(part) for part in item]
    if isinstance(item, dict):
        return {str(name): _plain(part) for name, part in item.items()}
    return item


def _write(descriptor: int, head: bytes, values: Any, numpy: Any, kind: str = "<f8") -> None:
    size = os.fstat(descriptor).st_size
    with mmap.mmap(descriptor, size) as memory:
        memory[: len(head)] = head
        target = numpy.frombuffer(memory, dtype=kind, offset=len(head), count=values.size)
        target[:] = values.ravel()
        del target


def main(request: Mapping[str, Any], root: Path) -> int:
    """Run the fold and say how it ended."""
    fold = Fold(request, root)
    try:
        fold.run()
    except BaseException as error:
        fold.report(error)
        return 1
    return 0

"""What a fold's ending means, in words for the team.

A message shows what the event's log policy allows: with ``limited`` the exception's type, its
place in the team's own code and at most 200 characters, since the labels that one fold trains on
are what another fold is judged by. Once a box has seen the test data, nothing that it says is
shown: of an error there only a well-known type and the line are left.
"""

from __future__ import annotations

import builtins
import errno
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from databoard.errors import DataboardError
from databoard.training.wire import Fault, FoldTask, Limits, Step, Verdict

LIMITED_CHARACTERS = 200
FULL_CHARACTERS = 2_000
_MOST_LINES = 1_000_000
_WRONG_TESTS = (
    "the predictions for the test rows have a wrong shape or type, or NaN or huge numbers"
)
_STATES: dict[Step, str] = {
    "starting": "checking_error",
    "training": "training_error",
    "validating": "validating_error",
    "testing": "testing_error",
}
_KNOWN_TYPES = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
} | {"NotFittedError", "LinAlgError", "WrongPredictionsError", "_ArrayMemoryError"}
_LIMIT_OF_ERRNO = {
    errno.ENOSPC: "disk",
    errno.EFBIG: "disk",
    errno.ENOMEM: "memory",
    errno.EAGAIN: "processes",
}


def one_line(text: str, most: int) -> str:
    r"""Cut to one line of printable characters.

    >>> one_line("no\x1b[31m\nway", 20)
    'no[31m way'
    """
    words = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split()
    line = " ".join(words)
    return line if len(line) <= most else line[: most - 1] + "…"


def writable(text: str) -> str:
    r"""Leave out what a file or a database cannot hold.

    >>> writable("a\0b\udc80")
    'ab?'
    """
    return text.replace("\0", "").encode(errors="replace").decode()


def of_limit(name: str, limits: Limits, fold: int) -> str:
    """Say which limit was reached.

    >>> of_limit("memory", Limits(memory_mb=2048), 2)
    'memory: 2,048 MB limit reached in fold 3'
    """
    values = {
        "time": f"{limits.seconds:,.0f} s" if limits.seconds >= 10 else f"{limits.seconds:g} s",
        "memory": f"{limits.memory_mb:,} MB",
        "disk": f"{limits.disk_mb:,} MB",
        "output": f"{limits.output_kb:,} kB",
        "processes": f"{limits.pids:,} processes and threads",
    }
    return f"{name}: {values[name]} limit reached in fold {fold + 1}"


def reached(task: FoldTask, step: Step, name: str, **place: Any) -> Verdict:
    """Judge a fold that has reached a limit."""
    return Verdict(
        state=_STATES[step],
        fault="team",
        step=step,
        message=of_limit(name, task.limits, task.fold),
        limit=name,
        is_public=task.log == "full" and step != "testing",
        **place,
    )


def of_report(task: FoldTask, step: Step, report: Mapping[str, Any]) -> Verdict:
    """Judge by what the runner reported of an exception; none of it is trusted."""
    kind = str(report.get("type", ""))[:80]
    kind = kind if kind.isidentifier() else "Exception"
    file = one_line(str(report.get("file", "")), 100)
    line = report.get("line")
    place: dict[str, Any] = {
        "file": file,
        "line": line if type(line) is int and 0 < line < _MOST_LINES else None,
        "traceback": writable(str(report.get("traceback", ""))[:20_000]),
    }
    limit = _limit_of(kind, report)
    if limit:
        return reached(task, step, limit, **place)
    if report.get("organiser") is True and step == "starting":
        return Verdict(
            "checking_error",
            fault="organiser",
            message=one_line(
                f"The problem's own code does not load: {kind}"
                + (f" ({file}, line {place['line']})" if file and place["line"] else "")
                + ". Boxes have no data and no network: let functions read and download.",
                300,
            ),
            traceback=place["traceback"],
        )
    if step == "starting":  # the team's code comes later
        said = one_line(f"{kind}: {report.get('message', '')}", 200)
        return replace(ours(f"The box did not start: {said}"), traceback=place["traceback"])
    return Verdict(
        state=_STATES[step],
        fault="team",
        step=step,
        message=_message(task, step, kind, str(report.get("message", "")), place),
        is_public=task.log == "full" and step != "testing",
        is_quoted=step != "testing",
        **place,
    )


def _limit_of(kind: str, report: Mapping[str, Any]) -> str:
    if kind in ("MemoryError", "_ArrayMemoryError"):
        return "memory"
    if str(report.get("message", "")).startswith("can't start new thread"):
        return "processes"
    number = report.get("errno")
    return _LIMIT_OF_ERRNO.get(number, "") if isinstance(number, int) else ""


def _message(task: FoldTask, step: Step, kind: str, text: str, place: Mapping[str, Any]) -> str:
    where = f" ({place['file']}, line {place['line']})" if place["file"] and place["line"] else ""
    if step == "testing" and kind == "WrongPredictionsError":
        return _WRONG_TESTS
    if step == "testing":
        known = kind if kind in _KNOWN_TYPES else "an exception of its own"
        return f"{known}{where}; what is said after the test data arrived is not shown"
    if kind == "WrongPredictionsError":
        kind, where = "", ""
    head = f"{kind}: " if kind and text else kind
    most = FULL_CHARACTERS if task.log == "full" else LIMITED_CHARACTERS
    return one_line(head + text, most - len(where)) + where


def of_status(task: FoldTask, step: Step, status: int, *, out_of_memory: bool) -> Verdict:
    """Judge a box that ended without predictions and without a word, by its wait status."""
    if out_of_memory:
        return reached(task, step, "memory")
    how = status & 0x7F
    if how == signal.SIGXCPU:
        return reached(task, step, "time")
    if step == "starting":
        return Verdict("checking_error", fault="ours", message="The box did not start.")
    if how:
        try:
            name = signal.Signals(how).name
        except ValueError:
            name = f"signal {how}"
        text = f"the process was ended by {name} before it gave its predictions"
    else:
        text = f"the process exited with code {status >> 8} before it gave its predictions"
    return Verdict(_STATES[step], fault="team", step=step, message=text, signal=how)


def of_predictions(step: Step, why: str) -> Verdict:
    """Judge predictions that are not what the step should give; of test rows nothing is told."""
    why = _WRONG_TESTS if step == "testing" else why
    return Verdict(_STATES[step], fault="team", step=step, message=one_line(why, 200))


def of_tampering(step: Step) -> Verdict:
    """Judge a box that has said what a runner never says."""
    text = "the submission interfered with the program that trains it"
    return Verdict(_STATES[step], fault="team", step=step, message=text)


def cancelled(step: Step) -> Verdict:
    """Judge a fold that was cancelled: nobody's fault."""
    return Verdict("cancelled", step=step, message="cancelled")


def ours(message: str) -> Verdict:
    """Judge a fold that failed by our fault."""
    return Verdict("checking_error", fault="ours", message=message)


def of_error(error: DataboardError) -> Verdict:
    """Judge a fold that could not begin because of a problem or of us."""
    fault: Fault = "organiser" if error.fault == "organiser" else "ours"
    return Verdict("checking_error", fault=fault, message=one_line(error.message, 500))

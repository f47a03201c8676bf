"""A check: a team's code on a few rows, in a box like any other, with all that it may say.

What is shown whole are public rows, or rows of an event that shows whole logs. Of other training
rows a check shows what a submission would: the error, its place, and no log.
"""

from __future__ import annotations

from databoard.errors import DataboardError
from databoard.training.engine import Engine
from databoard.training.news import Checked, News, Run
from databoard.training.wire import FoldResult, FoldTask, Limits, LogPolicy

MAX_SECONDS = 60.0
LOG_KB = 64


def check(run: Run, engine: Engine) -> News:
    """Run a check; whatever happens, its team gets an answer."""
    try:
        kit = engine.kit(run.problem, run.event, run.terms)
        told, _ = kit.sample(is_open=run.log_policy == "full")
        is_shown = run.log_policy == "full" or bool(told["is_public"])
        future = engine.train_fold(_task(run, "full" if is_shown else "limited"))
    except DataboardError as error:
        return Checked(run, {"ok": False, "fault": error.fault, "message": error.message})
    run.futures[future] = 0
    if run.is_cancelled:
        run.cancel()
    result = future.result()
    return Checked(run, answer(result, str(told["source"]), is_shown=is_shown))


def _task(run: Run, log: LogPolicy) -> FoldTask:
    limits = Limits(
        seconds=min(run.limits.seconds, MAX_SECONDS),
        memory_mb=run.limits.memory_mb,
        cores=run.limits.cores,
        disk_mb=run.limits.disk_mb,
        output_kb=LOG_KB,
    )
    folder = run.files.folder(run.folder)
    return FoldTask(folder, run.problem, run.event, 0, limits, log=log, is_check=True)


def answer(result: FoldResult, rows: str, *, is_shown: bool) -> dict[str, object]:
    """Say what came of it; with ``is_shown`` nothing is held back."""
    verdict = result.verdict
    log = (result.log + result.hidden_log).decode("utf-8", "replace")
    seconds = {"train": result.train_s, "valid": result.valid_s, "test": result.test_s}
    return {
        "ok": verdict.is_ok,
        "fault": verdict.fault or "",
        "message": verdict.message,
        "is_quoted": verdict.is_quoted and not is_shown,
        "file": verdict.file,
        "line": verdict.line,
        "limit": verdict.limit,
        "traceback": verdict.traceback if is_shown else "",
        "log": log if is_shown else "",
        "seconds": {step: round(value, 3) for step, value in seconds.items() if value is not None},
        "peak_mb": result.peak_mb or None,
        "rows": rows,
    }

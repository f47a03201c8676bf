"""A check: a team's code on a few public rows, in a box like any other, with all it says."""

from __future__ import annotations

from databoard.errors import DataboardError
from databoard.training.engine import Engine
from databoard.training.news import Checked, News, Run
from databoard.training.wire import FoldResult, FoldTask, Limits

MAX_SECONDS = 60.0
LOG_KB = 64


def check(run: Run, engine: Engine) -> News:
    """Run a check; whatever happens, its team gets an answer."""
    try:
        kit = engine.kit(run.problem, run.event, run.terms)
        future = engine.train_fold(_task(run))
    except DataboardError as error:
        return Checked(run, {"ok": False, "fault": error.fault, "message": error.message})
    run.futures[future] = 0
    if run.is_cancelled:
        run.cancel()
    result = future.result()
    return Checked(run, answer(result, kit.sample_source))


def _task(run: Run) -> FoldTask:
    limits = Limits(
        seconds=min(run.limits.seconds, MAX_SECONDS),
        memory_mb=run.limits.memory_mb,
        cores=run.limits.cores,
        disk_mb=run.limits.disk_mb,
        output_kb=LOG_KB,
    )
    folder = run.files.folder(run.folder)
    return FoldTask(folder, run.problem, run.event, 0, limits, log="full", is_check=True)


def answer(result: FoldResult, rows: str) -> dict[str, object]:
    """Say what came of it; the rows are public, so nothing is held back."""
    verdict = result.verdict
    seconds = {"train": result.train_s, "valid": result.valid_s, "test": result.test_s}
    return {
        "ok": verdict.is_ok,
        "fault": verdict.fault or "",
        "message": verdict.message,
        "file": verdict.file,
        "line": verdict.line,
        "limit": verdict.limit,
        "traceback": verdict.traceback,
        "log": (result.log + result.hidden_log).decode("utf-8", "replace"),
        "seconds": {step: round(value, 3) for step, value in seconds.items() if value is not None},
        "peak_mb": result.peak_mb or None,
        "rows": rows,
    }

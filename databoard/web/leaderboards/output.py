"""What a submission prints, while it prints it: the end of the logs that its team may read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response, render_template

from databoard.errors import NotFoundError
from databoard.store.models import FoldRun, Submission
from databoard.web import guards, polling
from databoard.web.event_pages import store
from databoard.web.leaderboards import sight
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.sight import Sight
from databoard.web.leaderboards.sources import NO_FILE

#: Of a long log the page shows the last so many bytes; the whole of it is a file.
SHOWN = 16 * 1024
RUNNING = ("training", "trained", "validated", "tested")
#: What a terminal would have written over: a bar of progress is one line.
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n|$)")


@dataclass(frozen=True)
class Output:
    """The end of what a fold has printed."""

    run: FoldRun
    text: str


def shown(submission: Submission, seen: Sight) -> str:
    """Write the part of the page that shows what is printed; empty for who may not read it."""
    return render_template(
        "leaderboards/_output.html",
        submission=submission,
        seen=seen,
        outputs=_outputs(submission) if seen.full_log else [],
    )


def _outputs(submission: Submission) -> list[Output]:
    """Read what the running folds print, or what the last one printed."""
    runs = submission.fold_runs
    running = [run for run in runs if run.state in RUNNING]
    ended = [run for run in runs if run.ended_at is not None]
    last = sorted(ended, key=lambda run: (run.ended_at, run.number))[-1:]
    return [_output(submission, run) for run in running or last]


def _output(submission: Submission, run: FoldRun) -> Output:
    text = store().read_log(submission.folder, run.number, last=SHOWN)
    return Output(run, _OVERWRITTEN.sub("", text))


@bp.get("/<string(length=40):hash_>/output")
@guards.approved_required
def submission_output(hash_: str) -> Response:
    """Bring what is printed up to date."""
    submission, seen = sight.load(hash_)
    if not seen.log:
        raise NotFoundError(str(NO_FILE))
    text = shown(submission, seen)
    return polling.fresh(polling.digest(text), lambda: text)

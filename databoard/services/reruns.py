"""Results again: reused by an identical submission, or compared with an earlier run's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from databoard.store.files import Files
from databoard.store.models import FoldRun, FoldScore, Job, Submission
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import submissions as queries

#: What a result depends on besides the submission's own code. Another environment may well give
#: the same numbers, so it does not keep two runs from being compared.
COMPARED = ("data_hash", "folds_hash", "kit_hash")
#: Message of a submission that was scored without being trained.
REUSED = "The results of an identical submission were taken over."
COPIED = (
    *("state", "fault", "message", "train_s", "valid_s", "test_s", "peak_mb", "isolation"),
    *("train_sha256", "test_sha256"),
)


def memory_of(submission: Submission) -> str:
    """Write down what a scored submission predicted, to be compared with its next run."""
    if submission.state != "scored":
        return ""
    return json.dumps(_facts(submission))


def _facts(submission: Submission) -> dict[str, Any]:
    hashes: dict[str, Any] = {name: getattr(submission, name) for name in COMPARED}
    predicted = [[run.train_sha256, run.test_sha256] for run in submission.fold_runs]
    return {**hashes, "predictions": predicted}


def compare(memory: str, submission: Submission) -> bool | None:
    """Tell whether a run predicted what the one before it did, bit for bit.

    Returns
    -------
    bool or None
        None if there was none before, or it had other data, folds or another kit.
    """
    if not memory:
        return None
    before, after = json.loads(memory), _facts(submission)
    if any(before[name] != after[name] for name in COMPARED):
        return None
    return bool(before["predictions"] == after["predictions"])


def find_twin(
    session: Session, job_id: int, token: int, made_with: Mapping[str, str]
) -> Submission | None:
    """Find a scored submission of the event that is the same in every byte that counts.

    Never for a submission that is trained again: then somebody wants to see it run.
    """
    job = job_queries.locked(session, job_id, token)
    submission = job.submission if job is not None else None
    if submission is None or submission.run > 1 or not submission.code_hash:
        return None
    return queries.twin(session, submission, made_with)


def origin(session: Session, submission: Submission) -> Submission | None:
    """Find the submission whose results were taken over; None if it was trained or that is gone."""
    if submission.message != REUSED:
        return None
    made_with = {name: getattr(submission, name) for name in (*COMPARED, "environment_hash")}
    return queries.twin(session, submission, made_with)


def copy_folds(
    session: Session, job: Job, twin: Submission, *, submissions_dir: Path, now: datetime
) -> dict[str, list[dict[str, float]]]:
    """Give a running submission the folds of its twin.

    Returns
    -------
    dict
        The twin's bagged scores, as `databoard.services.results.Ending` takes them.
    """
    submission = job.submission
    assert submission is not None
    theirs = {run.number: run for run in twin.fold_runs}
    for run in submission.fold_runs:
        _copy(theirs[run.number], run, now)
    Files(submissions_dir).copy_folds(twin.folder, submission.folder)
    names = {score.event_score_type_id: score.event_score_type.name for score in twin.scores}
    bagged: dict[str, list[dict[str, float]]] = {"valid": [], "test": []}
    for step, bags in bagged.items():
        for n_folds in sorted({bag.n_folds for bag in twin.bagged}):
            values = {
                names[bag.event_score_type_id]: getattr(bag, step)
                for bag in twin.bagged
                if bag.n_folds == n_folds and getattr(bag, step) is not None
            }
            if values:
                bags.append(values)
    session.flush()
    return bagged


def _copy(source: FoldRun, target: FoldRun, now: datetime) -> None:
    for name in COPIED:
        setattr(target, name, getattr(source, name))
    target.started_at = target.ended_at = now
    target.scores = [
        FoldScore(
            event_score_type_id=score.event_score_type_id,
            **{step: getattr(score, step) for step in ("train", "valid", "test")},
        )
        for score in source.scores
    ]

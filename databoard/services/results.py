"""Results: what trainers report, recorded exactly once per fold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from databoard.domain import states
from databoard.errors import InvalidError
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import events, jobs, ladders, notifications, outbox, reruns, telling
from databoard.services.sentences import say
from databoard.store.memory import keep
from databoard.store.models import (
    BaggedScore,
    Event,
    FoldRun,
    FoldScore,
    Job,
    Submission,
    SubmissionScore,
)
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import submissions as queries
from databoard.store.queries import teams as team_queries
from databoard.store.queries.submissions import Measured

StepScores = Mapping[str, Mapping[str, float]]
STEPS = ("train", "valid", "test")
MADE_WITH = ("data_hash", "folds_hash", "kit_hash", "environment_hash")
UNFINISHED = ("new", "training", "trained", "validated", "tested")


@dataclass(frozen=True)
class FoldOutcome:
    """How one fold ended.

    Attributes
    ----------
    state : str
        "scored" or one of the errors.
    fault : str
        "", "team", "organiser" or "ours".
    scores : mapping
        By step ("train", "valid", "test") and score name, at full precision.
    seconds : mapping
        By step.
    peak_mb : float or None
    isolation : str
        Tier of the box.
    train_sha256, test_sha256 : str
        Of the stored predictions.
    """

    state: str
    fault: str = ""
    message: str = ""
    scores: StepScores = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    isolation: str = ""
    train_sha256: str = ""
    test_sha256: str = ""


@dataclass(frozen=True)
class Ending:
    """How a run of a submission ended, beyond its folds.

    Attributes
    ----------
    bagged : mapping
        By step ("valid", "test"): scores by name after the first 1..k folds.
    fault, message, error_file, error_line, error_fold, error_text
        Of the first failure; ``error_text`` is what the team may read.
    is_quoted : bool
        Whether the message holds words that the submission chose.
    """

    bagged: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    state: str | None = None
    fault: str = ""
    message: str = ""
    error_file: str = ""
    error_line: int | None = None
    error_fold: int | None = None
    error_text: str = ""
    is_quoted: bool = False
    data_hash: str = ""
    folds_hash: str = ""
    kit_hash: str = ""
    environment_hash: str = ""


def progress(
    session: Session, job_id: int, token: int, number: int, state: str, *, now: datetime
) -> bool:
    """Record that a fold has come to a step; False if the job is no longer the caller's."""
    job = job_queries.locked(session, job_id, token)
    fold_run = _fold_run(session, job, number)
    if job is None or fold_run is None:
        return False
    if fold_run.state == "scored" or states.is_error(fold_run.state):
        return True
    fold_run.state = state
    fold_run.started_at = fold_run.started_at or now
    events.touch(session, job.event_id, board=False)
    session.flush()
    return True


def _fold_run(session: Session, job: Job | None, number: int) -> FoldRun | None:
    if job is None or job.submission_id is None:
        return None
    return queries.fold_run(session, job.submission_id, number)


def record_fold(
    session: Session, job_id: int, token: int, number: int, outcome: FoldOutcome, *, now: datetime
) -> bool:
    """Record how a fold ended.

    Returns
    -------
    bool
        False if nothing was recorded: the job is no longer the caller's, or the fold has ended.
    """
    job = job_queries.locked(session, job_id, token)
    if job is None or job.submission_id is None:
        return False
    seconds = {f"{step}_s": _finite(outcome.seconds.get(step)) for step in STEPS}
    fold_run_id = queries.end_fold(
        session,
        job.submission_id,
        number,
        ended_at=now,
        state=outcome.state,
        fault=outcome.fault,
        message=outcome.message[:2000],
        peak_mb=_finite(outcome.peak_mb),
        isolation=outcome.isolation,
        train_sha256=outcome.train_sha256,
        test_sha256=outcome.test_sha256,
        **seconds,
    )
    if fold_run_id is None:
        return False
    if outcome.state == "scored":
        rows = [
            {"fold_run_id": fold_run_id, "event_score_type_id": score_type.id}
            | {step: _finite(outcome.scores.get(step, {}).get(score_type.name)) for step in STEPS}
            for score_type in _event(session, job.event_id).score_types
        ]
        queries.add_scores(session, FoldScore, rows)
    events.touch(session, job.event_id, board=False)
    return True


def _event(session: Session, event_id: int) -> Event:
    event = keep(session, (Event, event_id), lambda: event_queries.scored_by(session, event_id))
    assert event is not None
    return event


def _finite(value: float | None) -> float | None:
    """Make a plain float of numpy's, which PostgreSQL does not take; what cannot rank is none."""
    return float(value) if value is not None and math.isfinite(value) else None


def renew_folds(
    session: Session, job_id: int, token: int, numbers: Sequence[int], *, now: datetime
) -> bool:
    """Make folds new again whose results cannot stand: the data changed, or a file is lost."""
    job = job_queries.locked(session, job_id, token)
    if job is None:
        return False
    for number in numbers:
        fold_run = _fold_run(session, job, number)
        if fold_run is not None:
            fold_run.state, fold_run.fault, fold_run.message = "new", "", ""
            fold_run.started_at, fold_run.ended_at = now, None
            fold_run.scores.clear()
    events.touch(session, job.event_id, board=False)
    session.flush()
    return True


def finish(session: Session, job_id: int, token: int, ending: Ending, *, now: datetime) -> bool:
    """Record how a run ended, with the sums that boards show.

    Returns
    -------
    bool
        False if the job was no longer the caller's; nothing is recorded then.

    Raises
    ------
    InvalidError
        If folds are still to come and no state is given: the run has not ended.
    """
    job = job_queries.locked(session, job_id, token)
    if job is None or job.submission_id is None:
        return False
    submission = queries.with_team(session, job.submission_id)
    if submission is None:
        return False
    event = _event(session, job.event_id)
    run = queries.measured(session, submission.id)
    with session.no_autoflush:  # the end of the job writes all of it, in one go
        _conclude(session, submission, event, ending, run, now)
        is_scored = submission.state == "scored"
        if is_scored:
            submission.reproduces = reruns.compare(job.answer, submission)
        jobs.finish(session, job_id, token, now=now)
    if ending.kit_hash:
        queries.mark_stale(session, event.id, ending.data_hash, ending.kit_hash)
        if event.data_hash != ending.data_hash:
            event.data_hash = ending.data_hash  # the event's row after submissions, as everywhere
    _tell_team(session, submission, event, now)
    if submission.state == "scoring_error" and submission.fault == "organiser":
        _tell_organisers(session, submission, event, now)
    events.touch(session, event.id, analyse=is_scored, is_result=True, board=is_scored)
    session.flush()
    return True


def _conclude(
    session: Session,
    submission: Submission,
    event: Event,
    ending: Ending,
    run: Measured,
    now: datetime,
) -> None:
    submission.state = ending.state or str(states.of_folds(fold.state for fold in run.folds))
    if not submission.is_ended:
        raise InvalidError(
            phrase("%(submission)s has folds that have not ended.", submission=submission.name),
            "state",
        )
    if any(fold.state in UNFINISHED for fold in run.folds):
        queries.stop_folds(session, submission.id, UNFINISHED)
    if ending.is_quoted and event.log_policy != "full":
        ending = replace(ending, message=telling.counted(submission.event_team, ending.message))
    _sum_up(submission, ending, run, now)
    if submission.state == "scored":
        _record_scores(session, submission, event, ending, run)
        submission.message = submission.message or _no_numbers(event, run)
        submission.awaits_analysis, submission.is_rung = True, False


def _sum_up(submission: Submission, ending: Ending, run: Measured, now: datetime) -> None:
    submission.ended_at = now
    submission.fault, submission.message = ending.fault, ending.message[:2000]
    submission.error_file, submission.error_line = ending.error_file[:80], ending.error_line
    submission.error_fold, submission.error_text = ending.error_fold, ending.error_text
    submission.isolation = next((fold.isolation for fold in run.folds if fold.isolation), "")
    for name in ("train_s", "valid_s", "test_s"):
        values = [getattr(fold, name) for fold in run.folds if getattr(fold, name) is not None]
        setattr(submission, name, _mean_and_spread(values)[0] if values else None)
    peaks = [fold.peak_mb for fold in run.folds if fold.peak_mb is not None]
    submission.peak_mb = max(peaks) if peaks else None
    for name in MADE_WITH:
        setattr(submission, name, getattr(ending, name))


def _record_scores(
    session: Session, submission: Submission, event: Event, ending: Ending, run: Measured
) -> None:
    bags = []
    for score_type in event.score_types:
        bagged = {
            step: [_finite(scores.get(score_type.name)) for scores in ending.bagged.get(step, ())]
            for step in ("valid", "test")
        }
        for i, (valid, test) in enumerate(zip_longest(bagged["valid"], bagged["test"]), start=1):
            key = {"submission_id": submission.id, "event_score_type_id": score_type.id}
            bags.append({**key, "n_folds": i, "valid": valid, "test": test})
        row = _summary(run.scores.get(score_type.id, ()), bagged)
        row.submission_id, row.event_score_type_id = submission.id, score_type.id
        ladders.rank_by(event, row)
        session.add(row)
    queries.add_scores(session, BaggedScore, bags)
    session.expire(submission, ["scores", "bagged"])


def _no_numbers(event: Event, run: Measured) -> str:
    """Name the scores of which a fold has none where it has others; of test rows nothing is told.

    Only scores that do not rank may be missing: a submission without the official one has failed.
    """
    official = run.scores.get(event.official_score.id, ())
    told = []
    for score_type in event.score_types:
        pairs = zip(run.scores.get(score_type.id, ()), official, strict=False)
        folds = [
            str(number)
            for number, (row, other) in enumerate(pairs, start=1)
            if any(
                getattr(row, step) is None and getattr(other, step) is not None
                for step in ("train", "valid")
            )
        ]
        if folds:
            told.append(f"{score_type.name} is no number in fold {', '.join(folds)}")
    return "; ".join(told)


def _summary(folds: Sequence[Any], bagged: Mapping[str, Sequence[float | None]]) -> SubmissionScore:
    """Sum up a submission's scores of one type: bagged, and mean and spread over folds."""
    row = SubmissionScore(
        valid_bag=bagged["valid"][-1] if bagged["valid"] else None,
        test_bag=bagged["test"][-1] if bagged["test"] else None,
    )
    for step in STEPS:
        values = [getattr(fold, step) for fold in folds]
        # Of some folds only it would rank by those that went well.
        if values and None not in values:
            mean, std = _mean_and_spread(values)
            setattr(row, f"{step}_mean", mean)
            setattr(row, f"{step}_std", std)
    return row


def _mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return ``numpy.mean`` and ``numpy.std``, to the last bit, in a quarter of their time.

    >>> _mean_and_spread([0.5, 1.0])
    (0.75, 0.25)
    """
    array = np.array(values)
    mean = np.add.reduce(array) / len(array)
    away = array - mean
    return float(mean), math.sqrt(np.add.reduce(away * away) / len(array))


def _tell_team(session: Session, submission: Submission, event: Event, now: datetime) -> None:
    outcome = phrase(states.LABELS[submission.state])
    kind = "scored" if submission.state == "scored" else "failed"
    for user in team_queries.members(session, submission.event_team.team_id):
        text = say("ended", submission=submission.name, event=event.title, outcome=outcome)
        url = f"/{submission.hash_}"
        notifications.notify(session, user, kind, text, now=now, url=url)
        if event.sends_trained_mails:
            letter = letters.ended(user, submission.name, event.title, outcome, url)
            key = f"ended:{submission.id}:{submission.run}:{user.id}"
            notifications.write(session, user, kind, letter, key, now=now)


def _tell_organisers(session: Session, submission: Submission, event: Event, now: datetime) -> None:
    """Write that a score could not be computed, once for each version of the kit."""
    letter = letters.unscorable(event.title, submission.message, f"/{submission.hash_}")
    for email in event_queries.addresses_of_organisers(session, event):
        key = f"unscorable:{event.id}:{submission.kit_hash[:16]}:{email}"
        outbox.write(session, key, email, letter.subject, letter.body, now=now)


def reuse(
    session: Session,
    job_id: int,
    token: int,
    made_with: Mapping[str, str],
    *,
    submissions_dir: Path,
    now: datetime,
) -> bool:
    """End a run with the results of an identical submission, if there is one.

    Parameters
    ----------
    made_with : mapping
        The hashes of ``MADE_WITH`` as they are now.
    """
    twin = reruns.find_twin(session, job_id, token, made_with)
    job = job_queries.locked(session, job_id, token)
    if twin is None or job is None:
        return False
    bagged = reruns.copy_folds(session, job, twin, submissions_dir=submissions_dir, now=now)
    ending = Ending(
        bagged=bagged,
        message=reruns.REUSED,
        data_hash=made_with["data_hash"],
        folds_hash=made_with["folds_hash"],
        kit_hash=made_with["kit_hash"],
        environment_hash=made_with["environment_hash"],
    )
    return finish(session, job_id, token, ending, now=now)

"""Scores of a submission as a card shows them, and its folds as a table does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from databoard.store.models import EventScoreType, FoldRun, Submission, SubmissionScore
from databoard.web.leaderboards.sight import Sight

STEPS = ("train", "valid", "test")


@dataclass(frozen=True)
class Dot:
    """The validation score of a fold: where it lies between the worst (0) and the best (100)."""

    fold: int
    x: float
    score: float


@dataclass(frozen=True)
class Card:
    """All scores by one score type; None is what does not exist or may not be seen."""

    kind: EventScoreType
    public: float | None
    private: float | None
    valid: float | None
    valid_spread: float | None
    train: float | None
    test: float | None
    test_spread: float | None
    dots: list[Dot]


@dataclass(frozen=True)
class FoldRow:
    """A line of the table of folds; scores by score type and step."""

    run: FoldRun
    scores: dict[int, dict[str, float | None]]
    message: str


def steps(seen: Sight) -> tuple[str, ...]:
    """Name the steps whose scores the visitor may see."""
    return STEPS if seen.private else STEPS[:2]


def kinds(submission: Submission) -> list[EventScoreType]:
    """List the score types of the event, the official one first."""
    types = submission.event_team.event.score_types
    return sorted(types, key=lambda kind: (not kind.is_official, kind.position))


def cards(submission: Submission, seen: Sight) -> list[Card]:
    """Make the score cards of a submission, the official score first."""
    scores = {score.event_score_type_id: score for score in submission.scores}
    runs = submission.fold_runs if seen.folds else []
    return [
        _card(kind, scores[kind.id], _dots(kind.id, runs), seen)
        for kind in kinds(submission)
        if kind.id in scores
    ]


def _card(kind: EventScoreType, score: SubmissionScore, dots: list[Dot], seen: Sight) -> Card:
    return Card(
        kind=kind,
        public=score.public,
        private=score.private if seen.private else None,
        valid=score.valid_mean if seen.folds else None,
        valid_spread=score.valid_std if seen.folds else None,
        train=score.train_mean if seen.folds else None,
        test=score.test_mean if seen.private else None,
        test_spread=score.test_std if seen.private else None,
        dots=dots,
    )


def _dots(kind_id: int, runs: Sequence[FoldRun]) -> list[Dot]:
    known = [
        (run.number, score.valid)
        for run in runs
        for score in run.scores
        if score.event_score_type_id == kind_id and score.valid is not None
    ]
    if not known:
        return []
    low, high = min(score for _, score in known), max(score for _, score in known)
    width = (high - low) or 1.0
    return [Dot(fold, round(100 * (score - low) / width, 2), score) for fold, score in known]


def fold_rows(submission: Submission, seen: Sight) -> list[FoldRow]:
    """Make the table of folds; empty if the visitor may not see single folds."""
    if not seen.folds:
        return []
    return [
        FoldRow(run, _scores(run, seen), run.message if seen.full_log else "")
        for run in submission.fold_runs
    ]


def _scores(run: FoldRun, seen: Sight) -> dict[int, dict[str, float | None]]:
    return {
        score.event_score_type_id: {step: getattr(score, step) for step in steps(seen)}
        for score in run.scores
    }

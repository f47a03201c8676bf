"""How problems, events, boards and submissions look as JSON and CSV."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime
from typing import Any

from databoard.domain import access
from databoard.domain.access import Role
from databoard.services.leaderboards import Board, Row
from databoard.store.models import Event, Problem, Submission
from databoard.web import event_pages

JSON = dict[str, Any]


def moment(value: datetime | None) -> str | None:
    """Write a time in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def number(value: float | None) -> float | None:
    """Write a number at full precision; JSON knows neither NaN nor infinity."""
    return value if value is not None and math.isfinite(value) else None


def problem_json(problem: Problem) -> JSON:
    """Describe a problem."""
    return {
        "name": problem.name,
        "title": problem.title,
        "summary": problem.summary,
        "keywords": [keyword.name for keyword in problem.keywords],
        "prediction_kind": problem.prediction_kind,
        "n_train": problem.n_train,
        "n_test": problem.n_test,
    }


def event_json(event: Event) -> JSON:
    """Describe an event and its rules."""
    return {
        "name": event.name,
        "title": event.title,
        "problem": event.problem.name,
        "phase": str(event_pages.phase(event)),
        "version": event.version,
        "opening_at": moment(event.opening_at),
        "public_opening_at": moment(event.public_opening_at),
        "closing_at": moment(event.closing_at),
        "score_types": [
            {
                "name": score.name,
                "is_official": score.is_official,
                "is_lower_the_better": score.is_lower_the_better,
                "precision": score.precision,
            }
            for score in event.score_types
        ],
        "limits": {
            "pause_s": event.pause_s,
            "max_per_day": event.max_per_day,
            "max_submissions": event.max_submissions,
            "fold_seconds": event.fold_seconds,
            "fold_memory_mb": event.fold_memory_mb,
        },
    }


def board_json(board: Board, *, names: bool, spreads: bool) -> JSON:
    """Write a page of a board."""
    return {
        "event": board.event,
        "board": board.board,
        "version": board.version,
        "page": board.page,
        "n_pages": board.n_pages,
        "n_rows": board.n_rows,
        "official_score": board.official.name,
        "rows": [_row_json(row, names=names, spreads=spreads) for row in board.rows],
    }


def _row_json(row: Row, *, names: bool, spreads: bool) -> JSON:
    return {
        "rank": row.rank,
        "team": row.team if names else None,
        "submission": row.submission,
        "hash": row.hash_,
        "submitted_at": moment(row.submitted_at),
        "state": row.state,
        "off_rank": row.off_rank or None,
        "scores": {name: number(score) for name, score in row.scores.items()},
        "spread": number(row.spread) if spreads else None,
        "train_s": row.train_s,
        "valid_s": row.valid_s,
        "peak_mb": row.peak_mb,
        "contributivity": row.contributivity if spreads else None,
        "historical_contributivity": row.historical_contributivity if spreads else None,
        "rank_interval": [row.place.low, row.place.high] if row.place else None,
        "tie_group": row.place.tie_group if row.place else None,
        "p_best": row.place.p_best if row.place else None,
    }


def board_csv(board: Board, *, names: bool) -> str:
    """Write a page of a board as comma-separated values, scores at full precision."""
    columns = [column.name for column in board.columns]
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(
        ["rank", "team", "submission", *map(harmless, columns), "submitted_at", "state", "train_s"]
    )
    for row in board.rows:
        writer.writerow(
            [
                row.rank or "",
                harmless(row.team) if names else "",
                harmless(row.submission),
                *(row.scores.get(name, "") for name in columns),
                moment(row.submitted_at),
                row.state,
                "" if row.train_s is None else row.train_s,
            ]
        )
    return output.getvalue()


def harmless(text: str) -> str:
    """Keep spreadsheets from taking a name for a formula (threats W12).

    >>> harmless("=1+1"), harmless("forest")
    ("'=1+1", 'forest')
    """
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def submission_json(submission: Submission, role: Role) -> JSON:
    """Describe a submission as far as this role may see it."""
    event = submission.event_team.event
    has_names = event_pages.may_see_names(event, role)
    body: JSON = {
        "hash": submission.hash_,
        "name": submission.name,
        "team": submission.event_team.team.name if has_names else None,
        "event": event.name,
        "state": submission.state,
        "submitted_at": moment(submission.submitted_at),
        "ended_at": moment(submission.ended_at),
        "scores": {
            score.event_score_type.name: _score_json(submission, score, role)
            for score in submission.scores
        },
        "train_s": submission.train_s,
        "peak_mb": submission.peak_mb,
        "folds": [{"number": run.number, "state": run.state} for run in submission.fold_runs],
    }
    if access.may_see_log(role):
        body |= {
            "fault": submission.fault or None,
            "message": submission.message or None,
            "error": {
                "file": submission.error_file or None,
                "line": submission.error_line,
                "fold": submission.error_fold,
            },
        }
    return body


def _score_json(submission: Submission, score: Any, role: Role) -> JSON:
    event = submission.event_team.event
    found: JSON = {"public": number(score.public)}
    if not event.has_ladder or role in access.ADMINS:
        found |= {"mean": number(score.valid_mean), "std": number(score.valid_std)}
    if event_pages.may_see_private_scores(event, role):
        found["private"] = number(score.private)
    return found

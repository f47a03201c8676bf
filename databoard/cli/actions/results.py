"""Results, for people and for programs."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from databoard.cli.words import EventName, found, table
from databoard.settings import Settings
from databoard.store.models import BaggedScore, FoldRun, Submission
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from databoard.store.queries import submissions as queries

Scores = dict[str, float | None]


def print_submissions(
    settings: Settings,
    event: EventName = "",
    team: Annotated[str, "only those of this team"] = "",
    state: Annotated[str, "only those in this state"] = "",
) -> str:
    """Print the submissions of an event, or of all, with their states."""
    with open_session(settings.database_url) as session:
        events = (
            [found(event_queries.by_name(session, event), "event", event, "see: fab list_events")]
            if event
            else event_queries.all_events(session)
        )
        rows = [
            (
                each.name,
                row.event_team.team.name,
                row.name,
                row.state,
                f"{row.submitted_at:%Y-%m-%d %H:%M:%S}",
                row.folder,
            )
            for each in events
            for row in queries.of_event(
                session, each.id, states=[state] if state else None, team=team or None
            )
        ]
    return table(rows, "There is no such submission.")


def scores(
    settings: Settings,
    event: EventName,
    json: Annotated[bool, "everything, at full precision, for programs"] = False,
) -> str:
    """Print the scores of an event's submissions."""
    with open_session(settings.database_url) as session:
        row = found(event_queries.by_name(session, event), "event", event, "see: fab list_events")
        results = [_result(submission) for submission in queries.with_scores(session, row.id)]
        names = [score.name for score in row.score_types]
    if json:
        return _dumps(results)
    return table(
        [
            (result["team"], result["name"], result["state"], *_bag_cells(result, names))
            for result in results
        ],
        "There is no submission yet.",
    )


def _dumps(results: list[dict[str, Any]]) -> str:
    return json.dumps(results, indent=1, allow_nan=False)


def _result(submission: Submission) -> dict[str, Any]:
    return {
        "team": submission.event_team.team.name,
        "name": submission.name,
        "state": submission.state,
        "folds": [_fold(fold_run) for fold_run in submission.fold_runs],
        "bagged": {step: _bags(submission.bagged, step) for step in ("valid", "test")},
    }


def _fold(fold_run: FoldRun) -> dict[str, Scores]:
    """Scores of a fold by step and name; empty before it has been scored."""
    rows = sorted(fold_run.scores, key=lambda row: row.event_score_type.position)
    return {
        step: {row.event_score_type.name: _finite(getattr(row, step)) for row in rows}
        for step in ("train", "valid", "test")
    }


def _bags(bagged: list[BaggedScore], step: str) -> list[Scores]:
    """Bagged scores by name, after the first fold, the first two, and so on."""
    by_n: dict[int, Scores] = {}
    for row in sorted(bagged, key=lambda row: (row.n_folds, row.event_score_type.position)):
        by_n.setdefault(row.n_folds, {})[row.event_score_type.name] = _finite(getattr(row, step))
    return list(by_n.values())


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity and no NaN."""
    return value if value is not None and math.isfinite(value) else None


def _bag_cells(result: dict[str, Any], names: list[str]) -> list[str]:
    """Bagged validation scores for people, a dash for what there is not."""
    bags: list[Scores] = result["bagged"]["valid"]
    last = bags[-1] if bags else {}
    return [
        f"{name} -" if (value := last.get(name)) is None else f"{name} {value:.4f}"
        for name in names
    ]

"""An event in figures: right counts, the best first, idle teams, what failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.services import reports
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def event(session):
    return make_event(session)


@pytest.fixture
def places(session, event):
    names = ("red", "blue", "idle")
    return [
        make_event_team(session, event, make_team(session, name), signed_up_at=NOON)
        for name in names
    ]


def scored(session, place, name, score, hours, **fields):
    at = NOON + hours * HOUR
    return make_scored_submission(
        session, place, name, score=score, submitted_at=at, ended_at=at, **fields
    )


def test_teams_records_days_and_failures(session, event, places):
    red, blue, _ = places
    scored(session, red, "a", 0.5, 1)
    scored(session, blue, "b", 0.9, 26)
    scored(session, red, "c", 0.7, 50)
    failed = make_submission(
        session,
        red,
        "d",
        state="training_error",
        fault="team",
        message="Traceback\nValueError: no",
        submitted_at=NOON + 73 * HOUR,
        ended_at=NOON + 73 * HOUR,
    )
    for fold_run in failed.fold_runs:
        fold_run.state = "training_error"

    figures = reports.figures(session, event, now=NOON + 74 * HOUR)

    by_team = {one.team: one for one in figures.teams}
    lower = event.official_score.is_lower_the_better
    assert [one.team for one in figures.teams] == (
        ["red", "blue", "idle"] if lower else ["blue", "red", "idle"]
    )
    assert by_team["red"].n_submissions == 3
    assert by_team["red"].n_scored == 2
    assert by_team["red"].to_first_score == HOUR
    assert [one.is_idle for one in figures.teams] == [False, False, True]
    assert figures.median_to_first_score == 26 * HOUR
    assert list(figures.per_day.values()) == [1, 1, 1, 1]
    assert figures.reasons == [("training_error", "team", "ValueError: no", 1)]
    assert [record[2] for record in figures.records] == (["a"] if lower else ["a", "b"])


def test_an_empty_event_has_figures_too(session, event):
    figures = reports.figures(session, event, now=NOON)

    assert (figures.teams, figures.per_day, figures.records) == ([], {}, [])
    assert figures.median_to_first_score is None

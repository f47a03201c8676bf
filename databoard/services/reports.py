"""An event in figures: who took part, what came out of it, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from databoard.store.models import Event, EventTeam
from databoard.store.queries import reports as queries
from databoard.store.queries import teams

IDLE = timedelta(days=7)
N_REASONS = 15


@dataclass(frozen=True)
class TeamFigures:
    """What one team did; ``to_first_score`` counts from its sign-up."""

    team: str
    n_members: int
    n_submissions: int
    n_scored: int
    best: float | None
    contributivity: float
    train_s: float
    last_at: datetime | None
    to_first_score: timedelta | None
    is_idle: bool


@dataclass(frozen=True)
class Figures:
    """An event in figures.

    Attributes
    ----------
    teams : list of TeamFigures
        The best first, then those without a score.
    per_day : dict
        Submissions by day (UTC), without gaps.
    reasons : list of tuple
        State, whose fault, last line of the message, how often; the most frequent first.
    records : list of tuple
        When, team, submission and score of each new best of the event.
    """

    teams: list[TeamFigures]
    per_day: dict[date, int]
    reasons: list[tuple[str, str, str, int]]
    records: list[tuple[datetime, str, str, float]]
    score_name: str

    @property
    def median_to_first_score(self) -> timedelta | None:
        """Time that half of the teams needed for a first score."""
        times = sorted(one.to_first_score for one in self.teams if one.to_first_score is not None)
        return times[len(times) // 2] if times else None


def figures(session: Session, event: Event, *, now: datetime) -> Figures:
    """Count what happened in an event so far."""
    rows = queries.results(session, event.id)
    is_lower = event.official_score.is_lower_the_better
    by_team: dict[int, list[Any]] = {}
    for row in rows:
        by_team.setdefault(row.event_team_id, []).append(row)
    end = min(now, event.closing_at) if event.closing_at else now
    found = [
        _team_figures(place, by_team.get(place.id, []), is_lower=is_lower, end=end)
        for place in teams.in_event(session, event)
        if place.is_approved
    ]
    found.sort(key=lambda one: (one.best is None, _key(one.best or 0.0, is_lower), one.team))
    return Figures(
        found,
        _per_day([row.submitted_at for row in rows]),
        _reasons(rows),
        _records(rows, is_lower=is_lower),
        event.official_score.name,
    )


def _key(score: float, is_lower: bool) -> float:
    return score if is_lower else -score


def _team_figures(
    place: EventTeam, rows: Sequence[Any], *, is_lower: bool, end: datetime
) -> TeamFigures:
    scored = [row for row in rows if row.state == "scored"]
    scores = [row.score for row in scored if row.score is not None]
    ends = [row.ended_at for row in scored if row.ended_at is not None]
    last_at = max((row.submitted_at for row in rows), default=None)
    return TeamFigures(
        team=place.team.name,
        n_members=len(place.team.members),
        n_submissions=len(rows),
        n_scored=len(scored),
        best=min(scores, key=lambda score: _key(score, is_lower), default=None),
        contributivity=sum(row.contributivity for row in scored),
        train_s=sum(row.train_s or 0.0 for row in rows),
        last_at=last_at,
        to_first_score=max(min(ends) - place.signed_up_at, timedelta()) if ends else None,
        is_idle=last_at is None or end - last_at > IDLE,
    )


def _per_day(times: Sequence[datetime]) -> dict[date, int]:
    if not times:
        return {}
    counted = Counter(time.date() for time in times)
    first, last = min(counted), max(counted)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {day: counted[day] for day in days}


def _reasons(rows: Sequence[Any]) -> list[tuple[str, str, str, int]]:
    counted = Counter(
        (row.state, row.fault, (row.message.strip().splitlines() or [""])[-1][:160])
        for row in rows
        if row.state.endswith("_error")
    )
    return [(*reason, number) for reason, number in counted.most_common(N_REASONS)]


def _records(rows: Sequence[Any], *, is_lower: bool) -> list[tuple[datetime, str, str, float]]:
    records: list[tuple[datetime, str, str, float]] = []
    for row in rows:
        if row.state != "scored" or row.score is None:
            continue
        if not records or _key(row.score, is_lower) < _key(records[-1][3], is_lower):
            records.append((row.submitted_at, row.team, row.name, row.score))
    return records

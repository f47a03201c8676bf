"""Leaderboards, built from rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from databoard.domain import competition, leaderboard
from databoard.errors import NotFoundError
from databoard.store.models import Event
from databoard.store.queries import leaderboards as queries

Scores = Mapping[int, Mapping[int, tuple[float | None, float | None]]]
NOTHING = (None, None)
BOARDS = ("public", "private", "competition", "private_competition", "failed", "new")
#: Boards of scores on the test rows.
PRIVATE = ("private", "private_competition")
TOGETHER = {"combined": "All together", "best": "Best of each fold"}


@dataclass(frozen=True)
class Column:
    """A score of the board."""

    id: int
    name: str
    precision: int
    is_official: bool
    is_lower_the_better: bool


@dataclass(frozen=True)
class Place:
    """What is known of a submission's place beyond its rank."""

    low: int
    high: int
    tie_group: int
    p_best: float
    gap: float | None
    p_win: float | None
    p_podium: float | None
    #: Its score minus the reference's.
    delta: float | None
    delta_low: float | None
    delta_high: float | None
    verdict: str


@dataclass(frozen=True)
class Row:
    """A line of a board; scores at full precision and as they are shown."""

    rank: int | None
    hash_: str
    team_id: int
    team: str
    submission: str
    submitted_at: datetime
    state: str
    off_rank: str
    scores: dict[str, float]
    shown: dict[str, str]
    spread: float | None
    train_s: float | None
    valid_s: float | None
    test_s: float | None
    peak_mb: float | None
    contributivity: float
    historical_contributivity: float
    n_tries: int
    fault: str
    message: str
    is_final: bool = False
    is_starred: bool = False
    section: str = ""
    place: Place | None = None
    #: Ranks gained at the closing.
    gain: int | None = None


@dataclass(frozen=True)
class Together:
    """What the submissions achieve together: a line of the board without a rank."""

    name: str
    scores: dict[str, float]


@dataclass(frozen=True)
class Board:
    """A leaderboard at one version of its event."""

    event: str
    board: str
    version: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    together: tuple[Together, ...] = ()
    #: How much the order of the teams changed at the closing, between 0 and about 1/2.
    shake_up: float | None = None
    #: Since when it does not change for participants.
    frozen_at: datetime | None = None

    @property
    def official(self) -> Column:
        """The score that ranks."""
        return next(column for column in self.columns if column.is_official)


def is_frozen(event: Event, now: datetime) -> bool:
    """Tell whether participants see the boards as they were at the freeze."""
    has_begun = event.freeze_at is not None and now >= event.freeze_at
    return has_begun and (event.closing_at is None or now < event.closing_at)


def build(
    session: Session, event: Event, board: str, *, now: datetime, sees_all: bool = False
) -> Board:
    """Build a board.

    Parameters
    ----------
    board : {"public", "private", "competition", "private_competition", "failed", "new"}
        The public and competition boards carry validation scores, the private ones test scores;
        who may see which is the caller's to ask.
    sees_all : bool
        Also what came after the freeze, before the closing.

    Raises
    ------
    NotFoundError
        If there is no such board.
    """
    if board not in BOARDS:
        raise NotFoundError(f"There is no board {board}.")
    # Of the event as it was read, before its rows, so that a cached body is never too new.
    version = event.version
    columns = tuple(
        Column(s.id, s.name, s.precision, s.is_official, s.is_lower_the_better)
        for s in sorted(event.score_types, key=lambda s: (not s.is_official, s.position))
    )
    states = {"failed": queries.FAILED, "new": queries.OPEN}.get(board, queries.SCORED)
    is_private = board in PRIVATE
    found = queries.submissions(session, event.id, states, "private" if is_private else "public")
    if board in ("failed", "new"):
        rows = tuple(_row(line, None, columns, {}) for line in reversed(found))
        return Board(event.name, board, version, columns, rows)
    frozen_at = event.freeze_at if is_frozen(event, now) and not sees_all else None
    if frozen_at is not None:
        found = [line for line in found if line.submitted_at < frozen_at]
    scores = queries.scores(session, event.id, is_private=is_private)
    if board in ("public", "private"):
        ranked = _ranked(found, columns[0], scores)
        rows = tuple(_row(line, rank, columns, scores.get(line.id, {})) for line, rank in ranked)
        together = _together(event, is_private=is_private) if frozen_at is None else ()
        return Board(event.name, board, version, columns, rows, together, frozen_at=frozen_at)
    public = queries.scores(session, event.id, is_private=False) if is_private else scores
    rows, shake_up = _competition(event, found, columns, public, scores if is_private else None)
    return Board(event.name, board, version, columns, rows, (), shake_up, frozen_at)


def _together(event: Event, *, is_private: bool) -> tuple[Together, ...]:
    """Read what all submissions, and the best of each fold, score together."""
    step, found = "test" if is_private else "valid", []
    for key, name in TOGETHER.items():
        bags = event.combined.get(key, {}).get(step)
        if bags:
            found.append(Together(name, dict(bags[-1])))
    return tuple(found)


def _entries(
    found: list[queries.Line], official: Column, scores: Scores
) -> list[leaderboard.Entry]:
    return [
        leaderboard.Entry(
            line.id,
            line.team_id,
            scores.get(line.id, {}).get(official.id, NOTHING)[0],
            line.submitted_at,
            _off_rank(line),
        )
        for line in found
    ]


def _ranked(
    found: list[queries.Line], official: Column, scores: Scores
) -> list[tuple[queries.Line, int | None]]:
    lines = {line.id: line for line in found}
    ranked = leaderboard.rank(
        _entries(found, official, scores),
        is_lower_the_better=official.is_lower_the_better,
        precision=official.precision,
    )
    return [(lines[row.entry.key], row.rank) for row in ranked]


def _competition(
    event: Event,
    found: list[queries.Line],
    columns: tuple[Column, ...],
    public: Scores,
    private: Scores | None,
) -> tuple[tuple[Row, ...], float | None]:
    """Rank the teams by their final selections, and say how the closing moved them."""
    official, lines = columns[0], {line.id: line for line in found}
    kind: dict[str, Any] = {
        "is_lower_the_better": official.is_lower_the_better,
        "precision": official.precision,
    }
    entries = _entries(found, official, public)
    chosen = {line.id for line in found if line.is_final}
    final = competition.final_selection(entries, chosen, n_final=event.n_final, **kind)
    # A team that has nothing but what takes no rank is listed without one.
    ranked_teams = {entry.team for entry in final}
    others = [entry for entry in entries if entry.off_rank and entry.team not in ranked_teams]
    before = leaderboard.rank(leaderboard.best_per_team([*final, *others], **kind), **kind)
    if private is None:
        rows = [
            _row(lines[row.entry.key], row.rank, columns, public.get(row.entry.key, {}))
            for row in before
        ]
        return tuple(rows), None
    tests = {line.id: private.get(line.id, {}).get(official.id, NOTHING)[0] for line in found}
    after = competition.final_board([*final, *others], tests, **kind)
    moved = competition.changes(before, after)
    gains = {change.team: change.gain for change in moved}
    rows = [
        replace(
            _row(lines[row.entry.key], row.rank, columns, private.get(row.entry.key, {})),
            gain=gains.get(row.entry.team),
        )
        for row in after
    ]
    shake_up = competition.shake_up(moved)
    return tuple(rows), shake_up if math.isfinite(shake_up) else None


def _off_rank(line: queries.Line) -> str:
    if line.disqualification or line.team_disqualified_at is not None:
        return "disqualified"
    if line.is_baseline:
        return "baseline"
    return "late" if line.is_late else ""


def _row(
    line: queries.Line,
    rank: int | None,
    columns: tuple[Column, ...],
    scores: Mapping[int, tuple[float | None, float | None]],
) -> Row:
    known = {c.name: s for c in columns if (s := scores.get(c.id, NOTHING)[0]) is not None}
    return Row(
        rank=rank,
        hash_=line.hash_,
        team_id=line.team_id,
        team=line.team,
        submission=line.name,
        submitted_at=line.submitted_at,
        state=line.state,
        off_rank=_off_rank(line),
        scores=known,
        shown={c.name: f"{known[c.name]:.{c.precision}f}" for c in columns if c.name in known},
        spread=scores.get(columns[0].id, NOTHING)[1],
        train_s=line.train_s,
        valid_s=line.valid_s,
        test_s=line.test_s,
        peak_mb=line.peak_mb,
        contributivity=line.contributivity,
        historical_contributivity=line.historical_contributivity,
        n_tries=line.n_tries,
        fault=line.fault,
        message=line.message,
        is_final=line.is_final,
        is_starred=line.is_starred,
        section=line.section,
        place=_place(line),
    )


def _place(line: queries.Line) -> Place | None:
    if line.rank_low is None or line.rank_high is None or line.tie_group is None:
        return None
    return Place(
        low=line.rank_low,
        high=line.rank_high,
        tie_group=line.tie_group,
        p_best=line.p_best or 0.0,
        gap=line.gap,
        p_win=line.p_win,
        p_podium=line.p_podium,
        delta=line.delta,
        delta_low=line.delta_low,
        delta_high=line.delta_high,
        verdict=line.verdict or "",
    )

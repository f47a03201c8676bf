"""Leaderboards, built from rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.domain import leaderboard
from databoard.errors import NotFoundError
from databoard.store.models import Event
from databoard.store.queries import leaderboards as queries

Scores = Mapping[int, Mapping[int, tuple[float | None, float | None]]]
NOTHING = (None, None)
BOARDS = ("public", "private", "competition", "failed", "new")


@dataclass(frozen=True)
class Column:
    """A score of the board."""

    id: int
    name: str
    precision: int
    is_official: bool
    is_lower_the_better: bool


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


@dataclass(frozen=True)
class Board:
    """A leaderboard at one version of its event."""

    event: str
    board: str
    version: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def official(self) -> Column:
        """The score that ranks."""
        return next(column for column in self.columns if column.is_official)


def build(session: Session, event: Event, board: str, *, now: datetime) -> Board:
    """Build a board.

    Parameters
    ----------
    board : {"public", "private", "competition", "failed", "new"}
        The public and competition boards carry validation scores, the private one test scores;
        who may see which is the caller's to ask.

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
    found = queries.submissions(session, event.id, states)
    if board in ("failed", "new"):
        rows = tuple(_row(line, None, columns, {}) for line in reversed(found))
        return Board(event.name, board, version, columns, rows)
    scores = queries.scores(session, event.id, is_private=board == "private")
    return Board(event.name, board, version, columns, _ranked(board, found, columns, scores))


def _ranked(
    board: str,
    found: list[queries.Line],
    columns: tuple[Column, ...],
    scores: Scores,
) -> tuple[Row, ...]:
    official = columns[0]
    lines = {line.id: line for line in found}
    entries = [
        leaderboard.Entry(
            line.id,
            line.team_id,
            scores.get(line.id, {}).get(official.id, NOTHING)[0],
            line.submitted_at,
            _off_rank(line),
        )
        for line in found
    ]
    kind = {
        "is_lower_the_better": official.is_lower_the_better,
        "precision": official.precision,
    }
    if board == "competition":
        entries = leaderboard.best_per_team(entries, **kind)  # type: ignore[arg-type]
    ranked = leaderboard.rank(entries, **kind)  # type: ignore[arg-type]
    return tuple(
        _row(lines[row.entry.key], row.rank, columns, scores.get(row.entry.key, {}))
        for row in ranked
    )


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
    )

"""Keeps the lines of boards true: whoever changes a submission, a team or a score need not know.

A line (`Standing`) follows from the submission, its team and its official scores. Each flush that
changed one of these derives the lines that hang on it anew, in the same transaction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, inspect, select, update
from sqlalchemy.event import listens_for
from sqlalchemy.orm import Session

from databoard.domain import leaderboard
from databoard.store.base import Base
from databoard.store.locking import lock_all
from databoard.store.models.events import EventScoreType, EventTeam
from databoard.store.models.standings import Standing
from databoard.store.models.submissions import Submission, SubmissionScore

BOARDS = ("public", "private")
#: What moves a line, besides a submission's scores.
OF_SUBMISSION = (
    "state", "withdrawn_at", "is_baseline", "is_late", "disqualification", "submitted_at",
    "event_team_id",
)  # fmt: skip
OF_TEAM = ("disqualified_at",)
OF_SCORE_TYPE = ("is_official", "precision", "is_lower_the_better")
CHUNK = 500

Key = tuple[int, str]


def place(session: Session, where: ColumnElement[bool]) -> None:
    """Derive anew the lines of the submissions that are meant.

    Parameters
    ----------
    where : ColumnElement
        About `Submission`.
    """
    lock_all(session, where)
    _place(session, _facts().where(where), _lines().where(where))


def _place_some(session: Session, submission_ids: Sequence[int]) -> None:
    for chunk in _chunks(submission_ids):
        if len(chunk) > 1:
            lock_all(session, Submission.id.in_(chunk))
        _place(session, *_of_some(), {"submissions": chunk})


def _place(session: Session, facts: Any, lines: Any, values: Mapping[str, Any] = {}) -> None:
    wanted = _wanted(session.execute(facts, values))
    rows = session.execute(lines, values)
    known = {(row[0], row[1]): dict(zip(LINE, row[2:], strict=True)) for row in rows}
    gone = {submission_id for submission_id, board in known if (submission_id, board) not in wanted}
    for chunk in _chunks(sorted(gone)):
        session.execute(_quietly(delete(Standing).where(Standing.submission_id.in_(chunk))))
    new = [_named(key, line) for key, line in wanted.items() if key not in known]
    if new:
        session.execute(_new_lines(), new)
    changed = [
        _named(key, line) for key, line in wanted.items() if key in known and known[key] != line
    ]
    if changed:
        session.execute(update(Standing), changed)


LINE = ("event_id", "event_team_id", "key", "submitted_at", "is_ranked")


def _named(key: Key, line: Mapping[str, Any]) -> dict[str, Any]:
    return {"submission_id": key[0], "board": key[1], **line}


def _quietly(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)


# These are put together once: that takes longer than asking them of one submission.


@cache
def _lines() -> Any:
    """Ask for lines as they are."""
    return select(
        Standing.submission_id, Standing.board, *(getattr(Standing, name) for name in LINE)
    ).join(Submission, Submission.id == Standing.submission_id)


@cache
def _facts() -> Any:
    """Ask for what lines follow from."""
    s, official = Submission, EventScoreType
    is_out = (
        s.is_baseline
        | s.is_late
        | (s.disqualification != "")
        | EventTeam.disqualified_at.is_not(None)
    )
    return (
        select(
            s.id,
            s.event_id,
            s.event_team_id,
            s.submitted_at,
            is_out,
            official.precision,
            official.is_lower_the_better,
            SubmissionScore.public,
            SubmissionScore.private,
        )
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(official, and_(official.event_id == s.event_id, official.is_official))
        .outerjoin(
            SubmissionScore,
            and_(
                SubmissionScore.submission_id == s.id,
                SubmissionScore.event_score_type_id == official.id,
            ),
        )
        .where(s.state == "scored", s.withdrawn_at.is_(None))
    )


@cache
def _of_some() -> tuple[Any, Any]:
    """Ask for both of some submissions."""
    are_meant = Submission.id.in_(bindparam("submissions", expanding=True))
    return _facts().where(are_meant), _lines().where(are_meant)


@cache
def _new_lines() -> Any:
    return insert(Base.metadata.tables[Standing.__tablename__])


def _wanted(rows: Iterable[Any]) -> dict[Key, dict[str, Any]]:
    """Derive lines by submission and board."""
    wanted: dict[Key, dict[str, Any]] = {}
    for key, event_id, team_id, submitted_at, is_off, precision, is_lower, *scores in rows:
        for board, score in zip(BOARDS, scores, strict=True):
            order = leaderboard.sort_key(score, precision=precision, is_lower_the_better=is_lower)
            line = (event_id, team_id, order, submitted_at, not is_off and math.isfinite(order))
            wanted[key, board] = dict(zip(LINE, line, strict=True))
    return wanted


def _chunks(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


# ---- after every change --------------------------------------------------------------------------


@listens_for(Session, "after_flush")
def _follow(session: Session, _context: Any) -> None:
    submissions: set[int] = set()
    teams: set[int] = set()
    events: set[int] = set()
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, SubmissionScore):
            submissions.add(row.submission_id)
        elif isinstance(row, Submission) and _moves(row):
            submissions.add(row.id)
        elif isinstance(row, EventTeam) and _has_changed(row, OF_TEAM):
            teams.add(row.id)
        elif isinstance(row, EventScoreType) and _has_changed(row, OF_SCORE_TYPE):
            events.add(row.event_id)
    _place_some(session, sorted(submissions))
    if teams:
        place(session, Submission.event_team_id.in_(teams))
    if events:
        place(session, Submission.event_id.in_(events))


def _has_changed(row: Any, names: Iterable[str]) -> bool:
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in names)


def _moves(row: Submission) -> bool:
    """Tell whether a submission is on the boards or has just left them, and something changed."""
    before = inspect(row).attrs.state.history.deleted or ()
    return (row.state == "scored" or "scored" in before) and _has_changed(row, OF_SUBMISSION)

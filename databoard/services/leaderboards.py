"""Leaderboards: any page of them, from rows.

Nothing is built but what is asked for: a page of a board of ten thousand costs what a page of a
hundred does. Who takes which rank follows from how many stand above.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databoard.domain import competition, leaderboard
from databoard.errors import NotFoundError
from databoard.phrases import phrase
from databoard.store.engine import snapshot
from databoard.store.models import Event, Submission
from databoard.store.queries import leaderboards as queries

BOARDS = ("public", "private", "competition", "private_competition", "failed", "new")
#: Boards of scores on the test rows.
PRIVATE = ("private", "private_competition")
#: Boards of teams.
COMPETITIONS = ("competition", "private_competition")
#: Orders by what follows from the newest results, too: a frozen board has none of them.
AFTER_FREEZE = ("best", "win", "podium", "delta", "contributivity", "historical")
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
class Trend:
    """The last scores of a team, the newest last, and which of them is the line's own, if any."""

    scores: tuple[float, ...]
    here: int | None


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
    #: None on a frozen board.
    contributivity: float | None
    historical_contributivity: float | None
    n_tries: int
    fault: str
    message: str
    is_final: bool = False
    is_starred: bool = False
    section: str = ""
    place: Place | None = None
    #: Of the official score between the ends of the board's scale, 0 to 1; only on a page.
    bar: float | None = None
    trend: Trend | None = None
    #: Ranks gained at the closing.
    gain: int | None = None


@dataclass(frozen=True)
class Together:
    """What the submissions achieve together: a line of the board without a rank."""

    name: str
    scores: dict[str, float]


@dataclass(frozen=True)
class Choice:
    """Which lines of a board, and in which order.

    Attributes
    ----------
    order : str
        A column; empty: by rank.
    words : tuple of str
        All of them in the name of the submission, or of its team if ``has_names``.
    size : int, optional
        Lines of a page; without it, all lines.
    """

    order: str = ""
    is_descending: bool = False
    words: tuple[str, ...] = ()
    section: str = ""
    team: str = ""
    page: int = 1
    size: int | None = None
    has_names: bool = True
    #: Without what only pages show.
    is_table: bool = False


WHOLE = Choice()
#: Lines of a board that are read at once for programs.
PORTION = 1000
#: The same, for files.
FILE_PORTION = 5000


@dataclass(frozen=True)
class Board:
    """A page of a leaderboard, or all of it, at one version of its event."""

    event: str
    board: str
    version: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    #: Of the lines that were asked for, on all pages.
    n_rows: int = 0
    page: int = 1
    n_pages: int = 1
    #: Of the whole board, or of the section.
    n_ranked: int = 0
    sections: tuple[str, ...] = ()
    #: The optional columns that the board has something for.
    has: frozenset[str] = frozenset()
    together: tuple[Together, ...] = ()
    #: How much the order of the teams changed at the closing, between 0 and about 1/2.
    shake_up: float | None = None
    #: Since when it does not change for participants.
    frozen_at: datetime | None = None
    #: On a competition board, the final submissions.
    finals: frozenset[int] | None = field(default=None, repr=False)

    @property
    def official(self) -> Column:
        """The score that ranks."""
        return next(column for column in self.columns if column.is_official)

    @property
    def has_scores(self) -> bool:
        """Whether its rows have scores and ranks."""
        return self.board not in ("failed", "new")


@dataclass(frozen=True)
class Own:
    """What a team has on a board: its first line, and who cannot be told from it."""

    hash_: str
    submission: str
    shown: str
    rank: int | None
    n_rows: int
    is_placed: bool
    gap: float | None
    #: Teams and names of some of its band.
    band: tuple[tuple[str, str], ...]
    n_band: int
    #: Lines before it, in the order of ranks.
    n_before: int


def is_frozen(event: Event, now: datetime) -> bool:
    """Tell whether participants see the boards as they were at the freeze."""
    has_begun = event.freeze_at is not None and now >= event.freeze_at
    return has_begun and (event.closing_at is None or now < event.closing_at)


def is_shown(submission: Submission, now: datetime) -> bool:
    """Tell whether participants find a submission on the public board."""
    freeze_at = submission.event_team.event.freeze_at
    is_scored = submission.state == "scored" and submission.withdrawn_at is None
    is_later = freeze_at is not None and submission.submitted_at >= freeze_at
    return is_scored and not (is_later and is_frozen(submission.event_team.event, now))


def version_of(event: Event, board: str) -> int:
    """Version of a board: what is in progress moves only the tables of what has no score."""
    return event.version if board in ("failed", "new") else event.board_version


def orders(event: Event, board: str) -> frozenset[str]:
    """Name the columns by which a board may be ordered."""
    is_scored = board not in ("failed", "new")
    scores = {f"{queries.SCORE}{score.name}" for score in event.score_types if is_scored}
    return frozenset({*queries.ORDERS, *scores, "change"})


def build(
    session: Session,
    event: Event,
    board: str,
    *,
    now: datetime,
    sees_all: bool = False,
    choice: Choice = WHOLE,
) -> Board:
    """Build a board, or a page of it.

    Parameters
    ----------
    board : {"public", "private", "competition", "private_competition", "failed", "new"}
        The public and competition boards carry validation scores, the private ones test scores;
        who may see which is the caller's to ask.
    sees_all : bool
        Also what came after the freeze, before the closing.
    choice : Choice

    Raises
    ------
    NotFoundError
        If there is no such board.
    """
    if board not in BOARDS:
        raise NotFoundError(phrase("There is no board %(board)s.", board=board))
    # Of the event as it was read, before its rows, so that a cached body is never too new.
    version, columns = version_of(event, board), _columns(event)
    wanted = _wanted(event, board, columns, now=now, sees_all=sees_all)
    ends = None
    if board in COMPETITIONS:
        ends = _ends(session, event, board, wanted, columns[0], choice.section)
    wanted = _narrowed(wanted, choice, ends)
    facts, lines = queries.page(session, wanted)
    n_pages = math.ceil(facts.n_lines / choice.size) if choice.size else 1
    page = min(choice.page, max(1, n_pages))
    if page < choice.page:
        facts, lines = queries.page(session, replace(wanted, offset=_offset(choice, page)))
    if ends is not None:
        ranks, n_ranked = ends.ranks, ends.n_ranked
    elif wanted.is_scored:
        ranks, n_ranked = _ranks(session, wanted, lines), facts.n_ranked or 0
    else:
        ranks, n_ranked = {}, 0
    gains = ends.gains if ends else {}
    rows = [
        _row(
            line,
            ranks.get(line.id),
            columns,
            has_place=not choice.section,
            is_live=wanted.before is None,
            bar=_bar(line, facts),
            gain=gains.get(line.event_team_id),
        )
        for line in lines
    ]
    is_whole = board in ("public", "private") and wanted.before is None
    return Board(
        event.name,
        board,
        version,
        columns,
        tuple(rows),
        n_rows=facts.n_lines,
        page=page,
        n_pages=max(1, n_pages),
        n_ranked=n_ranked,
        sections=tuple(facts.sections.split("\n")) if facts.sections else (),
        has=_has(facts, gains, wanted),
        together=_together(event, is_private=board in PRIVATE) if is_whole else (),
        shake_up=ends.shake_up if ends else None,
        frozen_at=wanted.before,
        finals=frozenset(ends.ranks) if ends else None,
    )


def portions(
    engine: Engine,
    event_id: int,
    board: str,
    *,
    now: datetime,
    sees_all: bool,
    size: int = FILE_PORTION,
) -> Iterator[Board]:
    """Read a whole board, as it is now, some lines at a time.

    Parameters
    ----------
    board, now, sees_all
        As for `build`.
    size : int
        Lines of a portion, all that is held in memory.
    """
    with snapshot(engine) as session:
        event = session.get_one(Event, event_id)
        page, n_pages = 1, 1
        while page <= n_pages:
            choice = Choice(page=page, size=size, is_table=True)
            found = build(session, event, board, now=now, sees_all=sees_all, choice=choice)
            yield found
            page, n_pages = page + 1, found.n_pages


def recent(session: Session, event: Event, *, now: datetime, sees_all: bool, n: int) -> Board:
    """Build the public board's last so many lines, and of older ones those that were the best."""
    options: dict[str, Any] = {"now": now, "sees_all": sees_all}
    last = Choice(order="submitted", is_descending=True, size=n, is_table=True)
    found = build(session, event, "public", **options, choice=last)
    if found.n_pages == 1:
        return found
    wanted = _wanted(event, "public", found.columns, **options)
    best = queries.records(session, wanted)
    known = {row.hash_ for row in found.rows}
    _, lines = queries.page(session, replace(wanted, only=best, is_table=True))
    older = [
        _row(line, None, found.columns, has_place=False, is_live=wanted.before is None)
        for line in lines
        if line.hash_ not in known
    ]
    return replace(found, rows=(*found.rows, *older))


def stood(
    session: Session, event: Event, submission_id: int, *, now: datetime, sees_all: bool
) -> queries.Stood | None:
    """Tell what a submission did to its team's rank on the public board when it came."""
    wanted = _wanted(event, "public", _columns(event), now=now, sees_all=sees_all)
    return queries.stood(session, wanted, submission_id)


def own(
    session: Session, event: Event, board: Board, event_team_id: int, *, n_others: int = 3
) -> Own | None:
    """Find what a team has on a board of scores; None if it has nothing there."""
    wanted = replace(
        _wanted(event, board.board, board.columns, now=None, sees_all=True),
        before=board.frozen_at,
        only=board.finals,
    )
    found = queries.own(session, wanted, event_team_id, n_others)
    if not found:
        return None
    best, official = found[0], board.official
    is_placed = best.is_ranked and best.tie_group is not None and board.frozen_at is None
    return Own(
        best.hash_,
        best.name,
        f"{best.score:.{official.precision}f}" if best.score is not None else "",
        best.n_above + 1 if best.is_ranked else None,
        best.n_own,
        is_placed,
        best.gap,
        tuple((one.team, one.name) for one in found[1:]) if is_placed else (),
        best.n_band if is_placed else 0,
        best.n_before,
    )


# ---- what is asked -------------------------------------------------------------------------------


def _columns(event: Event) -> tuple[Column, ...]:
    return tuple(
        Column(s.id, s.name, s.precision, s.is_official, s.is_lower_the_better)
        for s in sorted(event.score_types, key=lambda s: (not s.is_official, s.position))
    )


def _wanted(
    event: Event, board: str, columns: tuple[Column, ...], *, now: datetime | None, sees_all: bool
) -> queries.Wanted:
    """Ask for a whole board."""
    states = {"failed": queries.FAILED, "new": queries.OPEN}.get(board, queries.SCORED)
    is_scored = states == queries.SCORED
    is_kept = is_scored and not sees_all and now is not None and is_frozen(event, now)
    return queries.Wanted(
        event.id,
        states,
        "private" if board in PRIVATE else "public",
        tuple((column.id, column.name) for column in columns) if is_scored else (),
        event.freeze_at if is_kept else None,
    )


def _narrowed(wanted: queries.Wanted, choice: Choice, ends: Ends | None) -> queries.Wanted:
    """Ask for what was chosen of it."""
    if wanted.before is not None and choice.order in AFTER_FREEZE:
        choice = replace(choice, order="", is_descending=False)
    by_rank = choice.order in ("", "rank")
    if choice.order == "change":
        gains = ends.by_submission if ends else {}
        wanted = replace(wanted, values=gains)
    elif not by_rank:
        wanted = replace(wanted, order=choice.order)
    return replace(
        wanted,
        only=tuple(ends.ranks) if ends else None,
        section=choice.section,
        team=choice.team,
        words=choice.words,
        has_names=choice.has_names,
        is_descending=choice.is_descending,
        is_table=choice.is_table,
        limit=choice.size,
        offset=_offset(choice, choice.page),
    )


def _offset(choice: Choice, page: int) -> int:
    return (max(1, page) - 1) * (choice.size or 0)


def _has(
    facts: queries.Facts, gains: Mapping[int, int | None], wanted: queries.Wanted
) -> frozenset[str]:
    is_live = wanted.before is None
    found = {
        "place": is_live and facts.has_places,
        "delta": is_live and facts.has_deltas,
        "forecast": is_live and facts.has_forecasts,
        "share": is_live and wanted.is_scored,
        "change": any(gain is not None for gain in gains.values()),
    }
    return frozenset(name for name, is_there in found.items() if is_there)


def _together(event: Event, *, is_private: bool) -> tuple[Together, ...]:
    """Read what all submissions, and the best of each fold, score together."""
    step, found = "test" if is_private else "valid", []
    for key, name in TOGETHER.items():
        bags = event.combined.get(key, {}).get(step)
        if bags:
            found.append(Together(name, dict(bags[-1])))
    return tuple(found)


# ---- ranks ---------------------------------------------------------------------------------------


def _ranks(
    session: Session, wanted: queries.Wanted, lines: Collection[queries.Line]
) -> dict[int, int | None]:
    """Rank lines by how many stand above."""
    keys = {line.id: line.key for line in lines if line.is_ranked and line.key is not None}
    if not keys:
        return {}
    counted = queries.ranks(session, wanted, keys.values())
    above = list(accumulate((n for _, n in counted), initial=0))
    known = [key for key, _ in counted]
    return {line: 1 + above[bisect_left(known, key)] for line, key in keys.items()}


@dataclass(frozen=True)
class Ends:
    """How teams would end by their final selections: what a competition board ranks."""

    #: By submission.
    ranks: dict[int, int | None]
    #: By team.
    gains: dict[int, int | None]
    by_submission: dict[int, float]
    n_ranked: int
    shake_up: float | None


def _ends(
    session: Session,
    event: Event,
    board: str,
    wanted: queries.Wanted,
    official: Column,
    section: str,
) -> Ends:
    """Rank the teams by their final selections, and say how the closing moved them."""
    kind: dict[str, Any] = {
        "is_lower_the_better": official.is_lower_the_better,
        "precision": official.precision,
    }
    found = queries.entries(session, replace(wanted, board="public"), official.id, event.n_final)
    entries = [
        leaderboard.Entry(
            one.id, one.event_team_id, one.public, one.submitted_at, "" if one.is_ranked else "off"
        )
        for one in found
    ]
    chosen = {one.id for one in found if one.is_final}
    final = competition.final_selection(entries, chosen, n_final=event.n_final, **kind)
    # A team that has nothing but what takes no rank is listed without one.
    ranked_teams = {entry.team for entry in final}
    others = [entry for entry in entries if entry.off_rank and entry.team not in ranked_teams]
    rows = leaderboard.rank(leaderboard.best_per_team([*final, *others], **kind), **kind)
    gains: dict[int, int | None] = {}
    shake_up = math.nan
    if board in PRIVATE:
        tests = {one.id: one.private for one in found}
        after = competition.final_board([*final, *others], tests, **kind)
        moved = competition.changes(rows, after)
        gains = {int(change.team): change.gain for change in moved}
        shake_up, rows = competition.shake_up(moved), after
    sections = {one.id: one.section for one in found}
    ranks = {
        row.entry.key: row.rank for row in rows if not section or sections[row.entry.key] == section
    }
    return Ends(
        _cut(ranks) if section else ranks,
        gains,
        {
            row.entry.key: float(gain)
            for row in rows
            if (gain := gains.get(int(row.entry.team))) is not None
        },
        sum(rank is not None for rank in ranks.values()),
        shake_up if math.isfinite(shake_up) else None,
    )


def _cut(ranks: Mapping[int, int | None]) -> dict[int, int | None]:
    """Give those of a section ranks of their own."""
    inside = sorted(rank for rank in ranks.values() if rank is not None)
    return {
        key: None if rank is None else 1 + bisect_left(inside, rank) for key, rank in ranks.items()
    }


# ---- lines ---------------------------------------------------------------------------------------


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
    *,
    has_place: bool,
    is_live: bool,
    bar: float | None = None,
    gain: int | None = None,
) -> Row:
    known = {
        column.name: score
        for column, (score, _) in zip(columns, line.scores, strict=False)
        if score is not None
    }
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
        spread=line.scores[0][1] if line.scores else None,
        train_s=line.train_s,
        valid_s=line.valid_s,
        test_s=line.test_s,
        peak_mb=line.peak_mb,
        # What came after a freeze moves shares, intervals and probabilities of what came before.
        contributivity=line.contributivity if is_live else None,
        historical_contributivity=line.historical_contributivity if is_live else None,
        n_tries=line.n_tries,
        fault=line.fault,
        message=line.message,
        is_final=line.is_final,
        is_starred=line.is_starred,
        section=line.section,
        place=_place(line) if has_place and is_live else None,
        bar=bar,
        trend=_trend(line, columns[0]) if columns and line.trend else None,
        gain=gain,
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


def _bar(line: queries.Line, facts: queries.Facts) -> float | None:
    if line.key is None or facts.best_key is None:
        return None
    middle, worst = facts.middle_key, facts.worst_key
    if middle is None or worst is None:
        return None
    return leaderboard.bar(line.key, facts.best_key, middle, worst)


def _trend(line: queries.Line, official: Column) -> Trend | None:
    """Read the last scores of a line's team."""
    keys, scores = _course(line.trend or "", is_lower_the_better=official.is_lower_the_better)
    return Trend(scores, keys.index(line.id) if line.id in keys else None)


# The lines of a team share it, and so do the versions of a board until the team's next score.
@lru_cache(maxsize=4096)
def _course(text: str, *, is_lower_the_better: bool) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Read keys and scores of submissions, the oldest first, from ``id:key`` and so on."""
    words = text.replace(":", " ").split()
    pairs = sorted(zip(map(int, words[::2]), map(float, words[1::2]), strict=True))
    sign = 1 if is_lower_the_better else -1
    return tuple(key for key, _ in pairs), tuple(sign * score for _, score in pairs)

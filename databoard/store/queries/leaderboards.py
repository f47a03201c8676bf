"""Questions of the leaderboards: a page costs the same however long the board is.

Ordering, filtering, paging and ranks are the database's, along the indexes of `standings`;
columns come back, no objects.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Float,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from databoard.store.models import EventTeam, Standing, Submission, SubmissionScore, Team

SCORED = ("scored",)
OPEN = ("new", "training")
FAILED = (
    "checking_error",
    "training_error",
    "validating_error",
    "testing_error",
    "scoring_error",
    "quarantined",
    "cancelled",
)
SCORE = "score:"
#: Of a team's scores, the trend shows the last so many.
N_TREND = 20
_S, _PLACE = Submission, Standing
#: What a board may be ordered by, besides its rank and its scores (threats W11).
ORDERS: dict[str, Any] = {
    "team": func.lower(Team.name),
    "submission": func.lower(_S.name),
    "submitted": _S.submitted_at,
    "tries": None,  # counted in the question itself
    "train": _S.train_s,
    "test": func.coalesce(_S.test_s, _S.valid_s),
    "memory": _S.peak_mb,
    "contributivity": _S.contributivity,
    "historical": _S.historical_contributivity,
    "best": _PLACE.p_best,
    "win": _PLACE.p_win,
    "podium": _PLACE.p_podium,
    "delta": _PLACE.delta,
}


@dataclass(frozen=True)
class Wanted:
    """What is asked of a board.

    Attributes
    ----------
    states : sequence of str
        Of the submissions; those of boards of scores are "scored".
    board : {"public", "private"}
        Whose scores and places.
    score_types : sequence of (int, str)
        Keys and names of the scores.
    before : datetime, optional
        Only what was submitted by then.
    only : collection of int, optional
        Only these submissions.
    order : str
        Empty: by rank; the newest first where nothing has a rank.
    values : mapping of int to float, optional
        By submission, what to order by instead.
    limit : int, optional
        Without it, all.
    """

    event_id: int
    states: Sequence[str] = SCORED
    board: str = "public"
    score_types: Sequence[tuple[int, str]] = ()
    before: datetime | None = None
    only: Collection[int] | None = None
    section: str = ""
    team: str = ""
    words: Sequence[str] = ()
    has_names: bool = True
    order: str = ""
    values: dict[int, float] | None = None
    is_descending: bool = False
    #: Without what only pages show.
    is_table: bool = False
    limit: int | None = None
    offset: int = 0

    @property
    def is_scored(self) -> bool:
        """Whether what is asked for has scores and ranks."""
        return self.states == SCORED

    @property
    def is_page(self) -> bool:
        """Whether people look at it: some lines with scores."""
        return self.is_scored and self.limit is not None and not self.is_table

    @property
    def is_whole(self) -> bool:
        """Whether these are all lines of a board of scores, in whatever order."""
        return self.is_scored and not (
            self.words or self.section or self.team or self.only is not None
        )

    @property
    def is_plain(self) -> bool:
        """Whether the index of the board alone says which lines these are."""
        return self.is_whole and self.order in ("", "submitted") and not self.values


class Line(NamedTuple):
    """What a board needs of a submission."""

    id: int
    hash_: str
    name: str
    event_team_id: int
    team_id: int
    team: str
    submitted_at: datetime
    state: str
    fault: str
    message: str
    train_s: float | None
    valid_s: float | None
    test_s: float | None
    peak_mb: float | None
    contributivity: float
    historical_contributivity: float
    is_baseline: bool
    is_late: bool
    disqualification: str
    team_disqualified_at: datetime | None
    #: Of the whole team.
    n_tries: int
    is_final: bool
    is_starred: bool
    section: str
    #: Where it stands on the board, as far as that is known.
    key: float | None
    is_ranked: bool | None
    rank_low: int | None
    rank_high: int | None
    tie_group: int | None
    p_best: float | None
    gap: float | None
    p_win: float | None
    p_podium: float | None
    delta: float | None
    delta_low: float | None
    delta_high: float | None
    verdict: str | None
    #: The last submissions of the team on the board, each as ``id:key``; only on a page.
    trend: str | None
    #: Score and spread over folds, for each of the wanted scores.
    scores: tuple[tuple[float | None, float | None], ...]


N_OWN = len(Line._fields) - 1
TEAM, TRIES, TREND = map(Line._fields.index, ("event_team_id", "n_tries", "trend"))


class Facts(NamedTuple):
    """What is true of all lines that are asked for, and of the board."""

    n_lines: int
    #: On the board, or in the section; None where nothing takes a rank.
    n_ranked: int | None
    has_places: bool
    has_deltas: bool
    has_forecasts: bool
    #: One per line of text.
    sections: str | None
    #: Of all on the board that take a rank; only on a page.
    best_key: float | None
    middle_key: float | None
    worst_key: float | None


N_FACTS = len(Facts._fields)


def page(session: Session, wanted: Wanted) -> tuple[Facts, list[Line]]:
    """List the lines that are wanted, in their order, and say what is true of all."""
    is_lasting = wanted.only is None and wanted.values is None
    question, about = (_known_page if is_lasting else _page)(replace(wanted, offset=0))
    rows = session.execute(question, {"offset": wanted.offset}).all()
    of_teams = {row[TEAM]: (row[TRIES], row[TREND]) for row in rows if row[TRIES] is not None}
    found = []
    for row in rows:
        scores = row[N_OWN:-N_FACTS]
        own = [*row[:N_OWN], tuple(zip(scores[::2], scores[1::2], strict=True))]
        own[TRIES], own[TREND] = of_teams[row[TEAM]]
        found.append(Line._make(own))
    facts = rows[0][-N_FACTS:] if rows else session.execute(about).one()
    return Facts._make(facts), found


def _page(wanted: Wanted) -> tuple[Select[Any], Select[Any]]:
    """Put the question for the lines and the facts together, and one for the facts alone."""
    question, order = _lines(wanted)
    about = _facts(wanted)
    return question.add_columns(*about).order_by(*order), select(*about)


# Putting the question together takes as long as its answer, and a board asks the same again for
# each of its pages and versions.
_known_page = lru_cache(maxsize=128)(_page)


def ranks(session: Session, wanted: Wanted, keys: Collection[float]) -> list[tuple[float, int]]:
    """Count who takes a rank between the first and the last of these, which may not be empty.

    Returns
    -------
    list of (float, int)
        In the order of the keys; what stands above the first of these at once, with the key
        minus infinity.
    """
    asked = Wanted(
        wanted.event_id, board=wanted.board, before=wanted.before, section=wanted.section
    )
    question = _known_ranks(asked)
    rows = session.execute(question, {"first": min(keys), "last": max(keys)})
    return [(row[0], row[1]) for row in rows]


@lru_cache(maxsize=128)
def _known_ranks(wanted: Wanted) -> CompoundSelect[Any, Any]:
    key, ranked = _PLACE.key, _ranked(wanted)
    first, last = bindparam("first", type_=Float), bindparam("last", type_=Float)
    above = select(literal(float("-inf")).label("of"), func.count()).where(*ranked, key < first)
    between = select(key, func.count()).where(*ranked, key >= first, key <= last).group_by(key)
    return union_all(above, between).order_by("of")


def _ranked(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Mean what takes a rank on the board, or in the section."""
    found = [*_on_board(wanted), _PLACE.is_ranked.is_(True)]
    if wanted.section:
        inside = select(EventTeam.id).where(
            EventTeam.event_id == wanted.event_id, EventTeam.section == wanted.section
        )
        found.append(_PLACE.event_team_id.in_(inside))
    return found


class Entry(NamedTuple):
    """What may count for a team in the end."""

    id: int
    event_team_id: int
    submitted_at: datetime
    is_ranked: bool
    is_final: bool
    section: str
    public: float | None
    private: float | None


def entries(session: Session, wanted: Wanted, score_type: int, n_final: int) -> list[Entry]:
    """List of each team what may be among its final selections, and all that takes no rank."""
    st = _PLACE
    number = func.row_number().over(
        partition_by=(st.event_team_id, st.is_ranked),
        order_by=(_S.is_final.desc(), st.key, st.submitted_at, st.submission_id),
    )
    numbered = (
        select(
            st.submission_id, st.event_team_id, st.submitted_at, st.is_ranked, _S.is_final,
            number.label("number"),
        )
        .join(_S, _S.id == st.submission_id)
        .where(*_on_board(wanted), st.key < float("inf"))
        .subquery()
    )  # fmt: skip
    score, c = SubmissionScore, numbered.c
    rows = session.execute(
        select(
            c.submission_id, c.event_team_id, c.submitted_at, c.is_ranked, c.is_final,
            EventTeam.section, score.public, score.private,
        )
        .join(EventTeam, EventTeam.id == c.event_team_id)
        .join(
            score,
            and_(score.submission_id == c.submission_id, score.event_score_type_id == score_type),
        )
        .where((c.number <= n_final) | ~c.is_ranked)
    )  # fmt: skip
    return [Entry._make(row) for row in rows]


class OwnLine(NamedTuple):
    """A team's first line of a board, or, after it, others of the same band."""

    id: int
    hash_: str
    name: str
    team: str
    score: float | None
    is_own: bool
    is_ranked: bool
    tie_group: int | None
    gap: float | None
    n_own: int
    n_band: int
    #: How many stand above, and how many lines do.
    n_above: int
    n_before: int


def own(session: Session, wanted: Wanted, event_team_id: int, n_others: int) -> list[OwnLine]:
    """List a team's first line and some of its band; empty if it has none."""
    st, other = _PLACE, aliased(Standing)
    meant = _on_board(wanted)
    if wanted.only is not None:
        meant.append(st.submission_id.in_(wanted.only))
    mine = (
        select(st.submission_id, st.key, st.submitted_at, st.tie_group)
        .where(*meant, st.event_team_id == event_team_id)
        .order_by(st.key, st.submitted_at, st.submission_id)
    )
    best = mine.limit(1).cte("best")

    def number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        question = select(func.count()).select_from(st).where(*meant, *conditions)
        return question.correlate(None).scalar_subquery()

    def of_best(column: Any) -> ColumnElement[Any]:
        return select(column).correlate(None).scalar_subquery()

    is_band = (st.tie_group == of_best(best.c.tie_group)) & (st.event_team_id != event_team_id)
    score = SubmissionScore
    is_own = other.event_team_id == event_team_id
    chosen = select(st.submission_id).where(*meant, st.rank_low.is_not(None), is_band)
    # The sum keeps SQLite from walking along the whole board for the sake of the order.
    chosen = chosen.order_by(st.key + 0, st.submitted_at).limit(n_others)
    rows = session.execute(
        select(
            _S.id, _S.hash_, _S.name, Team.name,
            score.private if wanted.board == "private" else score.public,
            is_own, other.is_ranked, other.tie_group, other.gap,
            number(st.event_team_id == event_team_id),
            number(st.rank_low.is_not(None), is_band),
            number(st.is_ranked.is_(True), st.key < of_best(best.c.key)),
            number(
                (st.key < of_best(best.c.key))
                | (st.key == of_best(best.c.key)) & (st.submitted_at < of_best(best.c.submitted_at))
            ),
        )
        .join(other, and_(other.submission_id == _S.id, other.board == wanted.board))
        .join(EventTeam, EventTeam.id == _S.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .outerjoin(
            score,
            and_(
                score.submission_id == _S.id, score.event_score_type_id == wanted.score_types[0][0]
            ),
        )
        .where(_S.id.in_(select(best.c.submission_id)) | _S.id.in_(select(chosen.subquery().c[0])))
        .order_by(is_own.desc(), other.key, other.submitted_at)
    )  # fmt: skip
    found = [OwnLine._make(row) for row in rows]
    return found if found and found[0].is_own else []


def _on_board(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [_PLACE.event_id == wanted.event_id, _PLACE.board == wanted.board]
    if wanted.before is not None:
        found.append(_PLACE.submitted_at < wanted.before)
    return found


def _tries(wanted: Wanted) -> Subquery:
    return (
        select(_S.event_team_id, func.count().label("number"))
        .join(EventTeam, EventTeam.id == _S.event_team_id)
        .where(EventTeam.event_id == wanted.event_id)
        .group_by(_S.event_team_id)
        .subquery("tries")
    )


def records(session: Session, wanted: Wanted) -> list[int]:
    """List the submissions that were the best so far when they came, as far as scores are shown."""
    st = _PLACE
    before = func.min(st.key).over(order_by=(st.submitted_at, st.submission_id), rows=(None, -1))
    lines = (
        select(st.submission_id, st.key, before.label("before"))
        .where(*_on_board(wanted), st.key < float("inf"))
        .subquery()
    )
    question = select(lines.c.submission_id).where(
        lines.c.before.is_(None) | (lines.c.key < lines.c.before)
    )
    return list(session.scalars(question))


class Stood(NamedTuple):
    """Where a team stood among the teams before a submission and with it."""

    before: int | None
    after: int
    n_teams: int


def stood(session: Session, wanted: Wanted, submission_id: int) -> Stood | None:
    """Tell how a team stood when a submission came; None if that takes no rank."""
    st = _PLACE
    this = session.execute(
        select(st.event_team_id, st.key, st.submitted_at).where(
            *_on_board(wanted), st.submission_id == submission_id, st.is_ranked
        )
    ).one_or_none()
    if this is None:
        return None
    best = session.execute(
        select(st.event_team_id, func.min(st.key)).where(
            *_on_board(wanted),
            st.is_ranked,
            st.submitted_at <= this.submitted_at,
            st.submission_id != submission_id,
        ).group_by(st.event_team_id)
    ).all()  # fmt: skip
    own = next((key for team, key in best if team == this.event_team_id), None)
    others = [key for team, key in best if team != this.event_team_id]
    after = this.key if own is None else min(own, this.key)
    return Stood(
        None if own is None else 1 + sum(key < own for key in others),
        1 + sum(key < after for key in others),
        len(others) + 1,
    )


# ---- which lines ---------------------------------------------------------------------------------


def _chosen(wanted: Wanted) -> Select[Any]:
    """Choose lines: their submissions in any order."""
    if wanted.is_plain:
        return select(_PLACE.submission_id).where(*_on_board(wanted))
    if wanted.is_scored:
        question = select(_S.id).join(_PLACE, _PLACE.submission_id == _S.id)
        question = question.where(*_on_board(wanted))
    else:
        question = select(_S.id).where(
            _S.event_id == wanted.event_id,
            _S.state.in_(wanted.states),
            _S.withdrawn_at.is_(None),
        )
        question = question.outerjoin(_PLACE, and_(_PLACE.submission_id == _S.id, _none()))
    if not wanted.is_whole or wanted.order == "team":
        question = question.join(EventTeam, EventTeam.id == _S.event_team_id)
        question = question.join(Team, Team.id == EventTeam.team_id)
    if wanted.only is not None:
        question = question.where(_S.id.in_(wanted.only))
    if wanted.section:
        question = question.where(EventTeam.section == wanted.section)
    if wanted.team:
        question = question.where(Team.name == wanted.team)
    for word in wanted.words:
        found = func.lower(_S.name).contains(word, autoescape=True)
        if wanted.has_names:
            found |= func.lower(Team.name).contains(word, autoescape=True)
        question = question.where(found)
    return question


def _none() -> ColumnElement[bool]:
    return _PLACE.board == ""


def _order(wanted: Wanted, question: Select[Any]) -> tuple[Select[Any], list[tuple[Any, bool]]]:
    """Say by what lines are ordered, and whether downwards; what has no value comes last."""
    found: list[tuple[Any, bool]] = []
    value: Any = None
    if wanted.values is not None:
        value = case(wanted.values, value=_S.id, else_=null()) if wanted.values else null()
    elif wanted.order == "tries":
        tries = _tries(wanted)
        question = question.join(tries, tries.c.event_team_id == _S.event_team_id)
        value = tries.c.number
    elif wanted.order.startswith(SCORE):
        names = {name: key for key, name in wanted.score_types}
        score = aliased(SubmissionScore)
        is_it = score.event_score_type_id == names[wanted.order.removeprefix(SCORE)]
        question = question.outerjoin(score, and_(score.submission_id == _S.id, is_it))
        value = score.private if wanted.board == "private" else score.public
    elif wanted.order == "submitted" and wanted.is_scored:
        value = _PLACE.submitted_at
    elif wanted.order:
        value = ORDERS[wanted.order]
    if value is not None:
        found = [(value.is_(None), False), (value, wanted.is_descending)]
    is_turned = wanted.is_descending and value is None
    if wanted.is_scored:
        rest, is_down = [_PLACE.key, _PLACE.submitted_at, _PLACE.submission_id], is_turned
    else:
        rest, is_down = [_S.submitted_at, _S.id], not is_turned
    return question, found + [(column, is_down) for column in rest]


def _lines(wanted: Wanted) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Put the columns of a page's lines together, and say their order."""
    question, order = _order(wanted, _chosen(wanted))
    by = [column.desc() if is_down else column for column, is_down in order]
    question = question.add_columns(
        *(column.label(f"order{i}") for i, (column, _) in enumerate(order))
    )
    if wanted.limit is not None:
        question = question.order_by(*by).limit(wanted.limit)
        question = question.offset(bindparam("offset", type_=Integer))
    picked = question.subquery("picked")
    s, st, other = _S, _PLACE, aliased(Submission)
    # For some lines each team's are counted, for all of them all teams' at once.
    tries, all_tries = None, _tries(wanted)
    if wanted.limit is not None and not wanted.is_table:
        tries = _once_a_team(
            select(func.count()).where(other.event_team_id == EventTeam.id).scalar_subquery()
        )
    columns = [
        s.id, s.hash_, s.name, s.event_team_id, EventTeam.team_id, Team.name, s.submitted_at,
        s.state, s.fault, s.message, s.train_s, s.valid_s, s.test_s, s.peak_mb, s.contributivity,
        s.historical_contributivity, s.is_baseline, s.is_late, s.disqualification,
        EventTeam.disqualified_at, all_tries.c.number if tries is None else tries,
        s.is_final, s.is_starred, EventTeam.section,
        st.key, st.is_ranked, st.rank_low, st.rank_high, st.tie_group, st.p_best, st.gap,
        st.p_win, st.p_podium, st.delta, st.delta_low, st.delta_high, st.verdict,
        _once_a_team(_trend(wanted)),
    ]  # fmt: skip
    scores = [aliased(SubmissionScore) for _ in wanted.score_types]
    is_private = wanted.board == "private"
    for score in scores:
        columns += (
            [score.private, score.test_std] if is_private else [score.public, score.valid_std]
        )
    lines = (
        select(*columns)
        .select_from(picked)
        .join(s, s.id == picked.c[0])
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .outerjoin(st, and_(st.submission_id == s.id, st.board == wanted.board))
    )
    if tries is None:
        lines = lines.join(all_tries, all_tries.c.event_team_id == s.event_team_id)
    for score, (key, _) in zip(scores, wanted.score_types, strict=True):
        is_it = and_(score.submission_id == s.id, score.event_score_type_id == key)
        lines = lines.outerjoin(score, is_it)
    outside = [picked.c[f"order{i}"] for i in range(len(order))]
    return lines, [c.desc() if down else c for c, (_, down) in zip(outside, order, strict=True)]


def _once_a_team(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Ask for what all lines of a team have in common at one of them; `page` tells the others."""
    number = func.row_number().over(partition_by=_S.event_team_id)
    return case((number == 1, value))


def _trend(wanted: Wanted) -> ColumnElement[Any]:
    """Ask for the last keys of a line's team, along the index, in one value."""
    if not wanted.is_page:
        return null()
    of_team = aliased(Standing)
    meant = [
        of_team.event_team_id == _S.event_team_id,
        of_team.board == wanted.board,
        of_team.key < float("inf"),
    ]
    if wanted.before is not None:
        meant.append(of_team.submitted_at < wanted.before)
    last = (
        select(of_team.submission_id, of_team.key)
        .where(*meant)
        .order_by(of_team.submitted_at.desc())
        .limit(N_TREND)
        .correlate(_S)
        .subquery()
    )
    pair = cast(last.c.submission_id, String).concat(":").concat(cast(last.c.key, String))
    return select(func.aggregate_strings(pair, " ")).select_from(last).scalar_subquery()


# ---- what is true of all -------------------------------------------------------------------------


def _facts(wanted: Wanted) -> list[ColumnElement[Any]]:
    """Ask what is true of all lines: one value each, whatever they stand beside."""
    st = _PLACE
    known = select(st.submission_id).where(
        st.event_id == wanted.event_id, st.board == wanted.board, st.rank_low.is_not(None)
    )

    def some(question: Select[Any]) -> ColumnElement[bool]:
        return question.correlate(None).exists()

    sections = (
        select(EventTeam.section)
        .where(EventTeam.event_id == wanted.event_id, EventTeam.section != "")
        .distinct()
        .order_by(EventTeam.section)
        .subquery()
    )
    counted = _counted(wanted)
    if wanted.is_whole:
        n_lines = select(counted.c.n_lines)
    else:
        n_lines = select(func.count()).select_from(_chosen(wanted).subquery())
    if not wanted.is_scored:
        n_ranked: Select[Any] = select(null())
    elif wanted.section:
        n_ranked = select(func.count()).select_from(st).where(*_ranked(wanted))
    else:
        n_ranked = select(counted.c.n_ranked)
    return [
        n_lines.scalar_subquery(),
        n_ranked.scalar_subquery(),
        some(known),
        some(known.where(st.delta.is_not(None))),
        some(known.where(st.p_win.is_not(None))),
        select(func.aggregate_strings(sections.c.section, "\n")).scalar_subquery(),
        *_scale(wanted, counted),
    ]


def _counted(wanted: Wanted) -> CTE:
    """Count the lines of the whole board and those that take a rank, once for all who ask."""
    ranked = func.count().filter(_PLACE.is_ranked.is_(True))
    return (
        select(func.count().label("n_lines"), ranked.label("n_ranked"))
        .where(*_on_board(wanted))
        .cte("counted")
    )


def _scale(wanted: Wanted, counted: CTE) -> list[ColumnElement[Any]]:
    """Ask for the best, the middle and the worst key of what takes a rank."""
    if not wanted.is_page:
        return [null(), null(), null()]
    key = _PLACE.key
    ranked = select(key).where(*_on_board(wanted), _PLACE.is_ranked.is_(True)).correlate(None)
    half = select(counted.c.n_ranked // 2).scalar_subquery()
    return [
        ranked.order_by(key).limit(1).scalar_subquery(),
        ranked.order_by(key).limit(1).offset(half).scalar_subquery(),
        ranked.order_by(key.desc()).limit(1).scalar_subquery(),
    ]

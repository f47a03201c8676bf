"""What a board lists for a choice of order, words and page; kept in memory by version."""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import io
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

from flask import current_app, render_template
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from databoard.services import leaderboards
from databoard.services.leaderboards import Board, Row
from databoard.store.models import Event
from databoard.web.extensions import db

Value = TypeVar("Value")

PAGE = 100
MAX_BOARDS = 8
MAX_BODIES = 256
MAX_SEARCH = 100
GZIP_LEVEL = 6
MEMORIES = "databoard.boards"
SCORE = "score:"
#: What a board may be ordered by, besides its scores; nothing else is (threats W11).
ORDERS: dict[str, Callable[[Row], Any]] = {
    "team": lambda row: row.team.lower(),
    "submission": lambda row: row.submission.lower(),
    "submitted": lambda row: row.submitted_at.timestamp(),
    "tries": lambda row: row.n_tries,
    "train": lambda row: row.train_s,
    "test": lambda row: row.test_s if row.test_s is not None else row.valid_s,
    "memory": lambda row: row.peak_mb,
    "contributivity": lambda row: row.contributivity,
    "historical": lambda row: row.historical_contributivity,
    "best": lambda row: row.place.p_best if row.place else None,
    "win": lambda row: row.place.p_win if row.place else None,
    "podium": lambda row: row.place.p_podium if row.place else None,
    "delta": lambda row: row.place.delta if row.place else None,
    "change": lambda row: row.gain,
}
#: What would tell what a ladder holds back.
HELD_BACK = ("contributivity", "historical")


@dataclass(frozen=True)
class Right:
    """What a visitor may see of a board: all of the same right share one body."""

    names: bool
    organiser: bool
    spreads: bool


@dataclass(frozen=True)
class Choice:
    """What the visitor asked for: order, direction, words and page."""

    order: str = ""
    is_descending: bool = False
    words: str = ""
    page: int = 1
    section: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Choice:
        """Read it from the arguments of an address."""
        page = arguments.get("page", "1")
        return cls(
            arguments.get("sort", ""),
            arguments.get("order", "") == "desc",
            arguments.get("q", "").strip()[:MAX_SEARCH].lower(),
            int(page) if page.isdecimal() and len(page) < 9 else 1,
            arguments.get("section", "").strip()[:80],
        )

    def arguments(self) -> dict[str, str]:
        """Write it into an address again, without the page."""
        found = {
            "sort": self.order,
            "order": "desc" if self.is_descending else "",
            "q": self.words,
            "section": self.section,
        }
        return {name: text for name, text in found.items() if text}


@dataclass(frozen=True)
class Listing:
    """A page of a board, in its order."""

    source: Board
    rows: tuple[Row, ...]
    n_rows: int
    page: int

    @property
    def version(self) -> int:
        """Version of the event that it was read at."""
        return self.source.version

    @property
    def n_ranked(self) -> int:
        """How many rows of the whole board take a rank."""
        return sum(row.rank is not None for row in self.source.rows)

    @property
    def has(self) -> frozenset[str]:
        """Name the optional columns that the board has something for."""
        places = [row.place for row in self.source.rows if row.place is not None]
        found = {
            "place": bool(places),
            "delta": any(place.delta is not None for place in places),
            "forecast": any(place.p_win is not None for place in places),
            "change": any(row.gain is not None for row in self.source.rows),
        }
        return frozenset(name for name, is_there in found.items() if is_there)

    @property
    def sections(self) -> list[str]:
        """List the sections of the teams on the board."""
        return sorted({row.section for row in self.source.rows} - {""})

    @property
    def n_pages(self) -> int:
        """How many pages there are."""
        return max(1, math.ceil(self.n_rows / PAGE))

    @property
    def has_scores(self) -> bool:
        """Whether its rows have scores and ranks."""
        return self.source.board not in ("failed", "new")


class _Memory(Generic[Value]):
    """The last values by their keys."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> Value | None:
        """Find a value that is still remembered."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        value = self.find(key)
        if value is not None:
            return value
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.size:
                self._values.popitem(last=False)
        return value


@dataclass(frozen=True)
class Body:
    """The rows of a page as they are sent: plain, and compressed for browsers that take it."""

    text: Markup
    plain: bytes
    compressed: bytes

    @classmethod
    def of(cls, text: str) -> Body:
        """Compress once what will be sent often."""
        plain = text.encode()
        # Our own template's text.
        return cls(Markup(text), plain, gzip.compress(plain, GZIP_LEVEL, mtime=0))  # noqa: S704


class Memories:
    """What one application remembers of its boards."""

    def __init__(self) -> None:
        self.boards: _Memory[Board] = _Memory(MAX_BOARDS)
        self.bodies: _Memory[Body] = _Memory(MAX_BODIES)


def _memories() -> Memories:
    found: Memories = current_app.extensions.setdefault(MEMORIES, Memories())
    return found


def get(event: Event, board: str, right: Right, choice: Choice, *, now: datetime) -> Listing:
    """List a page of a board.

    Raises
    ------
    BadRequest
        If it cannot be ordered as asked.
    """
    is_frozen = leaderboards.is_frozen(event, now) and not right.organiser
    key = (event.id, event.version, board, is_frozen)
    source = _memories().boards.get(
        key,
        lambda: leaderboards.build(db.session(), event, board, now=now, sees_all=not is_frozen),
    )
    rows = _found(_of_section(source.rows, choice.section), choice.words, right)
    if right.spreads or choice.order not in HELD_BACK:
        rows = _ordered(rows, choice, source)
    n_pages = max(1, math.ceil(len(rows) / PAGE))
    page = min(max(1, choice.page), n_pages)
    return Listing(source, tuple(rows[PAGE * (page - 1) : PAGE * page]), len(rows), page)


def _of_section(rows: tuple[Row, ...], section: str) -> tuple[Row, ...]:
    """Cut a section out of a board, with ranks of its own."""
    if not section:
        return rows
    inside = [row for row in rows if row.section == section]
    ranks = sorted(row.rank for row in inside if row.rank is not None)
    place = {rank: i + 1 for i, rank in reversed(list(enumerate(ranks)))}
    # Intervals are of the whole board.
    return tuple(
        replace(row, rank=place[row.rank] if row.rank is not None else None, place=None)
        for row in inside
    )


def _found(rows: tuple[Row, ...], words: str, right: Right) -> list[Row]:
    wanted = words.split()
    if not wanted:
        return list(rows)
    return [row for row in rows if all(word in _text(row, right) for word in wanted)]


def _text(row: Row, right: Right) -> str:
    return (f"{row.team} {row.submission}" if right.names else row.submission).lower()


def _ordered(rows: list[Row], choice: Choice, source: Board) -> list[Row]:
    """Order rows; what has no value comes last whichever way."""
    if not choice.order or choice.order == "rank":
        return rows[::-1] if choice.is_descending else rows
    value = _value_of(choice.order, source)
    known = [row for row in rows if value(row) is not None]
    missing = [row for row in rows if value(row) is None]
    return sorted(known, key=value, reverse=choice.is_descending) + missing


def _value_of(order: str, source: Board) -> Callable[[Row], Any]:
    name = order.removeprefix(SCORE)
    if order.startswith(SCORE) and any(column.name == name for column in source.columns):
        return lambda row: row.scores.get(name)
    if order not in ORDERS:
        raise BadRequest("There is no such column to sort by.")
    return ORDERS[order]


def own_rows(shown: Listing, team_id: int | None) -> list[Row]:
    """List what the visitor's team has on the whole board, the best first."""
    if team_id is None:
        return []
    return [row for row in shown.source.rows if row.team_id == team_id]


def team_key(event_id: int, team_id: int) -> str:
    """Name a team in a body that all share, so that only the team itself knows its rows."""
    secret = current_app.config["SECRET_KEY"].encode()
    text = f"board:{event_id}:{team_id}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:12]


def body(event: Event, right: Right, shown: Listing, choice: Choice) -> Body:
    """Render the rows of a page, once for all who may see the same."""
    is_frozen = shown.source.frozen_at is not None
    key = (event.id, shown.version, shown.source.board, is_frozen, right)
    return _memories().bodies.get(
        (*key, replace(choice, page=shown.page)),
        lambda: Body.of(_render(event, right, shown, choice)),
    )


def _render(event: Event, right: Right, shown: Listing, choice: Choice) -> str:
    return render_template(
        "leaderboards/_rows.html",
        event=event,
        shown=shown,
        right=right,
        choice=choice,
        keys=[team_key(event.id, row.team_id) for row in shown.rows],
    )


# ---- as a table for programs ---------------------------------------------------------------------


def as_csv(shown: Listing, right: Right) -> str:
    """Write a whole board as comma-separated values, at full precision."""
    names = [column.name for column in shown.source.columns] if shown.has_scores else []
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["rank", "team", "submission", *map(_harmless, names), "submitted", "state"])
    for row in shown.source.rows:
        writer.writerow(
            [
                row.rank or "",
                _harmless(row.team) if right.names else "",
                _harmless(row.submission),
                *(row.scores.get(name, "") for name in names),
                row.submitted_at.isoformat(),
                row.state,
            ]
        )
    return output.getvalue()


def _harmless(text: str) -> str:
    """Keep spreadsheets from taking a name for a formula (threats W12)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

"""Pages of boards for a choice of order, words and page; kept in memory by version."""

from __future__ import annotations

import csv
import gzip
import hmac
import io
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from flask import current_app, render_template
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from databoard.services import leaderboards
from databoard.services.leaderboards import Board, Own
from databoard.store.models import Event
from databoard.web import language
from databoard.web.extensions import db
from databoard.web.language import gettext
from databoard.web.leaderboards import columns
from databoard.web.leaderboards.sparks import spark

Value = TypeVar("Value")

PAGE = 100
MAX_RECENT = 8
MAX_PAGES = 64
MAX_BODIES = 256
MAX_OWN = 2000
MAX_SEARCH = 100
GZIP_LEVEL = 5  # of what 6 gains, nearly all for three quarters of the time
MEMORIES = "databoard.boards"
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
    """What the visitor asked for: which lines, in which order, and what is shown of them."""

    order: str = ""
    is_descending: bool = False
    words: str = ""
    page: int = 1
    section: str = ""
    team: str = ""
    columns: frozenset[str] = columns.DEFAULT

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Choice:
        """Read it from the arguments of an address."""
        page = arguments.get("page", "1")
        many = arguments.getlist("columns") if isinstance(arguments, MultiDict) else None
        return cls(
            arguments.get("sort", ""),
            arguments.get("order", "") == "desc",
            arguments.get("q", "").strip()[:MAX_SEARCH].lower(),
            int(page) if page.isdecimal() and len(page) < 9 else 1,
            arguments.get("section", "").strip()[:80],
            arguments.get("team", "").strip()[:MAX_SEARCH],
            columns.read([arguments.get("columns", "")] if many is None else many),
        )

    def of_board(self, right: Right) -> leaderboards.Choice:
        """Say it in the words of the service."""
        return leaderboards.Choice(
            self.order,
            self.is_descending,
            tuple(self.words.split()),
            self.section,
            self.team,
            self.page,
            PAGE,
            has_names=right.names,
        )

    @property
    def is_usual(self) -> bool:
        """Whether these are the lines of the whole board from its top, by rank."""
        asked = self.words or self.section or self.team or self.is_descending
        return self.page == 1 and self.order in ("", "rank") and not asked

    def arguments(self) -> dict[str, str]:
        """Write it into an address again, without the page."""
        found = {
            "sort": self.order,
            "order": "desc" if self.is_descending else "",
            "q": self.words,
            "section": self.section,
            "team": self.team,
            "columns": columns.write(self.columns),
        }
        return {name: text for name, text in found.items() if text}


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
    #: Of the page on which they fit.
    heads: str

    @classmethod
    def of(cls, text: str, heads: str) -> Body:
        """Compress once what will be sent often."""
        plain = text.encode()
        compressed = gzip.compress(plain, GZIP_LEVEL, mtime=0)
        # Our own template's text.
        return cls(Markup(text), plain, compressed, heads)  # noqa: S704


class Memories:
    """What one application remembers of its boards."""

    def __init__(self) -> None:
        self.recent: _Memory[Board] = _Memory(MAX_RECENT)
        self.pages: _Memory[Board] = _Memory(MAX_PAGES)
        self.bodies: _Memory[Body] = _Memory(MAX_BODIES)
        self.own: _Memory[tuple[Own | None]] = _Memory(MAX_OWN)


def _memories() -> Memories:
    found: Memories = current_app.extensions.setdefault(MEMORIES, Memories())
    return found


def body_key(
    event_id: int, version: int, board: str, right: Right, choice: Choice, *, is_frozen: bool
) -> Hashable:
    """Name the rows that all see who have this right and chose this."""
    return (event_id, version, board, is_frozen, right, choice)


def token(version: int, *, is_frozen: bool) -> str:
    """Name a version of a board as pages know it: a freeze comes and goes without a new one."""
    return f"{version}f" if is_frozen else str(version)


def heads(shown: Board) -> str:
    """Name what the columns of a board follow from, beside what was chosen."""
    return ".".join(sorted({*shown.has, "frozen"} if shown.frozen_at else shown.has))


def whole(event: Event, board: str, right: Right, *, now: datetime) -> Iterator[Board]:
    """Read a whole board, some lines at a time; it is not kept."""
    is_frozen = leaderboards.is_frozen(event, now) and not right.organiser
    return leaderboards.portions(db.engine, event.id, board, now=now, sees_all=not is_frozen)


def recent(event: Event, right: Right, n: int, *, now: datetime) -> Board:
    """Give the public board's last so many lines, and of older ones those that were the best."""
    is_frozen = leaderboards.is_frozen(event, now) and not right.organiser
    version = leaderboards.version_of(event, "public")
    return _memories().recent.get(
        (event.id, version, n, is_frozen),
        lambda: leaderboards.recent(db.session(), event, now=now, sees_all=not is_frozen, n=n),
    )


def get(event: Event, board: str, right: Right, choice: Choice, *, now: datetime) -> Board:
    """Give a page of a board.

    Raises
    ------
    BadRequest
        If it cannot be ordered as asked.
    """
    if choice.order not in ("", "rank") and choice.order not in leaderboards.orders(event, board):
        raise BadRequest(gettext("There is no such column to sort by."))
    is_held_back = choice.order in HELD_BACK and not right.spreads
    if is_held_back or (choice.order == "team" and not right.names):  # an order tells names, too
        choice = replace(choice, order="")
    choice = replace(choice, columns=columns.DEFAULT)  # the same lines, whatever is shown of them
    is_frozen = leaderboards.is_frozen(event, now) and not right.organiser
    version = leaderboards.version_of(event, board)
    return _memories().pages.get(
        body_key(event.id, version, board, right, choice, is_frozen=is_frozen),
        lambda: leaderboards.build(
            db.session(),
            event,
            board,
            now=now,
            sees_all=not is_frozen,
            choice=choice.of_board(right),
        ),
    )


def own(event: Event, shown: Board, event_team_id: int) -> Own | None:
    """Give what a team has on a board."""
    key = (event.id, shown.version, shown.board, shown.frozen_at, event_team_id)
    return _memories().own.get(
        key, lambda: (leaderboards.own(db.session(), event, shown, event_team_id),)
    )[0]


def team_key(event_id: int, team_id: int) -> str:
    """Name a team in a body that all share, so that only the team itself knows its rows."""
    secret = current_app.config["SECRET_KEY"].encode()
    text = f"board:{event_id}:{team_id}".encode()
    return hmac.digest(secret, text, "sha256").hex()[:12]


def body(event: Event, right: Right, shown: Board, choice: Choice) -> Body:
    """Render the rows of a page, once for all who may see the same."""
    choice = replace(choice, page=shown.page)
    is_frozen = shown.frozen_at is not None
    key = body_key(event.id, shown.version, shown.board, right, choice, is_frozen=is_frozen)
    return _memories().bodies.get(
        (language.chosen(), key),
        lambda: Body.of(_render(event, right, shown, choice), heads(shown)),
    )


def _render(event: Event, right: Right, shown: Board, choice: Choice) -> str:
    return render_template(
        "leaderboards/_rows.html",
        event=event,
        shown=shown,
        right=right,
        choice=choice,
        lines=[
            (row, team_key(event.id, row.team_id), spark(row.trend, shown.official))
            for row in shown.rows
        ],
    )


# ---- as a table for programs ---------------------------------------------------------------------


def as_csv(portions: Iterable[Board], right: Right) -> Iterator[str]:
    """Write a whole board as comma-separated values, at full precision."""
    for shown in portions:
        names = [column.name for column in shown.columns] if shown.has_scores else []
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        if shown.page == 1:
            titles = ["rank", "team", "submission", *map(_harmless, names), "submitted", "state"]
            writer.writerow(titles)
        for row in shown.rows:
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
        yield output.getvalue()


def as_json(portions: Iterable[Board], right: Right) -> Iterator[str]:
    """Write a whole board as one object of JSON, at full precision."""
    for shown in portions:
        rows = [
            {
                "rank": row.rank,
                "team": row.team if right.names else None,
                "submission": row.submission,
                "hash": row.hash_,
                "scores": row.scores if shown.has_scores else {},
                "submitted_at": row.submitted_at.isoformat(),
                "state": row.state,
            }
            for row in shown.rows
        ]
        if shown.page == 1:
            head = {"event": shown.event, "board": shown.board, "version": shown.version}
            yield f'{json.dumps(head)[:-1]}, "rows": ['
        text = ", ".join(json.dumps(row) for row in rows)
        yield f", {text}" if shown.page > 1 else text
    yield "]}\n"


def _harmless(text: str) -> str:
    """Keep spreadsheets from taking a name for a formula (threats W12)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

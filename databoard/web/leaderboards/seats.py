"""Seats at a board: who was let in a moment ago asks for news at no cost.

Every open page asks every few seconds, a hall full of them hundreds of times a second. So who was
let in keeps a seat for some seconds, and news for seats come out of memory before Flask is asked:
an empty 204, or rows that were rendered and compressed for somebody with the same right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from databoard.store.models import Event
from databoard.web import language, polling
from databoard.web.leaderboards import listing
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.listing import Body, Choice, Memories, Right

SEAT_S = 5.0
MAX_SEATS = 5000

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Seat:
    """A visitor who was let in to a board a moment ago."""

    event_id: int
    right: Right
    is_frozen: bool
    until: float


def _seats(app: Flask) -> dict[Key, Seat]:
    found: dict[Key, Seat] = app.extensions.setdefault("databoard.seats", {})
    return found


def cookie() -> str:
    """Read the whole signed cookie: who sends the same one is who was let in with it."""
    return request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")


def find(signed: str, event: str, board: str, app: Flask | None = None) -> Seat | None:
    """Find the seat of a visitor, while it is kept."""
    seat = _seats(app or current_app).get((signed, event, board)) if signed else None
    return seat if seat is not None and seat.until > time.monotonic() else None


def version_of(versions: tuple[int, int], board: str) -> int:
    """Choose of the versions of an event and of its boards that of this board."""
    return versions[0] if board in ("failed", "new") else versions[1]


def take(event: Event, board: str, right: Right, *, is_frozen: bool) -> None:
    """Keep a seat for the visitor, who was just let in."""
    signed, seats = cookie(), _seats(current_app)
    if not signed:
        return
    if len(seats) >= MAX_SEATS:
        seats.clear()
    until = time.monotonic() + SEAT_S
    seats[signed, event.name, board] = Seat(event.id, right, is_frozen, until)


# ---- before Flask --------------------------------------------------------------------------------


class News:
    """Answers seats out of memory, sends everything else to the application."""

    def __init__(self, app: Flask) -> None:
        self.app, self.next = app, app.wsgi_app
        self.cookie_name = f"{app.config['SESSION_COOKIE_NAME']}="

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve a request."""
        parts = environ["PATH_INFO"].split("/")
        # /events/<event>/leaderboard/<board>/rows
        if len(parts) == 6 and parts[5] == "rows" and environ["REQUEST_METHOD"] == "GET":
            seat = find(self._cookie(environ), parts[2], parts[4], self.app)
            versions = polling.known_versions(seat.event_id) if seat is not None else None
            is_board = (parts[1], parts[3]) == ("events", "leaderboard")
            if seat is not None and versions is not None and is_board:
                version = version_of(versions, parts[4])
                answer = self._answer(environ, seat, parts[4], version)
                if answer is not None:
                    status, headers, body = answer
                    token = listing.token(version, is_frozen=seat.is_frozen)
                    start_response(status, [*headers, (polling.VERSION_HEADER, token)])
                    return [body]
        return self.next(environ, start_response)

    def _cookie(self, environ: dict[str, Any]) -> str:
        for part in environ.get("HTTP_COOKIE", "").split("; "):
            if part.startswith(self.cookie_name):
                return str(part[len(self.cookie_name) :])
        return ""

    def _answer(
        self, environ: dict[str, Any], seat: Seat, board: str, version: int
    ) -> tuple[str, list[tuple[str, str]], bytes] | None:
        arguments = MultiDict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        if arguments.get("v") == listing.token(version, is_frozen=seat.is_frozen):
            return "204 NO CONTENT", [("Cache-Control", "no-store")], b""
        memories: Memories | None = self.app.extensions.get(listing.MEMORIES)
        choice = Choice.of(arguments)
        if choice.team and not seat.right.names:
            return None  # only a team itself may ask for its lines where names are hidden
        key = listing.body_key(
            seat.event_id, version, board, seat.right, choice, is_frozen=seat.is_frozen
        )
        key = (language.asked_in(Request(environ)), key)
        body: Body | None = memories.bodies.find(key) if memories is not None else None
        if body is None or "gzip" not in environ.get("HTTP_ACCEPT_ENCODING", ""):
            return None
        if arguments.get("heads", body.heads) != body.heads:
            return None  # the page is to be loaded again
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body.compressed))),
            ("Content-Encoding", "gzip"),
            ("Vary", "Accept-Encoding"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ]
        return "200 OK", headers, body.compressed


@bp.record_once
def _put_before(state: Any) -> None:
    state.app.wsgi_app = News(state.app)

"""Leaderboards: built once per version of the event, shown to all who may see the same."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.errors import ForbiddenError
from databoard.services.leaderboards import PRIVATE, Row
from databoard.store.models import Event
from databoard.web import event_pages, guards, polling
from databoard.web.downloads import download
from databoard.web.guards import Standing
from databoard.web.leaderboards import listing
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.listing import Choice, Listing, Right

BOARDS = "any(public, private, competition, private_competition, failed, new)"
TITLES = {
    "public": "Leaderboard",
    "private": "Private leaderboard",
    "competition": "Competition",
    "private_competition": "Final competition",
    "failed": "Failed",
    "new": "In progress",
}
SEAT_S = 5.0
MAX_SEATS = 5000


# ---- who may see which ---------------------------------------------------------------------------


def _right(event: Event, board: str) -> Right:
    """Tell what the visitor may see of a board.

    Raises
    ------
    ForbiddenError
    """
    place = guards.standing(event)
    if not event_pages.may_see_board(event, place):
        raise ForbiddenError("The leaderboard is for those who take part in the event.")
    if board in PRIVATE and not event_pages.may_see_private_scores(event, place.role):
        raise ForbiddenError("The private leaderboard opens when the event has closed.")
    if board in ("failed", "new") and not place.is_admin:
        raise ForbiddenError("This table is for the organisers of the event.")
    return Right(
        names=event_pages.may_see_all_names(event, place),
        organiser=place.is_admin,
        spreads=place.is_admin or not event.has_ladder,
    )


@dataclass(frozen=True)
class Seat:
    """A visitor who was let in to a board a moment ago, so that asking for news costs nothing."""

    event_id: int
    right: Right
    until: float


def _seats() -> dict[tuple[str, str, str], Seat]:
    found: dict[tuple[str, str, str], Seat]
    found = current_app.extensions.setdefault("databoard.seats", {})
    return found


def _seat_key(event: str, board: str) -> tuple[str, str, str] | None:
    # The whole signed cookie: who sends the same one is who was let in with it.
    cookie = request.cookies.get(current_app.config["SESSION_COOKIE_NAME"])
    return (cookie, event, board) if cookie else None


def _seated(event: str, board: str) -> Seat | None:
    key = _seat_key(event, board)
    seat = _seats().get(key) if key else None
    return seat if seat is not None and seat.until > time.monotonic() else None


def _take_seat(event: Event, board: str, right: Right) -> None:
    key = _seat_key(event.name, board)
    if key is None:
        return
    seats = _seats()
    if len(seats) >= MAX_SEATS:
        seats.clear()
    seats[key] = Seat(event.id, right, time.monotonic() + SEAT_S)


# ---- pages ---------------------------------------------------------------------------------------


@bp.get("/events/<event>/leaderboard")
@guards.approved_required
def public(event: str) -> ResponseReturnValue:
    """Show the public board."""
    return _page(event, "public")


@bp.get("/events/<event>/private_leaderboard")
@guards.approved_required
def private(event: str) -> ResponseReturnValue:
    """Show the board of the test scores."""
    return _page(event, "private")


@bp.get("/events/<event>/leaderboard/<any(competition, private_competition, failed, new):board>")
@guards.approved_required
def other(event: str, board: str) -> ResponseReturnValue:
    """Show the best of each team, what failed, or what is in progress."""
    return _page(event, board)


def _page(name: str, board: str) -> str:
    event = guards.load_event(name)
    right = _right(event, board)
    choice = Choice.of(request.args)
    shown = listing.get(event, board, right, choice, now=guards.now())
    place = guards.standing(event)
    own = listing.own_rows(shown, place.event_team.team_id if place.event_team else None)
    return render_template(
        "leaderboards/board.html",
        board=board,
        title=TITLES[board],
        boards=_boards(event, place),
        shown=shown,
        right=right,
        choice=choice,
        body=listing.body(event, right, shown, choice),
        own=own,
        band=_band(shown, own) if own else [],
        own_key=listing.team_key(event.id, own[0].team_id) if own else "",
        **event_pages.frame(event),
    )


def _band(shown: Listing, own: list[Row]) -> list[Row]:
    """List the submissions of others that cannot be told from the visitor's best."""
    place = own[0].place
    if place is None or own[0].rank is None:
        return []
    return [
        row
        for row in shown.source.rows
        if row.place is not None
        and row.place.tie_group == place.tie_group
        and row.team_id != own[0].team_id
    ]


def _boards(event: Event, place: Standing) -> list[tuple[str, str, int | None]]:
    """List the boards that the visitor may choose from."""
    names = ["public", "competition"]
    if event_pages.may_see_private_scores(event, place.role):
        names += PRIVATE
    if place.is_admin:
        names += ["failed", "new"]
    return [(TITLES[name], address(event, name), None) for name in names]


def address(event: Event, board: str) -> str:
    """Address of a board of an event."""
    if board in ("public", "private"):
        return url_for(f"leaderboards.{board}", event=event.name)
    return url_for("leaderboards.other", event=event.name, board=board)


# ---- news ----------------------------------------------------------------------------------------


@bp.get(f"/events/<event>/leaderboard/<{BOARDS}:board>/rows")
def rows(event: str, board: str) -> ResponseReturnValue:
    """Bring the rows of a board up to date."""
    seat = _seated(event, board)
    if seat is not None:
        version = polling.event_version(seat.event_id)
        if request.args.get("v") == str(version):
            return polling.fresh(version, str)
    return _fresh_rows(event, board)


@guards.approved_required
def _fresh_rows(name: str, board: str) -> Response:
    event = guards.load_event(name)
    right = _right(event, board)
    _take_seat(event, board, right)
    choice = Choice.of(request.args)
    shown = listing.get(event, board, right, choice, now=guards.now())
    return polling.fresh(shown.version, partial(listing.body, event, right, shown, choice))


# ---- downloads -----------------------------------------------------------------------------------


@bp.get(f"/events/<event>/leaderboard/<{BOARDS}:board>.csv")
@guards.approved_required
def table(event: str, board: str) -> Response:
    """Download a whole board as a table."""
    loaded = guards.load_event(event)
    right = _right(loaded, board)
    shown = listing.get(loaded, board, right, Choice(), now=guards.now())
    text = listing.as_csv(shown, right)
    return download(text.encode(), f"{loaded.name}_{board}.csv", mimetype="text/csv")

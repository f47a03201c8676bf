"""Leaderboards: built once per version of the event, shown to all who may see the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from databoard.errors import ForbiddenError
from databoard.services.analysis import MAX_BLENDED
from databoard.services.leaderboards import PRIVATE, Board
from databoard.services.standings import MAX_RANKED
from databoard.store.models import Event
from databoard.store.queries.leaderboards import N_TREND
from databoard.web import event_pages, guards, polling
from databoard.web.downloads import download
from databoard.web.guards import Standing
from databoard.web.language import gettext, lazy_gettext
from databoard.web.leaderboards import listing, seats
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.columns import OPTIONAL
from databoard.web.leaderboards.listing import Body, Choice, Right
from databoard.web.security import csp_nonce

#: Writes a board for programs, portion by portion.
Write = Callable[[Iterable[Board], Right], Iterator[str]]

BOARDS = "any(public, private, competition, private_competition, failed, new)"
TITLES = {
    "public": lazy_gettext("Leaderboard"),
    "private": lazy_gettext("Private leaderboard"),
    "competition": lazy_gettext("Competition"),
    "private_competition": lazy_gettext("Final competition"),
    "failed": lazy_gettext("Failed"),
    "new": lazy_gettext("In progress"),
}
# ---- who may see which ---------------------------------------------------------------------------


def _right(event: Event, board: str) -> Right:
    """Tell what the visitor may see of a board.

    Raises
    ------
    ForbiddenError
    """
    place = guards.standing(event)
    if not event_pages.may_see_board(event, place):
        raise ForbiddenError(gettext("The leaderboard is for those who take part in the event."))
    if board in PRIVATE and not event_pages.may_see_private_scores(event, place.role):
        raise ForbiddenError(gettext("The private leaderboard opens when the event has closed."))
    if board in ("failed", "new") and not place.is_admin:
        raise ForbiddenError(gettext("This table is for the organisers of the event."))
    return Right(
        names=event_pages.may_see_all_names(event, place),
        organiser=place.is_admin,
        spreads=place.is_admin or not event.has_ladder,
    )


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


def _page(name: str, board: str) -> Response:
    event = guards.load_event(name)
    right = _right(event, board)
    place = guards.standing(event)
    team = place.event_team
    choice = _choice(right, place)
    shown = listing.get(event, board, right, choice, now=guards.now())
    own = listing.own(event, shown, team.id) if team is not None and shown.has_scores else None

    def at(**changes: str | int) -> str:
        arguments = {**choice.arguments(), **changes}
        return address(event, board, **{name: one for name, one in arguments.items() if one})

    text = render_template(
        "leaderboards/board.html",
        board=board,
        title=TITLES[board],
        boards=_boards(event, place, choice),
        at=at,
        permalink=guards.settings().public_url + at(page=shown.page if shown.page > 1 else 0),
        optional_columns=OPTIONAL,
        max_ranked=MAX_RANKED,
        max_blended=MAX_BLENDED,
        shown=shown,
        right=right,
        choice=choice,
        body=listing.body(event, right, shown, choice).text,
        version=_token(shown),
        heads=listing.heads(shown),
        own=own,
        own_page=own.n_before // listing.PAGE + 1 if own is not None else 0,
        n_trend=N_TREND,
        team_name=team.team.name if team is not None else "",
        own_key=listing.team_key(event.id, team.team_id) if team is not None else "",
        **event_pages.frame(event),
    )
    return _unless_known(text)


def _unless_known(text: str) -> Response:
    """Send a page, or 304 to a browser that has the same one."""
    response = Response(text, mimetype="text/html")
    # A page that is the same but for token and nonce is the same page; the older ones stay valid.
    content = text.replace(generate_csrf(), "").replace(csp_nonce(), "")
    response.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32], weak=True)
    response.make_conditional(request)
    return response


def _choice(right: Right, place: Standing) -> Choice:
    """Read what is asked for; where names are hidden, of one team only by the team itself."""
    choice = Choice.of(request.args)
    own = place.event_team.team.name if place.event_team is not None else ""
    return choice if right.names or choice.team == own else replace(choice, team="")


def _boards(event: Event, place: Standing, choice: Choice) -> list[tuple[str, str, str]]:
    """List the boards that the visitor may choose from: name, title and address."""
    names = ["public", "competition"]
    if event_pages.may_see_private_scores(event, place.role):
        names += PRIVATE
    if place.is_admin:
        names += ["failed", "new"]
    kept = {key: text for key, text in choice.arguments().items() if key in ("team", "columns")}
    return [(name, TITLES[name], address(event, name, **kept)) for name in names]


def address(event: Event, board: str, **arguments: str | int) -> str:
    """Address of a board of an event."""
    if board in ("public", "private"):
        return url_for(f"leaderboards.{board}", event=event.name, **arguments)  # type: ignore[arg-type]
    return url_for("leaderboards.other", event=event.name, board=board, **arguments)  # type: ignore[arg-type]


# ---- news ----------------------------------------------------------------------------------------


@bp.get(f"/events/<event>/leaderboard/<{BOARDS}:board>/rows")
def rows(event: str, board: str) -> ResponseReturnValue:
    """Bring the rows of a board up to date."""
    seat = seats.find(seats.cookie(), event, board)
    if seat is not None:
        version = seats.version_of(polling.event_versions(seat.event_id), board)
        token = listing.token(version, is_frozen=seat.is_frozen)
        if request.args.get("v") == token:
            return polling.fresh(token, str)
    return _fresh_rows(event, board)


@guards.approved_required
def _fresh_rows(name: str, board: str) -> Response:
    event = guards.load_event(name)
    right = _right(event, board)
    choice = _choice(right, guards.standing(event))
    shown = listing.get(event, board, right, choice, now=guards.now())
    seats.take(event, board, right, is_frozen=shown.frozen_at is not None)
    token, heads = _token(shown), listing.heads(shown)
    if request.args.get("v") == token:
        return polling.fresh(token, str)
    if request.args.get("heads", heads) != heads:
        # A freeze has begun or ended, or the first analysis is done: the page has other columns.
        response = polling.fresh(token, str)
        response.headers["HX-Refresh"] = "true"
        return response
    return _sent(token, listing.body(event, right, shown, choice))


def _token(shown: Board) -> str:
    return listing.token(shown.version, is_frozen=shown.frozen_at is not None)


def _sent(version: str, body: Body) -> Response:
    """Send rows, compressed where the browser takes it."""
    if not request.accept_encodings.quality("gzip"):
        return polling.fresh(version, body.plain.decode)
    response = polling.fresh(version, str)
    response.set_data(body.compressed)
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


# ---- downloads -----------------------------------------------------------------------------------


@bp.get(f"/events/<event>/leaderboard/<{BOARDS}:board>.csv")
@guards.approved_required
def table(event: str, board: str) -> Response:
    """Download a whole board as a table."""
    loaded = guards.load_event(event)
    right = _right(loaded, board)
    return _streamed(loaded, board, right, listing.as_csv, "text/csv")


@bp.get(f"/events/<event>/leaderboard/<{BOARDS}:board>.json")
@guards.approved_required
def table_json(event: str, board: str) -> Response:
    """Give a whole board to programs, as its table for people has it."""
    loaded = guards.load_event(event)
    right = _right(loaded, board)
    return _streamed(loaded, board, right, listing.as_json, "application/json")


def _streamed(event: Event, board: str, right: Right, write: Write, mimetype: str) -> Response:
    """Send a whole board while it is read: however long it is, some lines are in memory."""
    text = write(listing.whole(event, board, right, now=guards.now()), right)
    # The first portion now: what goes wrong with it is told as of any page.
    found = chain([next(text)], text)
    name = f"{event.name}_{board}.{mimetype.rpartition('/')[2]}"
    return download((part.encode() for part in found), name, mimetype=mimetype)

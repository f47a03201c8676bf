"""What programs may read: the same as their user may on the pages."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, jsonify, request

from databoard.domain import access
from databoard.errors import ForbiddenError, InvalidError, NotFoundError
from databoard.services import leaderboards
from databoard.services.leaderboards import PORTION, Board, Choice
from databoard.store.models import Event
from databoard.store.queries import events as event_queries
from databoard.store.queries import problems as problem_queries
from databoard.store.queries import submissions as submission_queries
from databoard.web import event_pages, guards
from databoard.web.api import shapes
from databoard.web.api.blueprint import acting_user, bp
from databoard.web.downloads import download
from databoard.web.extensions import db


@bp.get("/user")
def user() -> Response:
    """Name the token's user."""
    found = acting_user()
    return jsonify(name=found.name, access_level=found.access_level)


@bp.get("/problems")
def problems() -> Response:
    """List the problems that have an event which the user may know of."""
    visible = {event.problem_id for event in _visible()}
    user = guards.visitor()
    return jsonify(
        problems=[
            shapes.problem_json(problem)
            for problem in problem_queries.all_problems(db.session())
            if problem.id in visible or (user is not None and user.is_admin)
        ]
    )


def _visible() -> list[Event]:
    return event_queries.visible(db.session(), guards.visitor())


@bp.get("/events")
def events() -> Response:
    """List the events that the user may know of."""
    return jsonify(events=[shapes.event_json(event) for event in _visible()])


@bp.get("/events/<event>")
def event(event: str) -> Response:
    """Describe an event."""
    return jsonify(shapes.event_json(guards.load_event(event)))


# ---- boards --------------------------------------------------------------------------------------


@bp.get("/events/<event>/leaderboard")
@bp.get("/events/<event>/leaderboard.json", endpoint="leaderboard_json")
def leaderboard(event: str) -> Response:
    """Give a board (``?board=public|private|competition|failed|new&page=1``), 1000 lines a page."""
    found, board = _board(event)
    standing = guards.standing(found)
    body = shapes.board_json(
        board,
        names=event_pages.may_see_names(found, standing.role),
        spreads=standing.is_admin or not found.has_ladder,
    )
    response = jsonify(body)
    response.set_etag(
        f"{board.board}-{board.version}-{board.page}-{standing.role}-{board.frozen_at}"
    )
    response.make_conditional(request)
    return _with_next(response, board)


@bp.get("/events/<event>/leaderboard.csv")
def leaderboard_csv(event: str) -> Response:
    """Give a board as comma-separated values, 1000 lines a page."""
    found, board = _board(event)
    names = event_pages.may_see_names(found, guards.standing(found).role)
    text = shapes.board_csv(board, names=names)
    response = download(text.encode(), f"{found.name}_{board.board}.csv", mimetype="text/csv")
    return _with_next(response, board)


def _with_next(response: Response, board: Board) -> Response:
    """Say where the next page is (RFC 8288)."""
    if board.page < board.n_pages:
        query = urlencode({**request.args.to_dict(), "page": board.page + 1})
        response.headers["Link"] = f'<{request.base_url}?{query}>; rel="next"'
    return response


def _board(name: str) -> tuple[Event, Board]:
    """Build a board that the user may see.

    Raises
    ------
    InvalidError, ForbiddenError
    """
    acting_user()
    event, board = guards.load_event(name), request.args.get("board", "public")
    standing = guards.standing(event)
    if board not in leaderboards.BOARDS:
        raise InvalidError(f"The board must be one of {', '.join(leaderboards.BOARDS)}.", "board")
    if not event_pages.may_see_board(event, standing):
        raise ForbiddenError("The leaderboard is for those who take part in the event.")
    sees_private = event_pages.may_see_private_scores(event, standing.role)
    if board in leaderboards.PRIVATE and not sees_private:
        raise ForbiddenError("The private leaderboard opens when the event has closed.")
    if board in ("failed", "new") and not standing.is_admin:
        raise ForbiddenError("This table is for the organisers of the event.")
    text = request.args.get("page", "1")
    page = int(text) if text.isdecimal() and len(text) < 9 else 0
    if page < 1:
        raise InvalidError("The page must be a number from 1.", "page")
    choice = Choice(page=page, size=PORTION, is_table=True)
    built = leaderboards.build(
        db.session(), event, board, now=guards.now(), sees_all=standing.is_admin, choice=choice
    )
    return event, built


# ---- submissions ---------------------------------------------------------------------------------


@bp.get("/submissions/<hash_>")
def submission(hash_: str) -> Response:
    """Describe a submission; before it is on the board only to its team and the organisers."""
    acting_user()
    found, role = guards.load_submission(hash_)
    is_on_board = leaderboards.is_shown(found, guards.now())
    full = submission_queries.full(db.session(), found.id)
    if full is None or not (is_on_board or role in access.OWNERS):
        raise NotFoundError("There is no such submission, or none that you may see.")
    return jsonify(shapes.submission_json(full, role))


@bp.get("/events/<event>/submissions")
def my_submissions(event: str) -> Response:
    """List what the user's team submitted, newest first."""
    acting_user()
    place = guards.standing(guards.load_event(event)).event_team
    rows = submission_queries.of_team(db.session(), place.id) if place is not None else []
    return jsonify(
        submissions=[
            {
                "hash": row.hash_,
                "name": row.name,
                "state": row.state,
                "submitted_at": shapes.moment(row.submitted_at),
            }
            for row in rows
        ]
    )

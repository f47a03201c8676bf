"""Plots of an event: scores over time, scores against training time, who credits whom."""

from __future__ import annotations

from flask import Response, jsonify, render_template
from flask.typing import ResponseReturnValue

from databoard.errors import ForbiddenError
from databoard.services.leaderboards import Column
from databoard.store.models import Event
from databoard.store.queries import credits as credit_queries
from databoard.web import event_pages, guards
from databoard.web.extensions import db
from databoard.web.language import gettext
from databoard.web.leaderboards import charts, listing
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.charts import Point, Share
from databoard.web.leaderboards.listing import Right


@bp.get("/events/<event>/plots")
@guards.approved_required
def plots(event: str) -> ResponseReturnValue:
    """Show the plots of an event, with tables that say the same."""
    loaded = guards.load_event(event)
    found, official = _points(loaded)
    known = {point.hash_: point for point in found}
    shares = [s for s in _shares(loaded) if s.giver in known and s.source in known]
    return render_template(
        "leaderboards/plots.html",
        points=found,
        official=official,
        records=charts.records(found, official),
        front=charts.front(found, official),
        shares=[(known[share.giver], known[share.source], share.percent) for share in shares],
        **event_pages.frame(loaded),
    )


@bp.get("/events/<event>/plots/<any(progress, times, credits):plot>.json")
@guards.approved_required
def plot(event: str, plot: str) -> Response:
    """Give what a plot shows."""
    loaded = guards.load_event(event)
    found, official = _points(loaded)
    if plot == "credits":
        return jsonify(charts.credit_graph(found, _shares(loaded)))
    return jsonify(getattr(charts, plot)(found, official))


def _points(event: Event) -> tuple[list[Point], Column]:
    """List what the visitor sees on the public board.

    Raises
    ------
    ForbiddenError
    """
    place = guards.standing(event)
    if not event_pages.may_see_board(event, place):
        raise ForbiddenError(gettext("The plots are for those who take part in the event."))
    right = Right(
        names=event_pages.may_see_all_names(event, place),
        organiser=place.is_admin,
        spreads=place.is_admin or not event.has_ladder,
    )
    board = listing.recent(event, right, charts.MAX_POINTS, now=guards.now())
    own = place.event_team.team_id if place.event_team else None
    return charts.points(board.rows, board.official, names=right.names, own=own), board.official


def _shares(event: Event) -> list[Share]:
    return [Share(*row) for row in credit_queries.of_event(db.session(), event.id)]

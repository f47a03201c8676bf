"""What happened in an event, as far as the visitor may see it anyway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from databoard.store.models import Event
from databoard.store.queries import activity, announcements
from databoard.web import event_pages, guards, polling
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.leaderboards import charts, listing
from databoard.web.leaderboards.listing import Right
from databoard.web.participants.blueprint import bp

N_SHOWN = 100


@dataclass(frozen=True)
class Happening:
    """Something that happened; ``name``, ``url`` and ``hash_`` are of its submission, if any."""

    at: datetime
    icon: str
    text: str
    name: str = ""
    url: str = ""
    hash_: str = ""


def happenings(event: Event) -> list[Happening]:
    """List what happened, newest first."""
    found = [*_dates(event), *_announced(event)]
    if event_pages.may_see_board(event, guards.standing(event)):
        found += [*_joined(event), *_scored(event)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:N_SHOWN]


def _dates(event: Event) -> Iterator[Happening]:
    now = guards.now()
    if event.opening_at is not None and event.created_at <= event.opening_at <= now:
        yield Happening(event.opening_at, "unlock", _("The event opened."))
    opening = event.public_opening_at
    if opening is not None and event.created_at < opening <= now:
        text = _("The code became public: read, import and credit it.")
        yield Happening(opening, "eye", text)
    if event.closing_at is not None and event.closing_at <= now:
        yield Happening(event.closing_at, "lock", _("The event closed."))


def _announced(event: Event) -> Iterator[Happening]:
    for announcement, _event in announcements.listing(db.session(), [event.id], limit=N_SHOWN):
        text = _("The organisers: %(text)s", text=announcement.text)
        yield Happening(announcement.at, "bell", text)


def _joined(event: Event) -> Iterator[Happening]:
    has_names = event_pages.may_see_all_names(event, guards.standing(event))
    for at, team in activity.joins(db.session(), event.id, limit=N_SHOWN):
        text = _("%(team)s joined.", team=team) if has_names else _("A team joined.")
        yield Happening(at, "person-plus", text)


def _scored(event: Event) -> Iterator[Happening]:
    """Tell of what stands on the public board: a frozen board and a ladder hold back here too."""
    place = guards.standing(event)
    right = Right(
        names=event_pages.may_see_all_names(event, place),
        organiser=place.is_admin,
        spreads=place.is_admin or not event.has_ladder,
    )
    board = listing.recent(event, right, N_SHOWN, now=guards.now())
    found = charts.points(board.rows, board.official, names=right.names, own=None)
    best = {point.hash_ for point in charts.records(found, board.official)}
    for point in found[-N_SHOWN:]:
        is_best = point.hash_ in best
        score = f"{board.official.name} {point.shown}"
        if is_best:
            text = _("is the best so far: %(score)s", score=score)
        else:
            text = _("was scored: %(score)s", score=score)
        yield Happening(
            point.submitted_at,
            "trophy" if is_best else "check-circle",
            text,
            point.name,
            point.url,
            point.hash_,
        )


@bp.get("/events/<event>/activity/rows")
def activity_rows(event: str) -> ResponseReturnValue:
    """Bring the feed up to date."""
    loaded = guards.load_event(event)
    answer: Response = polling.fresh(
        polling.event_version(loaded.id),
        lambda: render_template("participants/_happenings.html", happenings=happenings(loaded)),
    )
    return answer

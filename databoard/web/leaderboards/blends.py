"""What-if blends: what would these submissions score together?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import access
from databoard.domain.access import Role
from databoard.errors import ForbiddenError, InvalidError, NotFoundError
from databoard.services import blends as services
from databoard.services.leaderboards import is_frozen
from databoard.store.models import BlendQuestion, Event
from databoard.store.queries import blends as queries
from databoard.web import event_pages, guards, polling
from databoard.web.extensions import db
from databoard.web.language import gettext
from databoard.web.leaderboards.blueprint import bp

FIELD = "parts-"
N_LISTED = 50
N_ASKED = 20


@dataclass(frozen=True)
class Asked:
    """A question as the page shows it: how often each member counts, and its name."""

    question: BlendQuestion
    members: list[tuple[int, str]]


def _open(name: str) -> Event:
    """Load an event in which the visitor may ask for blends.

    Raises
    ------
    ForbiddenError
    """
    event = guards.load_event(name)
    place = guards.standing(event)
    if not (place.participates or place.is_admin):
        raise ForbiddenError(gettext("Blends are for those who take part in the event."))
    if not place.is_admin and event.has_ladder:
        raise ForbiddenError(
            gettext("This event has a ladder: a blend would tell what it holds back.")
        )
    if not place.is_admin and is_frozen(event, guards.now()):
        raise ForbiddenError(gettext("The board is frozen until the closing, and so are blends."))
    return event


def _known(event: Event, keys: Iterable[int] | None = None) -> dict[int, Any]:
    """List the submissions that the visitor may blend, or those of some, the best first."""
    place = guards.standing(event)
    is_open = place.is_admin or access.may_see_code(
        Role.USER,
        now=guards.now(),
        public_opening=event.public_opening_at,
        closing=event.closing_at,
        participates=place.participates,
    )
    own = place.event_team.id if place.event_team else None
    rows = [
        row
        for row in queries.members(db.session(), event.id, keys)
        if is_open or row.event_team_id == own
    ]
    sign = 1 if event.official_score.is_lower_the_better else -1
    rows.sort(key=lambda row: (sign * row.score, row.submitted_at))
    return {row.id: row for row in rows}


@bp.get("/events/<event>/blends")
@guards.approved_required
def blends(event: str) -> ResponseReturnValue:
    """Show what may be blended, and what the visitor has asked."""
    loaded = _open(event)
    return _page(loaded, _known(loaded))


@bp.post("/events/<event>/blends")
@guards.approved_required
def ask_blend(event: str) -> ResponseReturnValue:
    """Ask what the chosen would score together."""
    loaded = _open(event)
    known = _known(loaded)
    try:
        question = services.ask(db.session(), loaded, guards.me(), _parts(known), now=guards.now())
    except InvalidError as error:
        db.session.rollback()
        return Response(_page(loaded, known, error=error), status=error.status)
    db.session.commit()
    if question.answered_at is not None:
        flash(gettext("That blend was known already."), "info")
    return redirect(url_for(".blends", event=loaded.name, _anchor="asked"))


@bp.get("/events/<event>/blends/asked")
@guards.approved_required
def asked_blends(event: str) -> Response:
    """Bring what the visitor has asked up to date."""
    loaded = _open(event)

    def render() -> str:
        return render_template(
            "leaderboards/_asked_blends.html",
            event=loaded,
            asked=_asked(loaded),
            official=loaded.official_score,
        )

    return polling.fresh(_version(loaded), render)


def _parts(known: dict[int, Any]) -> dict[int, int]:
    """Read how often each counts; what the visitor may not blend does not exist."""
    parts = {}
    for field, text in request.form.items():
        if not field.startswith(FIELD) or text.strip() in ("", "0"):
            continue
        key = field.removeprefix(FIELD)
        if not key.isdecimal() or int(key) not in known:
            raise NotFoundError(gettext("There is no such submission, or none that you may blend."))
        if not (text.strip().isdecimal() and len(text.strip()) <= 3):
            raise InvalidError(
                gettext("Parts are whole numbers up to %(n)s.", n=services.MAX_PARTS), "parts"
            )
        parts[int(key)] = int(text)
    return parts


def _asked(event: Event) -> list[Asked]:
    questions = queries.of_user(db.session(), event.id, guards.me().id, N_ASKED)
    known = _known(event, {int(key) for question in questions for key in question.parts})
    found = []
    for question in questions:
        named = {key: known[int(key)].name for key in question.parts if int(key) in known}
        members = [(n, named.get(key, gettext("removed"))) for key, n in question.parts.items()]
        found.append(Asked(question, sorted(members, reverse=True)))
    return found


def _version(event: Event) -> str:
    return queries.version(db.session(), event.id, guards.me().id)


def _page(event: Event, known: dict[int, Any], *, error: InvalidError | None = None) -> str:
    place = guards.standing(event)
    # Before what it is the version of, so that this is never too old.
    version = _version(event)
    own = place.event_team.id if place.event_team else None
    listed = [
        row for i, row in enumerate(known.values()) if i < N_LISTED or row.event_team_id == own
    ]
    return render_template(
        "leaderboards/blends.html",
        rows=listed,
        own=own,
        typed={key: request.form.get(f"{FIELD}{key}") for key in known} if error else {},
        n_left_out=len(known) - len(listed),
        names=event_pages.may_see_all_names(event, place),
        official=event.official_score,
        combined=_combined(event),
        asked=_asked(event),
        version=version,
        error=error,
        max_parts=services.MAX_PARTS,
        **event_pages.frame(event),
    )


def _combined(event: Event) -> float | None:
    """Give the score of the best combination of all."""
    bags = event.combined.get("combined", {}).get("valid", [])
    return bags[-1].get(event.official_score.name) if bags else None

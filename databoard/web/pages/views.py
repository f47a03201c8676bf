"""The front page, events, problems and the help; importing this module registers all pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from databoard.errors import NotFoundError
from databoard.store.models import Event, Problem
from databoard.store.queries import events as event_queries
from databoard.store.queries import problems as problem_queries
from databoard.web import guards
from databoard.web.event_pages import cleaned
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext
from databoard.web.pages import languages, machines, manual
from databoard.web.pages.blueprint import bp
from databoard.web.pages.cards import Card, cards_of, matches, soonest_first

__all__ = ["bp", "languages", "machines", "manual"]

STATES = {
    "open": lazy_gettext("Open"),
    "upcoming": lazy_gettext("Opening soon"),
    "closed": lazy_gettext("Closed"),
    "mine": lazy_gettext("Mine"),
}
KEYWORDS = ("domain", "theme")
RUNNING = ("open", "public", "upcoming")


def _visible_cards() -> list[Card]:
    return cards_of(event_queries.visible(db.session(), guards.visitor()))


@bp.get("/")
def home() -> str:
    """Show what is running, and what the visitor takes part in."""
    cards = _visible_cards()
    mine = [card for card in cards if card.event_team is not None and not card.event.archived_at]
    running = [card for card in cards if card.state in RUNNING and card not in mine]
    return render_template(
        "pages/home.html",
        mine=[card for card in soonest_first(mine) if card.state != "closed"],
        mine_closed=[card for card in mine if card.state == "closed"],
        running=soonest_first(running),
        search=_search(cards),
        n_events=len(cards),
        has_problems=bool(problem_queries.all_problems(db.session())) if not cards else True,
    )


@bp.get("/events")
def events() -> str:
    """List the events, filtered by words, domain, theme and state."""
    cards = _visible_cards()
    search = _search(cards)
    chosen = search.chosen
    keywords = [chosen[kind] for kind in KEYWORDS if chosen[kind]]
    return render_template(
        "pages/events.html",
        cards=[card for card in cards if matches(card, chosen["q"], keywords, chosen["state"])],
        n_events=len(cards),
        search=search,
    )


@dataclass(frozen=True)
class Search:
    """What the events can be filtered by, and what is chosen of it."""

    chosen: dict[str, str]
    states: dict[str, Any]
    #: Names of keywords by their kind.
    keywords: dict[str, list[str]]


def _search(cards: list[Card]) -> Search:
    chosen = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state", *KEYWORDS)}
    words = {word for card in cards for word in card.event.problem.keywords}
    known = {kind: sorted(w.name for w in words if w.type == kind) for kind in KEYWORDS}
    return Search(chosen, STATES, known)


# ---- problems ------------------------------------------------------------------------------------


def _events_by_problem() -> dict[int, list[Event]]:
    """Visible events, by the key of their problem."""
    by_problem: dict[int, list[Event]] = {}
    for event in event_queries.visible(db.session(), guards.visitor()):
        by_problem.setdefault(event.problem_id, []).append(event)
    return by_problem


def _may_see(problem: Problem, by_problem: dict[int, list[Event]]) -> bool:
    """Take a problem to be as public as its events; without any it is the administrators'."""
    user = guards.visitor()
    return problem.id in by_problem or (user is not None and user.is_admin)


@bp.get("/problems")
def problems() -> str:
    """List the problems, filtered by words."""
    words, by_problem = request.args.get("q", "").strip()[:100], _events_by_problem()
    known = [
        problem
        for problem in problem_queries.all_problems(db.session())
        if _may_see(problem, by_problem)
    ]
    found = [
        problem
        for problem in known
        if all(word in _text(problem) for word in words.casefold().split())
    ]
    return render_template(
        "pages/problems.html",
        problems=found,
        n_problems=len(known),
        by_problem=by_problem,
        words=words,
    )


def _text(problem: Problem) -> str:
    keywords = " ".join(keyword.name for keyword in problem.keywords)
    return f"{problem.name} {problem.title} {problem.summary} {keywords}".casefold()


@bp.get("/problems/<problem>")
def problem(problem: str) -> str:
    """Show what a problem is about, and the events on it.

    Raises
    ------
    NotFoundError
        Also for a problem all of whose events are hidden from the visitor.
    """
    by_problem = _events_by_problem()
    found = problem_queries.by_name(db.session(), problem)
    if found is None or not _may_see(found, by_problem):
        raise NotFoundError(_("There is no problem of this name, or none that you may see."))
    return render_template(
        "pages/problem.html",
        problem=found,
        overview=cleaned(found.overview_html),
        dictionary=cleaned(found.dictionary_html),
        cards=cards_of(by_problem.get(found.id, [])),
    )


@bp.get("/help")
def docs() -> str:
    """Explain to participants how everything works."""
    return render_template("pages/help.html", public_url=guards.settings().public_url)

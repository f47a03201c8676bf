"""The front page, events, problems and the help; importing this module registers all pages."""

from __future__ import annotations

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
from databoard.web.pages.cards import Card, cards_of, matches

__all__ = ["bp", "languages", "machines", "manual"]

STATES = {
    "open": lazy_gettext("Open"),
    "upcoming": lazy_gettext("Opening soon"),
    "closed": lazy_gettext("Closed"),
    "mine": lazy_gettext("Mine"),
}
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
        mine=mine,
        running=running,
        n_events=len(cards),
        has_problems=bool(problem_queries.all_problems(db.session())) if not cards else True,
    )


@bp.get("/events")
def events() -> str:
    """List the events, filtered by words, keyword and state."""
    words, keyword = request.args.get("q", "").strip()[:100], request.args.get("keyword", "")
    state = request.args.get("state", "")
    cards = _visible_cards()
    found = [card for card in cards if matches(card, words, keyword, state)]
    keywords = sorted({word.name for card in cards for word in card.event.problem.keywords})
    return render_template(
        "pages/events.html",
        cards=found,
        n_events=len(cards),
        keywords=keywords,
        states=STATES,
        chosen={"q": words, "keyword": keyword, "state": state},
    )


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

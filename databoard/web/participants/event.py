"""The event's own pages: what it is about, its rules, and how to join."""

from __future__ import annotations

from importlib import metadata

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import access, rules
from databoard.errors import ForbiddenError, NotFoundError
from databoard.services import teams as services
from databoard.store.models import Event, EventTeam, Team
from databoard.store.queries import teams
from databoard.web import event_pages, guards
from databoard.web.event_pages import cleaned, installation
from databoard.web.extensions import db
from databoard.web.guards import Standing
from databoard.web.participants.blueprint import bp

#: What submissions are written with; an organiser names further packages in the requirements.
PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "ramp-workflow", "joblib")


@bp.get("/events/<event>")
def event_page(event: str) -> ResponseReturnValue:
    """Show what the event is about."""
    return _page(event, "overview")


@bp.get("/events/<event>/<any(data, rules, environment):tab>")
def event_tab(event: str, tab: str) -> ResponseReturnValue:
    """Show the data, the rules and limits, or what submissions run in."""
    return _page(event, tab)


def _page(name: str, tab: str) -> str:
    event = guards.load_event(name)
    problem = event.problem
    return render_template(
        "participants/event.html",
        tab=tab,
        description=cleaned(event.description_html),
        overview=cleaned(problem.overview_html),
        dictionary=cleaned(problem.dictionary_html),
        rules_text=cleaned(event.rules_html),
        versions=_versions(problem.requirements) if tab == "environment" else [],
        may_join=_may_join(event),
        **event_pages.frame(event),
    )


def _versions(requirements: str) -> list[tuple[str, str]]:
    """Versions of the packages that a submission may count on."""
    named = [line.split("#")[0].strip() for line in requirements.splitlines()]
    found = []
    for name in dict.fromkeys([*PACKAGES, *(_package(line) for line in named if line)]):
        try:
            found.append((name, metadata.version(name)))
        except (metadata.PackageNotFoundError, ValueError):
            continue
    return found


def _package(requirement: str) -> str:
    for place, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return requirement[:place]
    return requirement


# ---- joining -------------------------------------------------------------------------------------


def _may_join(event: Event) -> bool:
    """Tell whether to offer the visitor to join: they may, and have not yet."""
    place = guards.standing(event)
    return (
        place.event_team is None
        and event_pages.phase(event) is not rules.Phase.CLOSED
        and access.may_join(place.role, is_public=event.is_public)
    )


@bp.get("/events/<event>/sign_up")
@guards.approved_required
def sign_up(event: str) -> ResponseReturnValue:
    """Ask with which team to join."""
    loaded = guards.load_event(event)
    place = guards.standing(loaded)
    if place.event_team is not None:
        return redirect(_next(loaded, place))
    return render_template(
        "participants/sign_up.html",
        teams=teams.of_user(db.session(), guards.me()),
        may_join=_may_join(loaded),
        **event_pages.frame(loaded),
    )


@bp.post("/events/<event>/sign_up")
@guards.approved_required
def join(event: str) -> ResponseReturnValue:
    """Join the event with a team of one's own."""
    loaded = guards.load_event(event)
    place = guards.standing(loaded)
    if place.event_team is not None:
        return redirect(_next(loaded, place))
    if not access.may_join(place.role, is_public=loaded.is_public):
        raise ForbiddenError("You cannot join this event.")
    event_team = services.sign_up(
        db.session(),
        loaded,
        _team(request.form.get("team", "")),
        problems_dir=installation().problems_dir,
        now=guards.now(),
    )
    db.session.commit()
    joined = Standing(place.role, event_team)
    if joined.participates:
        flash("Welcome! Your sandbox has the starting kit in it: change it and submit.", "success")
    return redirect(_next(loaded, joined))


def _team(name: str) -> Team:
    """Choose the named team of the visitor's, or the one that they got with the account."""
    user = guards.me()
    mine = teams.of_user(db.session(), user)
    if name:
        team = next((team for team in mine if team.name == name), None)
        if team is None:
            raise NotFoundError("You have no team of this name.")
        return team
    return mine[0] if mine else services.individual(db.session(), user, now=guards.now())


def _next(event: Event, place: Standing) -> str:
    """Where to go once one has joined: to the sandbox, or to where one waits."""
    endpoint = "participants.sandbox" if place.participates else "participants.event_page"
    return url_for(endpoint, event=event.name)


def take_part(name: str) -> tuple[Event, EventTeam]:
    """Load an event that the visitor's team was let into, and its place there.

    Raises
    ------
    NotFoundError, ForbiddenError
    """
    event = guards.load_event(name)
    place = guards.standing(event)
    if place.event_team is None:
        raise ForbiddenError("You do not take part in this event yet: join it on its page.")
    if not place.event_team.is_approved:
        raise ForbiddenError("Your team waits for the organisers' approval.")
    return event, place.event_team

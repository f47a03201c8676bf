"""The event's own pages: what it is about, its rules, and how to join."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.domain import access, rules
from databoard.errors import ForbiddenError, InvalidError, NotFoundError
from databoard.services import environments
from databoard.services import teams as services
from databoard.store.models import Event, EventTeam, ProblemEnvironment, Team
from databoard.store.queries import environments as queries
from databoard.store.queries import teams
from databoard.web import event_pages, guards
from databoard.web.event_pages import cleaned, installation
from databoard.web.extensions import db
from databoard.web.guards import Standing
from databoard.web.language import gettext as _
from databoard.web.language import said
from databoard.web.leaderboards.highlight import highlight
from databoard.web.participants import feed
from databoard.web.participants.blueprint import bp
from databoard.web.participants.uploads import as_text


@bp.get("/events/<event>")
def event_page(event: str) -> ResponseReturnValue:
    """Show what the event is about."""
    return _page(event, "overview")


@bp.get("/events/<event>/<any(data, rules, environment, kit, activity):tab>")
def event_tab(event: str, tab: str) -> ResponseReturnValue:
    """Show the data, rules, packages, the starting kit, or what happened."""
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
        packages=_packages(event) if tab == "environment" else None,
        kit=_kit(event) if tab == "kit" else [],
        happenings=feed.happenings(event) if tab == "activity" else [],
        may_join=_may_join(event),
        has_choice=_has_choice(event),
        **event_pages.frame(event),
    )


def _kit(event: Event) -> list[tuple[str, list[Markup]]]:
    """Read the first submission that everybody starts from: names and lines in colour."""
    if not guards.is_approved(guards.visitor()):
        return []
    names = [e.filename for e in event.problem.workflow.elements if e.type != "data"]
    files = services.starting_files(installation().problems_dir / event.problem.name, names)
    return [(name, highlight(as_text(content), name)) for name, content in files.items()]


@dataclass(frozen=True)
class Packages:
    """What submissions run in.

    Attributes
    ----------
    promised, others : list of (str, str)
        Names with versions; all are promised where the environment is the problem's own.
    own : ProblemEnvironment or None
        How the problem's own environment stands.
    """

    promised: list[tuple[str, str]]
    others: list[tuple[str, str]]
    own: ProblemEnvironment | None


def _packages(event: Event) -> Packages:
    session = db.session()
    found = environments.of_problem(session, event.problem)
    own = queries.of_problem(session, event.problem_id)
    listed = [line.partition("==") for line in found.packages] if found else []
    promised = {"python", *environments.PROMISED}
    return Packages(
        [(name, version) for name, _, version in listed if own or name in promised],
        [(name, version) for name, _, version in listed if not own and name not in promised],
        own,
    )


# ---- joining -------------------------------------------------------------------------------------


def _may_join(event: Event) -> bool:
    """Tell whether to offer the visitor to join: they may, and have not yet."""
    place = guards.standing(event)
    return (
        place.event_team is None
        and event_pages.phase(event) is not rules.Phase.CLOSED
        and access.may_join(place.role, is_public=event.is_public)
    )


def _has_choice(event: Event) -> bool:
    """Tell whether who joins must say with which team: with only one, a click does."""
    return _may_join(event) and len(teams.of_user(db.session(), guards.me())) > 1


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
        raise ForbiddenError(_("You cannot join this event."))
    try:
        event_team = services.sign_up(
            db.session(),
            loaded,
            _team(request.form.get("team", "")),
            problems_dir=installation().problems_dir,
            now=guards.now(),
        )
    except InvalidError as error:  # another team may do, or another day
        db.session.rollback()
        flash(said(error.message), "danger")
        return redirect(url_for("participants.sign_up", event=event))
    db.session.commit()
    joined = Standing(place.role, event_team)
    if joined.participates:
        flash(
            _("Welcome! Your sandbox has the starting kit in it: change it and submit."), "success"
        )
    return redirect(_next(loaded, joined))


def _team(name: str) -> Team:
    """Choose the named team of the visitor's, or the one that they got with the account."""
    user = guards.me()
    mine = teams.of_user(db.session(), user)
    if name:
        team = next((team for team in mine if team.name == name), None)
        if team is None:
            raise NotFoundError(_("You have no team of this name."))
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
        raise ForbiddenError(_("You do not take part in this event yet: join it on its page."))
    if not place.event_team.is_approved:
        raise ForbiddenError(_("Your team waits for the organisers' approval."))
    return event, place.event_team

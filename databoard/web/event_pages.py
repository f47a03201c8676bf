"""What all pages of one event share: its head, its phase and its tabs."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from databoard.domain import access, rules
from databoard.domain.access import Role
from databoard.settings import Settings
from databoard.store.files import Files
from databoard.store.models import Event
from databoard.web import guards
from databoard.web.guards import Standing
from databoard.web.language import gettext as _


def installation() -> Settings:
    """Give the settings of this installation."""
    settings: Settings = current_app.extensions["databoard"]
    return settings


def store() -> Files:
    """Give the files of the submissions of this installation."""
    return Files(installation().submissions_dir)


def cleaned(html: str) -> Markup:
    """Show HTML of the organisers, which was cleaned before it was stored (kits.rendering)."""
    return Markup(html)  # noqa: S704


def phase(event: Event) -> rules.Phase:
    """Name the phase that an event is in at the time of this request."""
    return rules.phase(guards.now(), event.opening_at, event.public_opening_at, event.closing_at)


def may_see_board(event: Event, place: Standing) -> bool:
    """Tell whether the visitor may see the event's public board."""
    return access.may_see_board(
        place.role, is_public=event.is_public, participates=place.event_team is not None
    )


def may_see_private_scores(event: Event, role: Role) -> bool:
    """Tell whether the visitor may see scores on the test rows now."""
    place = guards.standing(event).event_team
    return access.may_see_private_scores(
        role,
        now=guards.now(),
        closing=event.closing_at,
        own_closing=place.extra_closing_at if place is not None else None,
    )


def may_see_names(event: Event, role: Role) -> bool:
    """Tell whether the visitor may see now which team made what."""
    return access.may_see_names(
        role, is_anonymous=event.is_anonymous, now=guards.now(), closing=event.closing_at
    )


def may_see_all_names(event: Event, place: Standing) -> bool:
    """Tell whether the visitor may see who stands behind all rows of the event, not only theirs."""
    return may_see_names(event, place.role if place.is_admin else Role.USER)


def frame(event: Event) -> dict[str, Any]:
    """Collect what the head of every page of an event shows."""
    place = guards.standing(event)
    return {"event": event, "place": place, "phase": phase(event), "tabs": _tabs(event, place)}


def _tabs(event: Event, place: Standing) -> list[tuple[str, str, int | None]]:
    def at(endpoint: str) -> str:
        return url_for(endpoint, event=event.name)

    tabs: list[tuple[str, str, int | None]] = [(_("Overview"), at("participants.event_page"), None)]
    if place.participates:
        tabs.append((_("Sandbox"), at("participants.sandbox"), None))
        tabs.append((_("My submissions"), at("participants.mine"), None))
    if may_see_board(event, place):
        tabs.append((_("Leaderboard"), at("leaderboards.public"), None))
        tabs.append((_("Plots"), at("leaderboards.plots"), None))
    if may_see_private_scores(event, place.role):
        tabs.append((_("Private leaderboard"), at("leaderboards.private"), None))
    return tabs

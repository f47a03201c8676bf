"""What every page says at its top: that nothing is isolated, and what is announced."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from flask import Flask, current_app, g, request

from databoard.services import health
from databoard.store.queries import announcements as queries
from databoard.store.queries import events
from databoard.web import guards
from databoard.web.extensions import db

#: Every page shows them, so they are asked for once in a while only.
EVERY_S = 10.0


@dataclass
class Banners:
    """What is shown, as the database said it last."""

    warning: str = ""
    announced: list[tuple[str, str, str | None]] = field(default_factory=list)
    asked_at: float = -EVERY_S

    def ask(self) -> None:
        """Read again."""
        session, now = db.session(), guards.now()
        self.warning = health.weakest_isolation(session, now=now)
        self.announced = [
            (row.level, row.text, event) for row, event in queries.current(session, now)
        ]
        self.asked_at = time.monotonic()


def _banners() -> Banners:
    known: Banners = current_app.extensions["databoard.banners"]
    if time.monotonic() - known.asked_at >= EVERY_S:
        known.ask()
    return known


def forget() -> None:
    """Ask again at the next page, because something was announced or withdrawn."""
    current_app.extensions["databoard.banners"].asked_at = -EVERY_S


def banners() -> list[tuple[str, str]]:
    """List level and text of the banners of this page; none on pages of trouble."""
    if g.get("is_in_trouble"):
        return []
    known = _banners()
    shown = [("danger", known.warning)] if known.warning else []
    here = (request.view_args or {}).get("event")
    for level, text, event in known.announced:
        if event is None or (event == here and _may_see(event)):
            shown.append((level, text))
    return shown


def _may_see(name: str) -> bool:
    event = events.by_name(db.session(), name)
    return event is not None and guards.may_see_event(event)


def init_banners(app: Flask) -> None:
    """Let templates ask for banners."""
    app.extensions["databoard.banners"] = Banners()
    app.jinja_env.globals["banners"] = banners

"""What an organiser may look at: everything for an administrator, else the own events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import request

from databoard.errors import ForbiddenError, NotFoundError
from databoard.services import activity
from databoard.store.models import Event, Team, User
from databoard.store.queries import events as event_queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext

PAGE_SIZE = 50


def organiser_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in who organises any event."""

    @wraps(view)
    @guards.approved_required
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not guards.me().is_admin and not administered():
            raise ForbiddenError(gettext("This page is for organisers of events."))
        return view(*args, **kwargs)

    return guarded


def administered() -> list[Event]:
    """List the events that the visitor organises."""
    return event_queries.administered(db.session(), guards.me())


@dataclass(frozen=True)
class Choice:
    """Events that a list is about."""

    events: list[Event]
    chosen: Event | None
    ids: list[int] | None


def chosen_events() -> Choice:
    """Read which of the visitor's events a list is about (``?event=``); all of them by default.

    Raises
    ------
    NotFoundError
        For an event that the visitor does not organise.
    """
    events, name = administered(), request.args.get("event", "")
    if name:
        event = next((event for event in events if event.name == name), None)
        if event is None:
            raise NotFoundError(gettext("You organise no event of this name."))
        return Choice(events, event, [event.id])
    return Choice(events, None, None if guards.me().is_admin else [event.id for event in events])


@dataclass(frozen=True)
class Span:
    """The part of a long list that a page shows."""

    page: int
    n_pages: int

    @property
    def offset(self) -> int:
        """How many rows come before."""
        return (self.page - 1) * PAGE_SIZE


def span(n_rows: int) -> Span:
    """Read the number of the page (``?page=``), kept within what there is."""
    n_pages = max(1, -(-n_rows // PAGE_SIZE))
    return Span(min(max(1, request.args.get("page", 1, type=int)), n_pages), n_pages)


def note(
    action: str, object_: str | User | Team, *, event_id: int | None = None, **detail: Any
) -> None:
    """Keep in the audit log what the visitor did."""
    activity.audit(
        db.session(), guards.me(), action, object_, now=guards.now(), event_id=event_id, **detail
    )

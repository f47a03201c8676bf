"""Events."""

from __future__ import annotations

from typing import Annotated

from databoard.cli import environments
from databoard.cli.words import EventName, Force, UserName, Yes, clock, confirm, found, table
from databoard.kits.events import event_spec
from databoard.services import events
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as queries
from databoard.store.queries import problems as problem_queries

HINT = "see: fab list_events"


def add_event(
    settings: Settings,
    name: EventName,
    problem: Annotated[str, "its problem, where no module of the event's name says it"] = "",
    force: Force = False,
    yes: Yes = False,
) -> str:
    """Add an event: its folds, score types and dates are fixed now."""
    with open_session(settings.database_url) as session:
        old = queries.by_name(session, name) if force else None
        if old is not None and problem_queries.n_submissions_of(session, [old]):
            confirm(f"This goes: {events.what_goes_with_event(session, old)}.", yes=yes)
        environments.enter(
            settings, event_spec(name, problem or None, settings.problems_dir).problem_name
        )
        event = events.add_event(
            session,
            name,
            problems_dir=settings.problems_dir,
            now=clock(),
            problem=problem or None,
            force=force,
        )
        scores = ", ".join(score.name for score in event.score_types)
        line = f"Added the event {name}: {event.title}, {len(event.folds)} folds, {scores}."
        session.commit()
    return line


def remove_event(settings: Settings, name: EventName, yes: Yes = False) -> str:
    """Remove an event with its teams and submissions."""
    with open_session(settings.database_url) as session:
        event = found(queries.by_name(session, name), "event", name, HINT)
        confirm(f"This goes: {events.what_goes_with_event(session, event)}.", yes=yes)
        events.remove_event(session, name)
        session.commit()
    return f"Removed the event {name}."


def list_events(settings: Settings) -> str:
    """List the events with problem and title."""
    with open_session(settings.database_url) as session:
        rows = [
            (event.name, event.problem.name, event.title) for event in queries.all_events(session)
        ]
    return table(rows, "There is no event yet; add one with: fab add_event:<name>")


def make_event_admin(settings: Settings, event: EventName, user: UserName) -> str:
    """Let a user organise an event."""
    with open_session(settings.database_url) as session:
        row = found(queries.by_name(session, event), "event", event, HINT)
        account = found(account_queries.by_name(session, user), "user", user, "see: fab list_users")
        events.make_admin(session, row, account)
        session.commit()
    return f"{user} organises {event}."


def remove_event_admin(settings: Settings, event: EventName, user: UserName) -> str:
    """Take from a user what make_event_admin gave."""
    with open_session(settings.database_url) as session:
        row = found(queries.by_name(session, event), "event", event, HINT)
        account = found(account_queries.by_name(session, user), "user", user, "see: fab list_users")
        did = events.remove_admin(session, row, account)
        session.commit()
    return f"{user} organises {event} no more." if did else f"{user} did not organise {event}."

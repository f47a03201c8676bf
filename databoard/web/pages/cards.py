"""Events as cards: what each list of events shows of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask import current_app

from databoard.domain import rules
from databoard.domain.rules import Phase
from databoard.services import leaderboards
from databoard.store.models import Event, EventTeam
from databoard.store.queries import events as event_queries
from databoard.store.queries import teams
from databoard.web import guards
from databoard.web.extensions import db

#: What a phase is called on cards and in filters.
STATES = {
    Phase.BEFORE: "upcoming",
    Phase.COMPETITIVE: "open",
    Phase.COLLABORATIVE: "public",
    Phase.CLOSED: "closed",
}


@dataclass(frozen=True)
class Card:
    """An event as lists show it, with the visitor's own place."""

    event: Event
    state: str
    n_teams: int
    n_submissions: int
    event_team: EventTeam | None
    rank: int | None
    n_ranked: int

    @property
    def text(self) -> str:
        """What a search looks into."""
        event = self.event
        words = [event.name, event.title, event.problem.title, event.problem.summary]
        words += [keyword.name for keyword in event.problem.keywords]
        return " ".join(words).casefold()


def matches(card: Card, words: str, keywords: Collection[str], state: str) -> bool:
    """Tell whether an event is what was looked for; what was not chosen excludes nothing."""
    if not all(word in card.text for word in words.casefold().split()):
        return False
    if not {word.name for word in card.event.problem.keywords}.issuperset(keywords):
        return False
    if state == "mine":
        return card.event_team is not None
    return not state or state == card.state or (state == "open" and card.state == "public")


def soonest_first(cards: Iterable[Card]) -> list[Card]:
    """Order by what comes next: what closes first, then what has no end, then what opens first."""

    def next_date(card: Card) -> tuple[int, float]:
        if card.state == "upcoming" and card.event.opening_at is not None:
            return 2, card.event.opening_at.timestamp()
        closing = card.event.closing_at
        return (0, closing.timestamp()) if closing is not None else (1, 0.0)

    return sorted(cards, key=next_date)


def cards_of(events: Iterable[Event]) -> list[Card]:
    """Look up what the cards of these events show, in a handful of queries for all of them."""
    session, user = db.session(), guards.visitor()
    n_teams, n_submissions = event_queries.n_teams(session), event_queries.n_submissions(session)
    places: dict[int, EventTeam] = {}
    if user is not None:
        for place in teams.places_of(session, user):
            known = places.get(place.event_id)
            if known is None or not known.is_approved:
                places[place.event_id] = place
    return [
        _card(event, places.get(event.id), n_teams.get(event.id, 0), n_submissions.get(event.id, 0))
        for event in events
    ]


def _card(event: Event, place: EventTeam | None, n_teams: int, n_submissions: int) -> Card:
    phase = rules.phase(guards.now(), event.opening_at, event.public_opening_at, event.closing_at)
    state = "closed" if event.archived_at else STATES[phase]
    is_ranked = place is not None and place.is_approved and guards.is_approved(guards.visitor())
    ranks = _ranks_of(event) if is_ranked else {}
    rank = ranks.get(place.team_id) if place is not None else None
    return Card(event, state, n_teams, n_submissions, place, rank, len(ranks))


def _ranks_of(event: Event) -> dict[int, int]:
    """Rank the teams by their best submission on the public board, anew only when it changed."""
    # The application keeps, by event, the ranks of the teams and what they were found for: the
    # closing ends a freeze and leaves the version as it is.
    cache = current_app.extensions.setdefault("databoard.ranks", {})
    known, now = cache.get(event.id), guards.now()
    state = (event.board_version, leaderboards.is_frozen(event, now))
    if known is None or known[0] != state:
        board = leaderboards.build(db.session(), event, "competition", now=now)
        ranks = {row.team_id: row.rank for row in board.rows if row.rank is not None}
        known = cache[event.id] = (state, ranks)
    return known[1]

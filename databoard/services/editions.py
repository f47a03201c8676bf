"""A new edition of an event: its settings, scores and folds again, for the next term."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, InvalidError
from databoard.kits.plugins import has_plugin
from databoard.phrases import phrase
from databoard.services import events
from databoard.store.models import Event, EventScoreType, Fold, User
from databoard.store.queries import events as queries

#: What belongs to one edition and is not taken over.
OWN = {
    "title",
    "opening_at",
    "public_opening_at",
    "closing_at",
    "freeze_at",
    "merging_ends_at",
    "archived_at",
    "is_paused",
    "pause_reason",
}
SCORE_FIELDS = (
    "score_type_id",
    "name",
    "position",
    "precision",
    "is_official",
    "is_lower_the_better",
    "minimum",
    "maximum",
)


def clone(
    session: Session,
    event: Event,
    name: str,
    title: str,
    by: User,
    *,
    now: datetime,
    opening_at: datetime | None = None,
    public_opening_at: datetime | None = None,
    closing_at: datetime | None = None,
) -> Event:
    """Open an event on the same problem, with the same rules, scores and folds, and no team.

    Parameters
    ----------
    by : User
        Becomes its organiser.

    Raises
    ------
    InvalidError, DuplicateError
        With the ``field`` that must change.
    """
    rules.check_identifier(name, "event")
    if queries.by_name(session, name) is not None:
        raise DuplicateError(
            phrase("There is an event %(name)s already; choose another name.", name=name), "name"
        )
    _check_has_no_module(event.name, event.problem.name)
    _check_has_no_module(name, event.problem.name)
    settings = {field: getattr(event, field) for field in events.EDITABLE if field not in OWN}
    new = Event(
        name=name,
        title=title,
        problem_id=event.problem_id,
        created_at=now,
        data_hash=event.data_hash,
        folds_hash=event.folds_hash,
        has_cv_board=event.has_cv_board,
        **settings,
    )
    new.score_types = [
        EventScoreType(**{field: getattr(score, field) for field in SCORE_FIELDS})
        for score in event.score_types
    ]
    new.folds = [
        Fold(number=fold.number, train_is=fold.train_is, valid_is=fold.valid_is)
        for fold in queries.folds(session, event.id, with_rows=True)
    ]
    session.add(new)
    session.flush()
    events.make_admin(session, new, by)
    events.update(
        session,
        new,
        title=title,
        opening_at=opening_at,
        public_opening_at=public_opening_at,
        closing_at=closing_at,
    )
    return new


def _check_has_no_module(event: str, problem: str) -> None:
    """Refuse what has folds and scores in a module: the clone would be scored by others."""
    if event != problem and has_plugin("events", event):
        raise InvalidError(
            phrase(
                "The event %(event)s has a module of its own in databoard/specific/events; "
                "copy that, then: fab add_event",
                event=event,
            ),
            "name",
        )

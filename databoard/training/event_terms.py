"""Reads the terms of an event from the database."""

from __future__ import annotations

from sqlalchemy.orm import Session

from databoard.services import problems
from databoard.store.models import Event
from databoard.store.queries import events as queries
from databoard.training.terms import Terms


def terms_of(session: Session, event: Event) -> Terms:
    """Read what an event has fixed of its problem: folds, files and bounds of scores."""
    folds = queries.folds(session, event.id, with_rows=True)
    return Terms.of(
        [(fold.train_is, fold.valid_is) for fold in folds],
        problems.element_names(event.problem.workflow),
        problems.score_bounds(session),
    )

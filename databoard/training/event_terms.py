"""Reads the terms of an event from the database."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from databoard.services import problems
from databoard.store.models import Event
from databoard.store.queries import events as queries
from databoard.training.terms import Terms


def terms_of(session: Session, event: Event, known: Terms | None = None) -> Terms:
    """Read what an event has fixed of its problem: folds, files, scores' bounds and which ranks.

    Parameters
    ----------
    session : Session
    event : Event
    known : Terms, optional
        Read before, of the same folds: these are large and need not be read again.
    """
    folds = [] if known else queries.folds(session, event.id, with_rows=True)
    terms = Terms.of(
        [(fold.train_is, fold.valid_is) for fold in folds],
        problems.element_names(event.problem.workflow),
        problems.score_bounds(session),
        event.official_score.name,
    )
    return replace(terms, folds=known.folds) if known else terms

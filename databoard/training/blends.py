"""Answers what submissions would score together, beside the labels."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import DataboardError
from databoard.services import blends as services
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.models import BlendQuestion
from databoard.store.queries import blends as queries
from databoard.store.queries import events as event_queries
from databoard.training.engine import Engine
from databoard.training.event_terms import terms_of
from databoard.training.terms import Terms

logger = logging.getLogger(__name__)

#: So many are answered before what else is due.
AT_ONCE = 10


@dataclass(frozen=True)
class Question:
    """What an answer needs: plain values, so that no session is open meanwhile."""

    id: int
    problem: str
    event: str
    terms: Terms
    n_folds: int
    #: Folder and how often it counts.
    members: tuple[tuple[str, int], ...]
    n_asked: int


def answer_all(sessions: sessionmaker[Session], engine: Engine, files: Files) -> None:
    """Answer what was asked; whatever happens, who asked is told."""
    with read_only(), sessions() as session:
        waiting = [_read(session, row) for row in queries.waiting(session, AT_ONCE)]
    for question in waiting:
        scores, why = {}, ""
        try:
            scores = _scores(question, engine, files)
        except Exception as error:  # who asked is told, and no other question waits for it
            is_known = isinstance(error, DataboardError)
            logger.warning("blend %d: %s", question.id, error, exc_info=not is_known)
            words = error.message if isinstance(error, DataboardError) else type(error).__name__
            why = f"It could not be computed: {words}"
        with sessions.begin() as session:
            now = datetime.now(UTC)
            if why:
                services.refuse(session, question.id, why, now=now)
            else:
                services.answer(session, question.id, scores, now=now)


def _read(session: Session, row: BlendQuestion) -> Question:
    event = event_queries.by_id(session, row.event_id)
    assert event is not None, "a question goes with its event"
    known = {
        member.id: member for member in queries.members(session, event.id, map(int, row.parts))
    }
    terms = terms_of(session, event)
    return Question(
        row.id,
        event.problem.name,
        event.name,
        terms,
        len(terms.folds),
        tuple(
            (f"submission_{known[int(key)].hash_}", number)
            for key, number in row.parts.items()
            if int(key) in known
        ),
        len(row.parts),
    )


def _scores(question: Question, engine: Engine, files: Files) -> dict[str, float]:
    """Compute the bagged validation scores.

    Raises
    ------
    DataboardError
        If a member is gone, or the kit cannot combine them.
    """
    if len(question.members) < question.n_asked:
        raise DataboardError("one of the submissions is gone.")
    folds = range(question.n_folds)
    trains = [
        files.read_fold(folder, number, "y_pred_train.npy")
        for number in folds
        for folder, _ in question.members
    ]
    if not all(trains):
        raise DataboardError("the predictions of one of the submissions are gone.")
    kit = engine.kit(question.problem, question.event, question.terms)
    counts = [[number for _, number in question.members] for _ in folds]
    told = kit.combine(counts, [one or b"" for one in trains], [None] * len(trains))
    return dict(told["valid"][-1])

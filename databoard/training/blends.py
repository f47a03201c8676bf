"""Answers what submissions would score together, beside the labels."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from databoard.errors import DataboardError, NotFoundError
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
#: What fails by a fault of ours may be passing: it is tried again, later and later, for so long.
PATIENCE = timedelta(hours=1)
RETRY_S = 10.0


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
    asked_at: datetime


class Answerer:
    """Answers what was asked.

    Parameters
    ----------
    sessions : sessionmaker
    engine : Engine
    files : Files
    """

    def __init__(self, sessions: sessionmaker[Session], engine: Engine, files: Files) -> None:
        self.sessions, self.engine, self.files = sessions, engine, files
        # By question: when to try again, and how long to wait should it fail once more.
        self._again: dict[int, tuple[float, float]] = {}

    def answer_all(self) -> None:
        """Answer what is due; who asked what has no answer is told why."""
        later = [key for key, (at, _) in self._again.items() if time.monotonic() < at]
        with read_only(), self.sessions() as session:
            rows = queries.waiting(session, AT_ONCE, but=later)
            waiting = [_read(session, row) for row in rows]
        for question in waiting:
            self._answer(question)

    def _answer(self, question: Question) -> None:
        scores, why = {}, ""
        try:
            scores = _scores(question, self.engine, self.files)
        except Exception as error:  # no other question waits for it
            if self.engine.is_closed:
                return  # the trainer is being stopped, another one will answer
            is_known = isinstance(error, DataboardError)
            logger.warning("blend %d: %s", question.id, error, exc_info=not is_known)
            is_ours = not isinstance(error, DataboardError) or error.fault == "ours"
            if is_ours and datetime.now(UTC) < question.asked_at + PATIENCE:
                _, pause = self._again.get(question.id, (0.0, RETRY_S))
                self._again[question.id] = (time.monotonic() + pause, 2 * pause)
                return
            words = error.message if isinstance(error, DataboardError) else type(error).__name__
            why = f"It could not be computed: {words}"
        self._again.pop(question.id, None)
        with self.sessions.begin() as session:
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
        row.asked_at,
    )


def _scores(question: Question, engine: Engine, files: Files) -> dict[str, float]:
    """Compute the bagged validation scores.

    Raises
    ------
    NotFoundError
        If a member is gone.
    DataboardError
        If the kit cannot combine them.
    """
    if len(question.members) < question.n_asked:
        raise NotFoundError("one of the submissions is gone.")
    folds = range(question.n_folds)
    trains = [
        files.read_fold(folder, number, "y_pred_train.npy")
        for number in folds
        for folder, _ in question.members
    ]
    if not all(trains):
        raise NotFoundError("the predictions of one of the submissions are gone.")
    kit = engine.kit(question.problem, question.event, question.terms)
    counts = [[number for _, number in question.members] for _ in folds]
    told = kit.combine(counts, [one or b"" for one in trains], [None] * len(trains))
    return dict(told["valid"][-1])

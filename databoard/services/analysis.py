"""Analyses: what is known of a board beyond its scores, stored so that showing it costs nothing.

The trainer's analyst has the scorer compute what needs labels (influences, blends) and stores it
by these verbs; intervals, chances and differences follow from the stored influences alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from databoard.domain import contributivity
from databoard.domain.statistics import Comparison
from databoard.services import events, standings, tasks
from databoard.services.standings import MAX_RANKED, Memory
from databoard.store.influences import Read, kind_of
from databoard.store.models import Event, Submission
from databoard.store.queries import analysis as queries
from databoard.store.queries import tasks as task_queries
from databoard.store.queries.analysis import Candidate

BOARDS = ("public", "private")
#: Counts up when places follow from the same rows in another way.
RULES = 2
#: Of a larger event, the best so many are candidates for the best combination; when those known
#: to the scorer have become half as many again, it begins anew.
MAX_BLENDED = 400
#: What the runs of an event's analysis are called, before the event's name.
TASK = "analysis of "


def record_addition(
    session: Session, submission_id: int, without: float | None, together: float
) -> None:
    """Keep what the best combination scored before a submission arrived, and with it."""
    queries.add_to_blend(session, submission_id, without, together)


def record_blend(
    session: Session,
    event: Event,
    selections: Sequence[Sequence[int]],
    scores: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]],
) -> None:
    """Keep the best combination of an event: shares of its members, and its scores.

    Parameters
    ----------
    selections : sequence of sequence of int
        Per fold the keys of the members.
    scores : mapping
        By row of the board ("combined", "best") and step ("valid", "test"): scores by name after
        the first 1..k folds.
    """
    members = sorted({key for fold in selections for key in fold})
    place = {key: i for i, key in enumerate(members)}
    shares = contributivity.contributivity(
        [[place[key] for key in fold] for fold in selections if fold], len(members)
    )
    # Submissions first and the event's row last, as wherever both are written.
    _write_shares(session, event, dict(zip(members, shares.tolist(), strict=True)))
    event.combined = {
        row: {step: list(bags) for step, bags in of.items()} for row, of in scores.items()
    }
    events.touch(session, event.id)


def _write_shares(session: Session, event: Event, own: Mapping[int, float]) -> None:
    """Write shares, with the credit that they pass on; only what holds any is looked at."""
    credited = queries.credited(session, own)
    order = [one.id for one in queries.candidates(session, event.id, only=list(credited))]
    held = contributivity.historical(own, order, credited)
    keys = {key for key in order if own.get(key) or held.get(key)}
    wanted = {key: (own.get(key, 0.0), held[key]) for key in keys}
    if queries.write_shares(session, event.id, wanted):
        events.touch(session, event.id)


def refresh(session: Session, event: Event, read: Read, memory: Memory | None = None) -> None:
    """Find out anew where everybody stands, from stored scores and influences.

    Nothing is computed, nor written, while what it follows from has stayed the same: most results
    of a long event are not among the first.

    Parameters
    ----------
    memory : Memory, optional
        Of earlier times: a newcomer then costs one row of comparisons.
    """
    session.flush()
    shares = queries.shares(session, event.id)
    _write_shares(session, event, {key: own for key, (own, _) in shares.items() if own})
    found = queries.candidates(session, event.id, only=_analysed(session, event))
    made_of = _fingerprint(event, found)
    if made_of != event.standings_of:
        memory = memory or Memory()
        places = [
            place
            for board in BOARDS
            for place in standings.places(event, board, found, read, memory)
        ]
        queries.replace_places(session, event.id, places)
        event.standings_of = made_of
        events.touch(session, event.id)
    session.flush()


def hold(session: Session, event: Event, new: Collection[int]) -> bool:
    """Before anything of an analysis is written: let changes of what it writes wait for it.

    Returns
    -------
    bool
        Whether the places of the event follow from any of the new submissions.
    """
    analysed = _analysed(session, event)
    queries.hold(session, event.id, analysed.union(new))
    return not analysed.isdisjoint(new)


def _analysed(session: Session, event: Event) -> set[int]:
    """Choose what the places of an event follow from: the first of each board, and references.

    On the public board of a ladder only what moved it counts: what it held back is not let out by
    an interval.
    """
    keys = set(queries.references(session, event.id))
    for board in BOARDS:
        if event.has_ladder and board == "public":
            keys.update(queries.rungs(session, event.id, MAX_RANKED))
        else:
            keys.update(queries.best(session, event.id, board, MAX_RANKED))
    return keys


def _fingerprint(event: Event, found: Sequence[Candidate]) -> str:
    made_of = (
        RULES,
        event.ranking,
        event.n_final,
        event.has_ladder,
        event.official_score.id,
        event.official_score.is_lower_the_better,
        event.problem.n_train,
        event.problem.n_test,
        *map(tuple, found),
    )
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def done(session: Session, event_id: int, asked: int, found: Sequence[Candidate] = ()) -> None:
    """Say that everything that was asked for until then is done, and these are analysed."""
    queries.mark_analysed(session, found)
    queries.done(session, event_id, asked)


def note(session: Session, event_id: int, trouble: str, *, now: datetime) -> None:
    """Keep that an event's analysis failed, or that it goes well again, as runs of a task."""
    event = queries.event(session, event_id)
    if event is None:
        return
    name = TASK + event.name
    last = task_queries.last(session, name)
    if trouble or (last is not None and not last.ok):
        run = tasks.start(session, name, now=now)
        tasks.finish(session, run, ok=not trouble, message=trouble or "well again", now=now)


# ---- differences ---------------------------------------------------------------------------------


def between(event: Event, first: Submission, second: Submission, read: Read) -> Comparison | None:
    """Compare what two submissions show on the public board; None if that is not known."""
    pair: list[Any] = []
    for one in (first, second):
        score = public_score(event, one)
        vector = read(
            one.folder, one.run, kind_of("public", event.ranking, event.official_score.id)
        )
        if score is None or vector is None:
            return None
        pair.append((score, vector))
    return standings.difference(*pair, is_lower=event.official_score.is_lower_the_better)


def public_score(event: Event, submission: Submission) -> float | None:
    """Give the official public score of a submission, at full precision."""
    official = event.official_score.id
    return next((s.public for s in submission.scores if s.event_score_type_id == official), None)

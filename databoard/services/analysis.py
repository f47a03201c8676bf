"""Analyses: what is known of a board beyond its scores, stored so that showing it costs nothing.

The trainer's analyst has the scorer compute what needs labels (influences, blends) and stores it
by these verbs; intervals, chances and differences follow from the stored influences alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from databoard.domain import competition, contributivity, standings
from databoard.domain.leaderboard import Entry
from databoard.domain.statistics import Comparison, Evidence, compare, evidence_of_examples
from databoard.services import events, ladders, tasks
from databoard.store.influences import kind_of
from databoard.store.models import Event, Submission
from databoard.store.queries import analysis as queries
from databoard.store.queries import tasks as task_queries
from databoard.store.queries.analysis import Candidate, Place

FloatArray = NDArray[np.float64]
#: Reads an influence: folder, run and kind ("public_bagged", ...).
Read = Callable[[str, int, str], FloatArray | None]

#: A submission, its score and its influence.
_Known = tuple[Candidate, float, FloatArray]

BOARDS = ("public", "private")
#: Of a longer board, the best so many are analysed.
MAX_RANKED = 300
#: Errors so many times those of the median are not compared.
MAX_WILD = 1e6
#: What the runs of an event's analysis are called, before the event's name.
TASK = "analysis of "


def record_addition(
    session: Session, submission_id: int, without: float | None, together: float
) -> None:
    """Keep what the best combination scored before a submission arrived, and with it."""
    submission = session.get(Submission, submission_id)
    if submission is not None and submission.blend_with is None:
        submission.blend_without, submission.blend_with = without, together
        session.flush()


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
    event.combined = {
        row: {step: list(bags) for step, bags in of.items()} for row, of in scores.items()
    }
    events.touch(session, event.id)
    _write_shares(session, event, dict(zip(members, shares.tolist(), strict=True)))


def _write_shares(session: Session, event: Event, own: Mapping[int, float]) -> None:
    """Write shares, with the credit that they pass on; only what holds any is looked at."""
    credited = queries.credited(session, own)
    order = [one.id for one in queries.candidates(session, event.id, only=list(credited))]
    held = contributivity.historical(own, order, credited)
    keys = {key for key in order if own.get(key) or held.get(key)}
    wanted = {key: (own.get(key, 0.0), held[key]) for key in keys}
    if queries.write_shares(session, event.id, wanted):
        events.touch(session, event.id)


def refresh(session: Session, event: Event, read: Read) -> None:
    """Find out anew where everybody stands, from stored scores and influences.

    Nothing is computed, nor written, while what it follows from has stayed the same: most results
    of a long event are not among the first.
    """
    session.flush()
    found = _analysed(session, event)
    made_of = _fingerprint(event, found)
    if made_of != event.standings_of:
        places = [place for board in BOARDS for place in _places(event, board, found, read)]
        queries.replace_places(session, event.id, places)
        event.standings_of = made_of
        events.touch(session, event.id)
    shares = queries.shares(session, event.id)
    _write_shares(session, event, {key: own for key, (own, _) in shares.items() if own})
    session.flush()


def _analysed(session: Session, event: Event) -> list[Candidate]:
    """List what the places of an event follow from: the first of each board, and references."""
    if event.has_ladder:
        # Each team's steps follow from all that it sent.
        return queries.candidates(session, event.id)
    keys = set(queries.references(session, event.id))
    for board in BOARDS:
        keys.update(queries.best(session, event.id, board, MAX_RANKED))
    return queries.candidates(session, event.id, only=keys)


def _fingerprint(event: Event, found: Sequence[Candidate]) -> str:
    made_of = (
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


def done(session: Session, event_id: int, asked: int) -> None:
    """Say that everything that was asked for until then is done."""
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


def score_of(candidate: Candidate, board: str) -> float | None:
    """Give the score that a board ranks by."""
    return candidate.public if board == "public" else candidate.private


def _places(event: Event, board: str, found: Sequence[Candidate], read: Read) -> list[Place]:
    official = event.official_score
    kind = kind_of(board, event.ranking, official.id)
    is_lower = official.is_lower_the_better
    if event.has_ladder and board == "public":
        # What the ladder held back is not let out by an interval.
        found = ladders.holders(found)
    known = [
        (one, score, vector)
        for one in _best(found, board, is_lower=is_lower)
        if (score := score_of(one, board)) is not None
        and (vector := read(one.folder, one.run, kind)) is not None
        and len(vector)
    ]
    known = _comparable([item for item in known if len(item[2]) == len(known[0][2])])
    ranked = [item for item in known if item[0].is_ranked]
    if not ranked:
        return []
    evidence = _evidence(ranked)
    rng = np.random.default_rng(event.id)
    places = standings.standings(evidence, rng, is_lower_the_better=is_lower)
    chances = _forecast(event, evidence, ranked, is_lower=is_lower) if board == "public" else {}
    is_cut = len(ranked) >= MAX_RANKED
    rows = []
    for (one, _, _), place in zip(ranked, places, strict=True):
        if is_cut and place.high >= len(ranked):
            continue  # who is below is not known
        win, podium = chances.get(one.event_team_id, (None, None))
        rows.append(
            Place(
                submission_id=one.id,
                board=board,
                rank_low=place.low,
                rank_high=place.high,
                tie_group=place.tie_group,
                p_best=place.p_best,
                gap=place.gap,
                p_win=win,
                p_podium=podium,
            )
        )
    return _compared(rows, board, known, is_lower=is_lower)


def _comparable(known: Sequence[_Known]) -> list[_Known]:
    """Leave out those whose errors are no numbers, or so wild that all others' drown in rounding.

    One submission that predicts 1e200, or 1e12 everywhere, must not take the intervals from a
    whole board.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.array([float(np.linalg.norm(vector)) for _, _, vector in known])
    usual = sizes[np.isfinite(sizes) & (sizes > 0)]
    limit = MAX_WILD * float(np.median(usual)) if len(usual) else 0.0
    scores = [score for _, score, _ in known if np.isfinite(score)]
    middle, farthest = float(np.median(scores or [0.0])), limit or np.inf
    return [
        item
        for item, size in zip(known, sizes, strict=True)
        if np.isfinite(item[1]) and size <= limit and abs(item[1] - middle) <= farthest
    ]


def _best(found: Sequence[Candidate], board: str, *, is_lower: bool) -> list[Candidate]:
    """Choose the best so many of those who take a rank, and all references."""
    scored = [one for one in found if score_of(one, board) is not None]
    sign = 1 if is_lower else -1
    scored.sort(key=lambda one: sign * (score_of(one, board) or 0.0))
    ranked = [one for one in scored if one.is_ranked][:MAX_RANKED]
    chosen = {one.id for one in ranked} | {one.id for one in scored if _is_reference(one)}
    return [one for one in scored if one.id in chosen]


def _evidence(items: Sequence[_Known]) -> Evidence:
    return evidence_of_examples(
        np.array([score for _, score, _ in items]), np.stack([vector for _, _, vector in items])
    )


def _forecast(
    event: Event,
    evidence: Evidence,
    ranked: Sequence[_Known],
    *,
    is_lower: bool,
) -> dict[int, tuple[float, float]]:
    """Forecast who wins, from the final selections as they are now."""
    n_private = event.problem.n_test
    if not n_private or len(ranked) < 2:
        return {}
    entries = [
        Entry(one.id, one.event_team_id, score, one.submitted_at) for one, score, _ in ranked
    ]
    final = competition.final_selection(
        entries,
        {one.id for one, _, _ in ranked if one.is_final},
        n_final=event.n_final,
        is_lower_the_better=is_lower,
    )
    keys = {entry.key for entry in final}
    rows = [i for i, (one, _, _) in enumerate(ranked) if one.id in keys]
    chosen = Evidence(evidence.scores[rows], evidence.covariance[np.ix_(rows, rows)])
    told = competition.forecast(
        chosen,
        [ranked[i][0].event_team_id for i in rows],
        np.random.default_rng(event.id),
        is_lower_the_better=is_lower,
        n_public=event.problem.n_train,
        n_private=n_private,
    )
    return {int(team): (told.win[team], told.podium[team]) for team in told.win}


# ---- differences ---------------------------------------------------------------------------------


def _is_reference(one: Candidate) -> bool:
    return one.is_starred or one.is_baseline


def reference(found: Sequence[Candidate], board: str, *, is_lower: bool) -> Candidate | None:
    """Choose what everybody is compared with: the starred submission, else the best baseline."""
    sign = 1 if is_lower else -1
    known = [one for one in found if _is_reference(one) and score_of(one, board) is not None]
    known.sort(key=lambda one: (not one.is_starred, sign * (score_of(one, board) or 0.0)))
    return known[0] if known else None


def _compared(
    places: Sequence[Place], board: str, known: Sequence[_Known], *, is_lower: bool
) -> list[Place]:
    """Add to places how they differ from the reference."""
    by_id = {one.id: (score, vector) for one, score, vector in known}
    base = reference([one for one, _, _ in known], board, is_lower=is_lower)
    if base is None:
        return list(places)
    found = []
    for place in places:
        told = None
        if place.submission_id != base.id:
            told = difference(by_id[place.submission_id], by_id[base.id], is_lower=is_lower)
        if told is not None:
            place = place._replace(
                delta=told.difference,
                delta_low=told.low,
                delta_high=told.high,
                verdict=str(told.verdict),
            )
        found.append(place)
    return found


def difference(
    first: tuple[float, FloatArray], second: tuple[float, FloatArray], *, is_lower: bool
) -> Comparison | None:
    """Compare two submissions by their scores and influences; None if these do not pair."""
    evidence = standings.paired(first, second)
    return None if evidence is None else compare(evidence, 0, 1, is_lower_the_better=is_lower)


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
    return difference(*pair, is_lower=event.official_score.is_lower_the_better)


def public_score(event: Event, submission: Submission) -> float | None:
    """Give the official public score of a submission, at full precision."""
    official = event.official_score.id
    return next((s.public for s in submission.scores if s.event_score_type_id == official), None)

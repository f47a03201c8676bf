"""The Ladder of an event: what a team's public scores let out, and which submission earned them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from databoard.domain.ladder import Rung, climb
from databoard.store.influences import kind_of
from databoard.store.models import Event, Submission, SubmissionScore
from databoard.store.queries import analysis as queries
from databoard.store.queries.analysis import Candidate

FloatArray = NDArray[np.float64]
Read = Callable[[str, int, str], FloatArray | None]


def holders(found: Sequence[Candidate]) -> list[Candidate]:
    """Choose of each team the submissions that changed what it is shown, in their order."""
    shown: dict[int, float | None] = {}
    steps = []
    for one in sorted(found, key=_answered):
        if one.public is None:
            continue
        if shown.get(one.event_team_id) != one.public:
            steps.append(one)
        shown[one.event_team_id] = one.public
    return steps


def _answered(one: Candidate) -> tuple[datetime, int]:
    return one.ended_at or one.submitted_at, one.id


def rank_by(event: Event, row: SubmissionScore) -> None:
    """Choose what ranks: bagged or mean scores; on a ladder, what `answer` lets out later."""
    is_bagged = event.ranking == "bagged"
    row.public = row.valid_bag if is_bagged else row.valid_mean
    row.private = row.test_bag if is_bagged else row.test_mean
    if event.has_ladder:
        row.public = None


def hidden(event: Event, submission: Submission) -> float | None:
    """Give the official score that the ladder is asked about, at full precision."""
    official = event.official_score.id
    row = next((s for s in submission.scores if s.event_score_type_id == official), None)
    if row is None:
        return None
    return row.valid_bag if event.ranking == "bagged" else row.valid_mean


def answer(session: Session, event: Event, submission: Submission, read: Read) -> None:
    """Let out what the ladder lets out of a submission that was just scored.

    Its official public score becomes the team's standing one unless it is significantly better;
    its other public scores are then those of the submission that earned it, as its own would tell
    what the ladder holds back.
    """
    own, official = hidden(event, submission), event.official_score
    if own is None:
        return
    before = [
        one
        for one in queries.candidates(session, event.id, event_team_id=submission.event_team_id)
        if one.id != submission.id and one.public is not None
    ]
    steps = holders(before)
    vector = read(
        submission.folder, submission.run, kind_of("public", event.ranking, event.official_score.id)
    )
    old = _rung(event, steps, len(before), read)
    if vector is not None and len(vector) and (old is None or len(old.moves) == len(vector)):
        new = climb(old, own, vector, is_lower_the_better=official.is_lower_the_better)
        if old is None or new.n_steps > old.n_steps:
            let_out(event, submission, new.shown)
            return
    if not steps:
        # Nothing is known of its noise: it is the team's first step nevertheless.
        let_out(event, submission, own)
        return
    shown = {s.event_score_type_id: s.public for s in _scores_of(session, steps[-1].id)}
    for score in submission.scores:
        score.public = shown.get(score.event_score_type_id)
    session.flush()


def let_out(event: Event, submission: Submission, shown: float) -> None:
    """Show a submission's own scores, the official one as the ladder rounds it."""
    for score in submission.scores:
        is_official = score.event_score_type_id == event.official_score.id
        own = score.valid_bag if event.ranking == "bagged" else score.valid_mean
        score.public = shown if is_official else own


def _rung(event: Event, steps: Sequence[Candidate], n_tries: int, read: Read) -> Rung | None:
    if not steps:
        return None
    last = steps[-1]
    moves = read(last.folder, last.run, kind_of("public", event.ranking, event.official_score.id))
    if moves is None or last.public is None:
        return Rung(last.public or 0.0, np.zeros(0), len(steps), n_tries)
    return Rung(last.public, moves, len(steps), n_tries)


def _scores_of(session: Session, submission_id: int) -> list[SubmissionScore]:
    held = session.get(Submission, submission_id)
    return held.scores if held is not None else []

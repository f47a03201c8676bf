"""The Ladder of an event: what a team's public scores let out, and which submission earned them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from databoard.domain.ladder import Rung, climb
from databoard.store.influences import Read, kind_of
from databoard.store.models import Event, Submission, SubmissionScore
from databoard.store.queries import analysis as queries


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
    steps = queries.rungs_of(session, submission.event_team_id)
    vector = read(
        submission.folder, submission.run, kind_of("public", event.ranking, event.official_score.id)
    )
    n_before = queries.n_answered(session, submission.event_team_id)
    old = _rung(event, steps, n_before, read)
    if vector is not None and len(vector) and (old is None or len(old.moves) == len(vector)):
        new = climb(old, own, vector, is_lower_the_better=official.is_lower_the_better)
        if old is None or new.n_steps > old.n_steps:
            let_out(event, submission, new.shown)
            return
    if not steps:
        # Nothing is known of its noise: it is the team's first step nevertheless.
        let_out(event, submission, own)
        return
    shown = {s.event_score_type_id: s.public for s in steps[-1][0].scores}
    for score in submission.scores:
        score.public = shown.get(score.event_score_type_id)
    session.flush()


def let_out(event: Event, submission: Submission, shown: float) -> None:
    """Show a submission's own scores, the official one as the ladder rounds it."""
    submission.is_rung = True
    for score in submission.scores:
        is_official = score.event_score_type_id == event.official_score.id
        own = score.valid_bag if event.ranking == "bagged" else score.valid_mean
        score.public = shown if is_official else own


def _rung(
    event: Event, steps: Sequence[tuple[Submission, float]], n_tries: int, read: Read
) -> Rung | None:
    if not steps:
        return None
    last, shown = steps[-1]
    moves = read(last.folder, last.run, kind_of("public", event.ranking, event.official_score.id))
    return Rung(shown, np.zeros(0) if moves is None else moves, len(steps), n_tries)

"""What one's team has tried, one step after the other, and what is to count in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import ladder, leaderboard, rules
from databoard.domain.statistics import Comparison
from databoard.errors import InvalidError
from databoard.services import analysis, marks
from databoard.store.influences import Influences
from databoard.store.models import Event, EventTeam, Submission
from databoard.store.queries import submissions
from databoard.web import event_pages, guards
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.language import said
from databoard.web.participants.blueprint import bp
from databoard.web.participants.event import take_part

#: The newest so many are compared; each comparison reads two files.
N_COMPARED = 50


@dataclass(frozen=True)
class Step:
    """A scored submission, and how it differs from the best that the team had before it."""

    submission: Submission
    score: float
    before: Submission | None
    found: Comparison | None
    is_best: bool


@dataclass(frozen=True)
class Told:
    """What the public board has told a team.

    Attributes
    ----------
    n_tries, n_steps : int
        Answers, and how many of them were another score than the one before.
    bits : float or None
        At most so much; None for scores without bounds.
    bias : float or None
        At most so much better than the truth can a submission look that was made from it.
    """

    n_tries: int
    n_steps: int
    bits: float | None
    bias: float | None


def _told(event: Event, scores: list[float]) -> Told:
    official = event.official_score
    n_steps = sum(i == 0 or score != scores[i - 1] for i, score in enumerate(scores))
    width = official.maximum - official.minimum
    if not math.isfinite(width) or not event.problem.n_train or not scores:
        return Told(len(scores), n_steps, None, None)
    bits = ladder.bits_told(
        len(scores), width * 10**official.precision, n_steps if event.has_ladder else None
    )
    bias = ladder.largest_bias(bits, event.problem.n_train, width=width)
    return Told(len(scores), n_steps, bits, min(bias, width))


def _scored(event: Event, place: EventTeam) -> list[tuple[Submission, float]]:
    """List the team's scored submissions with their public scores, oldest first."""
    found = []
    for one in reversed(submissions.of_team(db.session(), place.id)):
        score = analysis.public_score(event, one)
        if one.state == "scored" and score is not None:
            found.append((one, score))
    return found


def _steps(event: Event, scored: list[tuple[Submission, float]]) -> list[Step]:
    is_lower = event.official_score.is_lower_the_better
    best = leaderboard.best_so_far([score for _, score in scored], is_lower_the_better=is_lower)
    # What a ladder holds back is not told by a comparison either.
    read = None if event.has_ladder else Influences(event_pages.installation().submissions_dir).read
    steps: list[Step] = []
    leader: Submission | None = None
    for i, (one, score) in enumerate(scored):
        found = None
        if read is not None and leader is not None and i >= len(scored) - N_COMPARED:
            found = analysis.between(event, one, leader, read)
        is_best = i == 0 or best[i] != best[i - 1]
        steps.append(Step(one, score, leader, found, is_best))
        leader = one if is_best else leader
    return steps[::-1]


@bp.get("/events/<event>/my_submissions/history")
@guards.approved_required
def history(event: str) -> ResponseReturnValue:
    """Show what each step of the team brought, and let it choose what counts."""
    loaded, place = take_part(event)
    scored = _scored(loaded, place)
    closing = place.closing_at
    return render_template(
        "participants/history.html",
        steps=_steps(loaded, scored),
        told=_told(loaded, [score for _, score in scored]),
        bytes_told=place.log_bytes_shown if loaded.log_policy == "limited" else 0,
        most_told=rules.MAX_BYTES_TOLD,
        may_choose=closing is None or guards.now() < closing,
        official=loaded.official_score,
        **event_pages.frame(loaded),
    )


@bp.post("/events/<event>/my_submissions/final")
@guards.approved_required
def choose_final(event: str) -> ResponseReturnValue:
    """Choose what counts at the closing."""
    loaded, place = take_part(event)
    try:
        chosen = marks.choose_final(
            db.session(), place, request.form.getlist("final"), now=guards.now()
        )
    except InvalidError as error:  # to be mended on the page of the choice
        db.session.rollback()
        flash(said(error.message), "danger")
        return redirect(url_for(".history", event=event))
    db.session.commit()
    if chosen:
        names = ", ".join(one.name for one in chosen)
        flash(_("Final: %(names)s.", names=names), "success")
    else:
        flash(_("Your best public submissions will count."), "success")
    return redirect(url_for(".history", event=loaded.name))

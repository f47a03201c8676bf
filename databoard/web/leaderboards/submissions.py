"""The page of a submission, live while it waits and runs."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.errors import NotFoundError
from databoard.services import jobs, reruns
from databoard.store.models import Submission
from databoard.store.queries import comments as comment_queries
from databoard.store.queries import credits as credit_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import submissions as queries
from databoard.web import event_pages, guards, polling
from databoard.web.extensions import db, writes
from databoard.web.language import gettext
from databoard.web.leaderboards import cards, evidence, output, predictions, sight
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.climbing import climb_of
from databoard.web.leaderboards.failures import failure_of
from databoard.web.leaderboards.files import note_look
from databoard.web.leaderboards.sight import Sight
from databoard.web.leaderboards.sources import sources


@bp.get("/<string(length=40):hash_>")
@writes
@guards.approved_required
def submission(hash_: str) -> ResponseReturnValue:
    """Show all of a submission that the visitor may see."""
    found, seen = _load(hash_)
    note_look(found, seen)
    event = found.event_team.event
    place = guards.standing(event).event_team
    is_participant = place is not None and place.is_approved
    result, printed = _result(found, seen), output.shown(found, seen)
    return render_template(
        "leaderboards/submission.html",
        submission=found,
        seen=seen,
        # Our own template's text, rendered once for its digest and for the page.
        result=Markup(result),  # noqa: S704
        version=polling.digest(result),
        output=Markup(printed),  # noqa: S704
        output_version=polling.digest(printed),
        sources=sources(found) if seen.code else [],
        others=_others(found, place.id) if place is not None and seen.code else [],
        may_import=seen.code and is_participant,
        plots=predictions.plots(found) if seen.folds and seen.code else [],
        comments=comment_queries.of_submission(db.session(), found.id) if seen.code else [],
        credited_by=[
            credit
            for credit in credit_queries.received(db.session(), found.id)
            if sight.is_known(credit.submission)
        ],
        names=event_pages.may_see_all_names(event, guards.standing(event)),
        **event_pages.frame(event),
    )


def _load(hash_: str) -> tuple[Submission, Sight]:
    found, seen = sight.load(hash_)
    full = queries.full(db.session(), found.id)
    if full is None:
        raise NotFoundError(gettext("The submission has just been removed."))
    return full, seen


def _others(found: Submission, event_team_id: int) -> list[Submission]:
    """List the visitor's own submissions to compare this one with, newest first."""
    return [one for one in queries.of_team(db.session(), event_team_id) if one.id != found.id]


def _origin(found: Submission, seen: Sight) -> Submission | None:
    """Whose results it took over, if the visitor may know that both codes are the same."""
    origin = reruns.origin(db.session(), found) if seen.code else None
    return origin if origin is not None and sight.find(origin).code else None


# ---- the live part -------------------------------------------------------------------------------


@bp.get("/<string(length=40):hash_>/state")
@guards.approved_required
def submission_state(hash_: str) -> Response:
    """Bring state, scores and folds up to date."""
    found, seen = _load(hash_)
    result = _result(found, seen)
    return polling.fresh(polling.digest(result), lambda: result)


def _result(found: Submission, seen: Sight) -> str:
    return render_template("leaderboards/_result.html", **_context(found, seen))


def _context(found: Submission, seen: Sight) -> dict[str, Any]:
    return {
        "submission": found,
        "event": found.event_team.event,
        "seen": seen,
        "queue": jobs.place(db.session(), found, now=guards.now()),
        "cards": cards.cards(found, seen),
        "kinds": cards.kinds(found),
        "folds": cards.fold_rows(found, seen),
        "steps": cards.steps(seen),
        "failure": failure_of(found, seen),
        "evidence": evidence.of(found, seen),
        "climb": climb_of(found),
        "is_reused": seen.code and found.message == reruns.REUSED,
        "origin": _origin(found, seen),
        "has_trainer": bool(
            job_queries.live_trainers(db.session(), guards.now() - jobs.TRAINER_IS_LOST)
        ),
        "states": [run.state for run in found.fold_runs],
    }

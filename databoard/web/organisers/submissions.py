"""Submissions of one's events: found, trained again, cancelled, withdrawn, deleted."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from databoard.domain import access
from databoard.errors import ForbiddenError, InvalidError
from databoard.services import marks
from databoard.services import submissions as services
from databoard.store.models import Submission
from databoard.store.queries import submissions as queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import WithdrawalForm
from databoard.web.organisers.sight import (
    PAGE_SIZE,
    chosen_events,
    note,
    organiser_required,
    span,
)

#: Groups of states to filter by; what is withdrawn may be in any.
GROUPS: dict[str, tuple[str, ...] | None] = {
    "open": ("new", "training"),
    "scored": ("scored",),
    "failed": (
        "checking_error",
        "training_error",
        "validating_error",
        "testing_error",
        "scoring_error",
        "quarantined",
    ),
    "cancelled": ("cancelled",),
    "withdrawn": None,
}
LABELS = {
    "open": lazy_gettext("In the queue"),
    "scored": lazy_gettext("Scored"),
    "failed": lazy_gettext("Failed or held back"),
    "cancelled": lazy_gettext("Cancelled"),
    "withdrawn": lazy_gettext("Withdrawn"),
}


@bp.get("/admin/submissions")
@organiser_required
def submissions() -> str:
    """List the submissions of the visitor's events, by event, state and words."""
    choice, state = chosen_events(), request.args.get("state", "")
    words = request.args.get("q", "").strip()[:100]
    if state and state not in GROUPS:
        raise InvalidError(_("There is no such state."), "state")
    session = db.session()
    wanted: dict[str, Any] = {
        "states": GROUPS.get(state),
        "words": words,
        "withdrawn": state == "withdrawn",
    }
    part = span(queries.n_found(session, choice.ids, **wanted))
    return render_template(
        "organisers/submissions.html",
        submissions=queries.search(
            session, choice.ids, **wanted, limit=PAGE_SIZE, offset=part.offset
        ),
        part=part,
        choice=choice,
        state=state,
        words=words,
        labels=LABELS,
    )


def _load(hash_: str) -> Submission:
    """Load a submission of an event that the visitor organises."""
    submission, role = guards.load_submission(hash_)
    if not access.may_administer(role):
        raise ForbiddenError(_("This is for the organisers of the event."))
    return submission


def _back() -> Response:
    return redirect(guards.local_target(request.form.get("next"), url_for(".submissions")))


@bp.post("/admin/submissions/<hash_>/retry")
@guards.login_required
def retry_submission(hash_: str) -> Response:
    """Train a submission anew."""
    submission = _load(hash_)
    services.retry(
        db.session(), submission, now=guards.now(), by=guards.me(), reason="asked by an organiser"
    )
    db.session.commit()
    flash(_("%(name)s is in the queue again.", name=submission.name), "success")
    return _back()


@bp.post("/admin/submissions/<hash_>/cancel")
@guards.login_required
def cancel_submission(hash_: str) -> Response:
    """Stop a submission that waits or runs."""
    submission = _load(hash_)
    services.cancel(db.session(), submission, now=guards.now(), by=guards.me())
    note("cancel", submission.name, event_id=submission.event_id, hash=submission.hash_)
    db.session.commit()
    flash(_("%(name)s is being stopped.", name=submission.name), "success")
    return _back()


@bp.route("/admin/submissions/<hash_>/withdraw", methods=["GET", "POST"])
@guards.login_required
def withdraw_submission(hash_: str) -> tuple[str, int] | Response:
    """Take a submission off the boards with a reason that its team reads; it can be put back."""
    submission, form = _load(hash_), WithdrawalForm()
    if form.validate_on_submit():
        with refusals_in(form):
            marks.withdraw(
                db.session(), submission, typed(form.reason), by=guards.me(), now=guards.now()
            )
            db.session.commit()
            event, name = submission.event_team.event.name, submission.name
            flash(_("%(name)s is withdrawn, and its team is told.", name=name), "success")
            return redirect(url_for(".submissions", event=event, state="withdrawn"))
    page = render_template("organisers/withdraw_submission.html", submission=submission, form=form)
    return page, status_of(form)


@bp.post("/admin/submissions/<hash_>/put-back")
@guards.login_required
def put_back_submission(hash_: str) -> Response:
    """Undo the withdrawal of a submission."""
    submission = _load(hash_)
    marks.put_back(db.session(), submission, by=guards.me(), now=guards.now())
    db.session.commit()
    flash(_("%(name)s is back where it was.", name=submission.name), "success")
    return _back()


@bp.route("/admin/submissions/<hash_>/delete", methods=["GET", "POST"])
@guards.login_required
def delete_submission(hash_: str) -> str | Response:
    """Remove a submission for good, after saying what goes with it."""
    submission = _load(hash_)
    if request.method == "GET":
        return render_template("organisers/delete_submission.html", submission=submission)
    event, name = submission.event_team.event, submission.name
    note(
        "delete_submission",
        f"{event.name}/{submission.event_team.team.name}/{name}",
        event_id=event.id,
        hash=submission.hash_,
        state=submission.state,
    )
    services.delete(db.session(), submission, submissions_dir=guards.settings().submissions_dir)
    db.session.commit()
    flash(_("%(name)s is gone.", name=name), "success")
    return redirect(url_for(".submissions", event=event.name))

"""What may be done with a submission: cancel it, train it again."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from databoard.errors import ForbiddenError
from databoard.services import submissions as services
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext
from databoard.web.leaderboards import sight
from databoard.web.leaderboards.blueprint import bp


@bp.post("/<string(length=40):hash_>/cancel")
@guards.approved_required
def cancel(hash_: str) -> ResponseReturnValue:
    """Stop a submission that waits or runs."""
    submission, seen = sight.load(hash_)
    if not seen.change:
        raise ForbiddenError(gettext("Only its team and the organisers may cancel a submission."))
    services.cancel(db.session(), submission, now=guards.now(), by=guards.me())
    db.session.commit()
    flash(
        gettext("Cancelled.")
        if submission.is_ended
        else gettext("It will be stopped in a few seconds."),
        "success",
    )
    return redirect(url_for("leaderboards.submission", hash_=hash_))


@bp.post("/<string(length=40):hash_>/retry")
@guards.approved_required
def retry(hash_: str) -> ResponseReturnValue:
    """Train a submission again from its stored files."""
    submission, seen = sight.load(hash_)
    if not seen.retrain:
        raise ForbiddenError(gettext("Only the organisers may train a submission again."))
    reason = request.form.get("reason", "").strip()[:200]
    services.retry(db.session(), submission, now=guards.now(), by=guards.me(), reason=reason)
    db.session.commit()
    flash(gettext("It is in the queue again."), "success")
    return redirect(url_for("leaderboards.submission", hash_=hash_))

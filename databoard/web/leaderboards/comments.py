"""What those who may read the code of a submission say about it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from databoard.domain import access
from databoard.errors import ForbiddenError, InvalidError, NotFoundError, TooSoonError
from databoard.services import comments as services
from databoard.store.models import Submission
from databoard.store.queries import comments as queries
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.language import gettext, said
from databoard.web.leaderboards import sight
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.sight import Sight


@bp.post("/<string(length=40):hash_>/comments")
@guards.approved_required
def comment(hash_: str) -> Response:
    """Say something about a submission."""
    found, _ = _readable(hash_)
    try:
        services.write(
            db.session(), found, guards.me(), request.form.get("text", ""), now=guards.now()
        )
    except TooSoonError:
        raise  # answered with 429, as any flood
    except InvalidError as error:
        db.session.rollback()
        flash(said(error.message), "error")
    else:
        db.session.commit()
    return _back(hash_)


@bp.post("/<string(length=40):hash_>/comments/<int:key>/remove")
@guards.approved_required
def remove_comment(hash_: str, key: int) -> Response:
    """Take a comment out."""
    found, seen = _readable(hash_)
    remark = queries.by_key(db.session(), found.id, key)
    if remark is None:
        raise NotFoundError(gettext("There is no such comment."))
    services.remove(
        db.session(),
        remark,
        guards.me(),
        is_organiser=access.may_administer(seen.role),
        now=guards.now(),
    )
    db.session.commit()
    flash(gettext("The comment is taken out."), "success")
    return _back(hash_)


def _readable(hash_: str) -> tuple[Submission, Sight]:
    """Load a submission whose code the visitor may read, and so talk about."""
    found, seen = sight.load(hash_)
    if not seen.code:
        raise ForbiddenError(gettext("Comments are for those who may read the code."))
    return found, seen


def _back(hash_: str) -> Response:
    return redirect(url_for(".submission", hash_=hash_, _anchor="comments"))

"""Files of a submission as downloads: sources, the error, logs."""

from __future__ import annotations

import io
import zipfile

from flask import Response

from databoard.errors import NotFoundError
from databoard.services import activity
from databoard.store.models import Submission
from databoard.web import guards
from databoard.web.downloads import download, plain
from databoard.web.event_pages import store
from databoard.web.extensions import db, writes
from databoard.web.language import gettext
from databoard.web.leaderboards import failures, sight
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.sight import Sight
from databoard.web.leaderboards.sources import NO_FILE, source


def note_look(submission: Submission, seen: Sight, filename: str = "") -> None:
    """Keep that somebody read another team's code: credits are suggested from it."""
    place = guards.standing(submission.event_team.event).event_team
    if place is None or place.id == submission.event_team_id or not seen.code:
        return
    activity.note(
        db.session(),
        "look",
        user_id=guards.me().id,
        now=guards.now(),
        event_id=submission.event_id,
        event_team_id=place.id,
        submission_id=submission.id,
        filename=filename,
    )
    db.session.commit()


@bp.get("/<string(length=40):hash_>/<filename>")
@writes
@guards.approved_required
def source_file(hash_: str, filename: str) -> Response:
    """Download a file of a submission."""
    submission, seen = sight.load(hash_)
    if not seen.code:
        raise NotFoundError(str(NO_FILE))
    content = source(submission, filename)
    note_look(submission, seen, filename)
    return download(content, filename)


@bp.get("/<string(length=40):hash_>/submission.zip")
@writes
@guards.approved_required
def all_sources(hash_: str) -> Response:
    """Download all files of a submission."""
    submission, seen = sight.load(hash_)
    if not seen.code:
        raise NotFoundError(str(NO_FILE))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in submission.files:
            archive.writestr(file.filename, source(submission, file.filename))
    note_look(submission, seen)
    filename = f"{submission.name}.zip"
    return download(packed.getvalue(), filename, mimetype="application/zip")


@bp.get("/<string(length=40):hash_>/error.txt")
@guards.approved_required
def error_text(hash_: str) -> Response:
    """Tell how a submission failed, as far as the event shows it."""
    submission, seen = sight.load(hash_)
    if not (seen.log and submission.is_error):
        raise NotFoundError(str(NO_FILE))
    return plain(failures.text_of(submission, is_full=seen.full_log))


@bp.get("/<string(length=40):hash_>/log_<int:number>.txt")
@guards.approved_required
def log(hash_: str, number: int) -> Response:
    """Show what a fold printed."""
    submission, seen = sight.load(hash_)
    if not seen.full_log:
        raise NotFoundError(str(NO_FILE))
    content = store().read_fold(submission.folder, number, "log.txt")
    if content is None:
        raise NotFoundError(gettext("This fold has left no log."))
    return plain(content.decode("utf-8", "replace"))

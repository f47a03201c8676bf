"""The sandbox: write, upload, import, and submit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import access
from databoard.errors import DuplicateError, InvalidError, NotFoundError
from databoard.services import sandbox as services
from databoard.services import submissions as submission_services
from databoard.store.models import Event, EventTeam, SandboxFile, Submission
from databoard.store.queries import submissions
from databoard.web import event_pages, guards
from databoard.web.downloads import download
from databoard.web.event_pages import installation
from databoard.web.extensions import db
from databoard.web.participants.blueprint import bp
from databoard.web.participants.event import take_part
from databoard.web.participants.uploads import DATA, TEXT, as_text, sent_files


@dataclass(frozen=True)
class Part:
    """One file of the sandbox as the page shows it."""

    name: str
    type: str
    filename: str
    text: str = ""
    n_bytes: int | None = None
    error_line: int | None = None

    @property
    def field(self) -> str:
        """Name of the input that carries it."""
        return f"{DATA if self.type == 'data' else TEXT}{self.filename}"


# ---- showing -------------------------------------------------------------------------------------


@bp.get("/events/<event>/sandbox")
@guards.approved_required
def sandbox(event: str) -> ResponseReturnValue:
    """Show what the team is writing."""
    loaded, place = take_part(event)
    return _page(loaded, place)


@bp.get("/events/<event>/sandbox/<filename>")
@guards.approved_required
def sandbox_file(event: str, filename: str) -> ResponseReturnValue:
    """Download a file of the sandbox."""
    _, place = take_part(event)
    row = next((f for f in services.files(db.session(), place) if f.filename == filename), None)
    if row is None:
        raise NotFoundError("There is no such file in your sandbox.")
    return download(row.content, filename)


def _page(
    event: Event,
    place: EventTeam,
    *,
    typed: Mapping[str, bytes] | None = None,
    error: InvalidError | None = None,
) -> str:
    rows = services.files(db.session(), place)
    contents = {row.filename: row.content for row in rows} | dict(typed or {})
    elements = event.problem.workflow.elements
    return render_template(
        "participants/sandbox.html",
        parts_of_sandbox=[_part(e, contents, error) for e in elements],
        filenames=", ".join(e.filename for e in elements),
        version=_version(rows),
        changed_at=max((row.updated_at for row in rows), default=None),
        allowance=submission_services.allowance(db.session(), place, guards.now()),
        earlier=submissions.of_team(db.session(), place.id),
        key=secrets.token_hex(16),
        error=error,
        event_team=place,
        **event_pages.frame(event),
    )


def _part(element: Any, contents: Mapping[str, bytes], error: InvalidError | None) -> Part:
    content = contents.get(element.filename)
    is_wrong = error is not None and error.field == element.filename
    return Part(
        element.name,
        element.type,
        element.filename,
        "" if content is None or element.type == "data" else as_text(content),
        None if content is None else len(content),
        getattr(error, "line", None) if is_wrong else None,
    )


def _version(rows: list[SandboxFile]) -> int:
    """Version of the sandbox as a whole: it grows with every change of a file."""
    return sum(row.version for row in rows)


# ---- saving --------------------------------------------------------------------------------------


def _save(place: EventTeam, files: Mapping[str, bytes]) -> int:
    """Keep what was sent, unless somebody saved since the page was opened.

    Raises
    ------
    DuplicateError
        Then nothing is overwritten.
    InvalidError
        If a file is not one of the workflow, or too large.
    """
    session = db.session()
    rows = {row.filename: row for row in services.files(session, place)}
    base = request.form.get("draft_version", "")
    is_changed = any(
        name not in rows or rows[name].content != content for name, content in files.items()
    )
    if is_changed and base and base != str(_version(list(rows.values()))):
        raise DuplicateError(
            "Your sandbox was saved elsewhere meanwhile, in another tab or by a team mate. "
            "Save once more to replace that by what you see here."
        )
    for name, content in files.items():
        services.save(
            session,
            place,
            name,
            content,
            base_version=rows[name].version if name in rows else None,
            user=guards.me(),
            now=guards.now(),
        )
    return _version(services.files(session, place))


@bp.post("/events/<event>/sandbox/draft")
@guards.approved_required
def save_draft(event: str) -> ResponseReturnValue:
    """Keep what is being typed; the page does this by itself."""
    _, place = take_part(event)
    version = _save(place, sent_files(place))
    db.session.commit()
    return jsonify(version=version)


@bp.post("/events/<event>/sandbox/save")
@guards.approved_required
def save_sandbox(event: str) -> ResponseReturnValue:
    """Keep what was typed and uploaded."""
    loaded, place = take_part(event)
    typed: dict[str, bytes] = {}
    try:
        typed = sent_files(place)
        _save(place, typed)
    except InvalidError as error:
        return _refuse(loaded, place, typed, error)
    db.session.commit()
    flash("Saved.", "success")
    return redirect(url_for("participants.sandbox", event=loaded.name))


@bp.post("/events/<event>/sandbox/import")
@guards.approved_required
def import_submission(event: str) -> ResponseReturnValue:
    """Put the files of a submission that one may read into the sandbox."""
    loaded, place = take_part(event)
    submission = _readable(request.form.get("hash", ""), loaded)
    services.import_submission(
        db.session(),
        place,
        submission,
        submissions_dir=installation().submissions_dir,
        user=guards.me(),
        now=guards.now(),
    )
    db.session.commit()
    flash(f"{submission.name} is in your sandbox now.", "success")
    return redirect(url_for("participants.sandbox", event=loaded.name))


def _readable(hash_: str, event: Event) -> Submission:
    submission, role = guards.load_submission(hash_)
    may_read = access.may_see_code(
        role,
        now=guards.now(),
        public_opening=event.public_opening_at,
        closing=event.closing_at,
        participates=guards.standing(event).participates,
    )
    if submission.event_id != event.id or not may_read:
        raise NotFoundError("There is no such submission, or none that you may see.")
    return submission


# ---- submitting ----------------------------------------------------------------------------------


@bp.post("/events/<event>/sandbox")
@guards.approved_required
def submit(event: str) -> ResponseReturnValue:
    """Submit what was typed and uploaded, and keep it in the sandbox too."""
    loaded, place = take_part(event)
    files: dict[str, bytes] = {}
    try:
        files = sent_files(place)
        _save_before_submitting(place, files)
        submission = submission_services.submit(
            db.session(),
            place,
            request.form.get("name", ""),
            _complete(place, files),
            submissions_dir=installation().submissions_dir,
            now=guards.now(),
            user=guards.me(),
            comment=request.form.get("comment", ""),
            key=request.form.get("key") or None,
            as_admin=guards.standing(loaded).is_admin,
        )
    except InvalidError as error:
        return _refuse(loaded, place, files, error)
    db.session.commit()
    return redirect(url_for("leaderboards.submission", hash_=submission.hash_))


def _save_before_submitting(place: EventTeam, files: Mapping[str, bytes]) -> None:
    """Keep the draft whatever becomes of the submission, and a team mate's newer one too."""
    try:
        _save(place, files)
    except DuplicateError:
        db.session.rollback()
        flash("The sandbox keeps what was saved there meanwhile; yours was submitted.", "info")
        return
    db.session.commit()


def _complete(place: EventTeam, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Take from the sandbox what the form did not send: data that was uploaded earlier."""
    stored = {row.filename: row.content for row in services.files(db.session(), place)}
    return stored | dict(files)


def _refuse(
    event: Event, place: EventTeam, typed: Mapping[str, bytes], error: InvalidError
) -> ResponseReturnValue:
    """Show the sandbox as it was sent, and what is wrong with it where it is wrong."""
    db.session.rollback()
    response = Response(_page(event, place, typed=typed, error=error), status=error.status)
    response.headers["Cache-Control"] = "no-store"
    return response

"""The sandbox: write, upload, import, and submit."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.errors import DuplicateError, InvalidError, NotFoundError, UploadError
from databoard.services import sandbox as services
from databoard.services import submissions as submission_services
from databoard.store.models import Event, EventTeam
from databoard.store.queries import submissions
from databoard.web import event_pages, guards
from databoard.web.downloads import download
from databoard.web.event_pages import installation
from databoard.web.extensions import db
from databoard.web.language import gettext as _
from databoard.web.language import said
from databoard.web.participants import checks, drafts, imports
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


@dataclass
class Sent:
    """What this request brings to a sandbox; shown again if something is wrong with it."""

    event: Event
    place: EventTeam
    files: dict[str, bytes] = field(default_factory=dict)

    def read(self) -> dict[str, bytes]:
        """Read what was typed and uploaded."""
        self.files = sent_files(self.place)
        return self.files

    def complete(self) -> Mapping[str, bytes]:
        """Keep it as the draft, and give all that is in the sandbox then."""
        drafts.save_first(self.place, self.read())
        return drafts.complete(self.place, self.files)

    def key(self) -> str | None:
        """Name this very request: a click too many is one, another text from the same page none.

        A browser that goes back shows the page with the key that was sent already.
        """
        key = request.form.get("key")
        if not key:
            return None
        digest = hashlib.sha256(f"{key}\0{request.form.get('name', '').strip()}\0".encode())
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def refuse(self, error: InvalidError) -> Response:
        """Show the sandbox as it was sent, and what is wrong with it where it is wrong."""
        db.session.rollback()
        page = _page(self.event, self.place, typed=self.files, error=error)
        response = Response(page, status=error.status)
        response.headers["Cache-Control"] = "no-store"
        return response


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
    place = take_part(event)[1]
    row = next((f for f in services.files(db.session(), place) if f.filename == filename), None)
    if row is None:
        raise NotFoundError(_("There is no such file in your sandbox."))
    return download(row.content, filename)


def _page(
    event: Event,
    place: EventTeam,
    *,
    typed: Mapping[str, bytes] | None = None,
    error: InvalidError | None = None,
) -> str:
    rows = services.files(db.session(), place)
    check = checks.panel(event, place)
    contents = {row.filename: row.content for row in rows} | dict(typed or {})
    elements = event.problem.workflow.elements
    return render_template(
        "participants/sandbox.html",
        parts_of_sandbox=[_part(e, contents, error, check) for e in elements],
        filenames=", ".join(e.filename for e in elements),
        version=drafts.version(rows),
        changed_at=max((row.updated_at for row in rows), default=None),
        allowance=submission_services.allowance(db.session(), place, guards.now()),
        others=imports.offered(event, place),
        earlier=submissions.of_team(db.session(), place.id),
        key=secrets.token_hex(16),
        check=Markup(checks.shown(event, place)),  # noqa: S704 - our own template's text
        error=error,
        event_team=place,
        **event_pages.frame(event),
    )


def _part(
    element: Any, contents: Mapping[str, bytes], error: InvalidError | None, check: checks.Panel
) -> Part:
    content = contents.get(element.filename)
    name, line = check.failing or ("", None)
    if error is not None:
        name, line = error.field or "", getattr(error, "line", None)
    return Part(
        element.name,
        element.type,
        element.filename,
        "" if content is None or element.type == "data" else as_text(content),
        None if content is None else len(content),
        line if name == element.filename else None,
    )


# ---- saving --------------------------------------------------------------------------------------


@bp.post("/events/<event>/sandbox/draft")
@guards.approved_required
def save_draft(event: str) -> ResponseReturnValue:
    """Keep what is being typed; the page does this by itself."""
    place = take_part(event)[1]
    try:
        version = drafts.save(place, sent_files(place))
    except DuplicateError as error:
        db.session.rollback()
        return _both(place, error)
    db.session.commit()
    return jsonify(version=version)


def _both(place: EventTeam, error: DuplicateError) -> ResponseReturnValue:
    """Answer a page that is behind: what somebody else saved, so that the person may choose."""
    rows = services.files(db.session(), place)
    types = {e.filename: e.type for e in place.event.problem.workflow.elements}
    last = max(rows, key=lambda row: row.updated_at)
    return jsonify(
        error={"status": error.status, "message": said(error.message)},
        version=drafts.version(rows),
        saved_at=last.updated_at.isoformat(),
        texts={
            f"{TEXT}{row.filename}": as_text(row.content)
            for row in rows
            if types.get(row.filename) != "data"
        },
    ), error.status


@bp.post("/events/<event>/sandbox/save")
@guards.approved_required
def save_sandbox(event: str) -> ResponseReturnValue:
    """Keep what was typed and uploaded."""
    sent = Sent(*take_part(event))
    try:
        drafts.save(sent.place, sent.read())
    except InvalidError as error:
        return sent.refuse(error)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for("participants.sandbox", event=sent.event.name))


# ---- submitting ----------------------------------------------------------------------------------


@bp.post("/events/<event>/sandbox")
@guards.approved_required
def submit(event: str) -> ResponseReturnValue:
    """Submit what was typed and uploaded, and keep it in the sandbox too."""
    sent = Sent(*take_part(event))
    try:
        submission = submission_services.submit(
            db.session(),
            sent.place,
            request.form.get("name", ""),
            sent.complete(),
            submissions_dir=installation().submissions_dir,
            now=guards.arrived(),
            user=guards.me(),
            comment=request.form.get("comment", ""),
            key=sent.key(),
            as_admin=guards.standing(sent.event).is_admin,
        )
    except InvalidError as error:
        return sent.refuse(error)
    db.session.commit()
    return redirect(url_for("leaderboards.submission", hash_=submission.hash_))


# ---- checking ------------------------------------------------------------------------------------


@bp.post("/events/<event>/sandbox/check")
@guards.approved_required
def check(event: str) -> ResponseReturnValue:
    """Try what was typed and uploaded on a few public rows: free, and in seconds."""
    sent = Sent(*take_part(event))
    try:
        services.check(
            db.session(),
            sent.place,
            sent.complete(),
            submissions_dir=installation().submissions_dir,
            user=guards.me(),
            now=guards.now(),
        )
    except InvalidError as error:
        # What is wrong with a file is what a check is for; anything else is a refusal.
        if "HX-Request" not in request.headers:
            return sent.refuse(error)
        if not isinstance(error, UploadError):
            raise
        return _panel(sent.event, sent.place, checks.refused(error))
    db.session.commit()
    if "HX-Request" in request.headers:
        return _panel(sent.event, sent.place)
    return redirect(url_for("participants.sandbox", event=sent.event.name, _anchor="check"))


def _panel(event: Event, place: EventTeam, what: checks.Panel | None = None) -> Response:
    """Answer a page that stays open: the panel, and the version of what was saved with it."""
    response = Response(checks.shown(event, place, what))
    saved = {"version": drafts.version(services.files(db.session(), place))}
    response.headers["HX-Trigger"] = json.dumps({"databoard:saved": saved})
    response.headers["Cache-Control"] = "no-store"
    return response

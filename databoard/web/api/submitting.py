"""Submitting by a program: once per idempotency key, however often it is sent."""

from __future__ import annotations

from flask import Response, g, jsonify, request, url_for

from databoard.errors import ForbiddenError, InvalidError, TooLargeError, UploadError
from databoard.kits.deposits import unpack
from databoard.services import submissions, tokens
from databoard.store.models import EventTeam
from databoard.store.queries import submissions as queries
from databoard.web import guards
from databoard.web.api.blueprint import acting_user, bp
from databoard.web.extensions import db

MAX_KEY = 80
SHAPE = 'Send {"name": "...", "files": {"classifier.py": "..."}}.'


@bp.post("/events/<event>/submissions")
def submit(event: str) -> tuple[Response, int]:
    """Submit files for the user's team.

    As JSON ``{"name": ..., "files": {filename: text}, "comment": ...}``, or as a form with
    ``name`` and ``files`` (several, or one zip). The header ``Idempotency-Key`` makes a repeated
    request the same one: 201 the first time, 200 with the same submission again.
    """
    user = acting_user("submit")
    found = guards.load_event(event)
    standing = guards.standing(found)
    place = standing.event_team
    if place is None:
        raise ForbiddenError("You do not take part in this event yet: join it on its page.")
    key = _key()
    is_known = key is not None and queries.by_key(db.session(), place.id, key) is not None
    name, comment, files = _sent(place)
    submission = submissions.submit(
        db.session(),
        place,
        name,
        files,
        submissions_dir=guards.settings().submissions_dir,
        now=guards.arrived(),
        user=user,
        comment=comment,
        key=key,
        as_admin=standing.is_admin,
    )
    tokens.touch(db.session(), g.token, now=guards.now())
    db.session.commit()
    body = jsonify(
        hash=submission.hash_,
        name=submission.name,
        state=submission.state,
        url=url_for(".submission", hash_=submission.hash_),
    )
    return body, 200 if is_known else 201


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > MAX_KEY:
        raise InvalidError(f"An Idempotency-Key has at most {MAX_KEY} characters.", "key")
    return f"api:{key}"[:MAX_KEY] if key else None


def _sent(place: EventTeam) -> tuple[str, str, dict[str, bytes]]:
    """Read name, comment and files of a request, whichever way they came."""
    if request.is_json:
        return _sent_json()
    max_bytes = place.event.max_upload_kb * 1024
    files: dict[str, bytes] = {}
    for upload in request.files.getlist("files"):
        content = upload.stream.read(2 * max_bytes + 1)
        if len(content) > 2 * max_bytes:
            raise TooLargeError(f"A file has at most {place.event.max_upload_kb:,} kB.", "files")
        if (upload.filename or "").lower().endswith(".zip"):
            files |= unpack(content, max_bytes=max_bytes)
        else:
            files[upload.filename or ""] = content
    return request.form.get("name", ""), request.form.get("comment", ""), files


def _sent_json() -> tuple[str, str, dict[str, bytes]]:
    try:
        body = request.get_json()
    except RecursionError:  # lists in lists in lists
        body = None
    if not isinstance(body, dict):
        raise InvalidError(SHAPE, "files")
    name, comment, files = body.get("name", ""), body.get("comment", ""), body.get("files")
    if not (isinstance(name, str) and isinstance(comment, str) and isinstance(files, dict)):
        raise InvalidError(SHAPE, "files")
    if not all(isinstance(text, str) for text in files.values()):
        raise UploadError("Each file is a text; send data files as a form.", "files")
    try:
        return name, comment, {filename: text.encode() for filename, text in files.items()}
    except UnicodeEncodeError as error:
        raise UploadError("A file has half of a pair of surrogates: no text.", "files") from error

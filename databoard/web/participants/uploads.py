"""What a form of the sandbox carries: typed texts, chosen files and zips, as names and bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import request
from werkzeug.datastructures import FileStorage

from databoard.errors import TooLargeError, UploadError
from databoard.kits.deposits import text_of, unpack
from databoard.services import sandbox as services
from databoard.store.models import EventTeam
from databoard.web.extensions import db
from databoard.web.language import gettext as _

#: What the names of inputs start with, before the name of the file that they carry.
TEXT = "text-"
DATA = "data-"


def as_text(content: bytes) -> str:
    """Read a file for the editor, which knows line feeds only."""
    return content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def sent_files(place: EventTeam) -> dict[str, bytes]:
    """Read the files of the form; an uploaded file wins over a typed one of its name.

    Raises
    ------
    UploadError, TooLargeError
        If there is an unknown file, a zip that cannot be read, or code that is no UTF-8 text.
    """
    max_bytes = place.event.max_upload_kb * 1024
    types = {element.filename: element.type for element in place.event.problem.workflow.elements}
    names = list(types)
    files = dict(_typed(place))
    for field, chosen in request.files.items(multi=True):
        if not chosen.filename:
            continue
        if field.startswith(DATA):
            files[field.removeprefix(DATA)] = _read(chosen, max_bytes)
        else:
            uploaded = _uploaded(chosen, names, max_bytes)
            for name, content in uploaded.items():
                if types.get(name, "data") != "data":
                    text_of(name, content)  # or the editor would show what it is not
            files |= uploaded
    unknown = [name for name in files if name not in names]
    if unknown:
        raise UploadError(
            _(
                "%(file)s is not a file of this event. It takes %(files)s.",
                file=ascii(unknown[0])[:80],
                files=", ".join(names),
            ),
            "uploads",
        )
    return files


def _typed(place: EventTeam) -> Iterator[tuple[str, bytes]]:
    stored = {row.filename: row.content for row in services.files(db.session(), place)}
    for field, text in request.form.items():
        if not field.startswith(TEXT):
            continue
        name = field.removeprefix(TEXT)
        # Forms end lines with CR LF whatever was typed; a file that nobody changed stays as it is.
        content = text.replace("\r\n", "\n").encode("utf-8", "replace")
        old = stored.get(name)
        is_same = old is not None and as_text(old).encode("utf-8", "replace") == content
        yield name, old if is_same and old is not None else content


def _uploaded(chosen: FileStorage, names: list[str], max_bytes: int) -> dict[str, bytes]:
    # Some browsers send a whole path.
    name = re.split(r"[\\/]", chosen.filename or "")[-1]
    if name.lower().endswith(".zip") and name not in names:
        return unpack(_read(chosen, max_bytes * max(1, len(names))), max_bytes=max_bytes)
    return {name: _read(chosen, max_bytes)}


def _read(chosen: FileStorage, max_bytes: int) -> bytes:
    content = chosen.stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        name = chosen.filename or _("The file")
        raise TooLargeError(
            _(
                "%(file)s is larger than the %(size)s kB that this event takes.",
                file=ascii(name)[:80],
                size=f"{max_bytes // 1024:,}",
            ),
            "uploads",
        )
    return content

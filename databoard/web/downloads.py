"""Files of participants as downloads: never shown by the browser as a page of ours."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response
from werkzeug.http import dump_options_header


def download(
    content: bytes | Iterator[bytes], filename: str, *, mimetype: str = "text/plain"
) -> Response:
    """Answer with a file that the browser saves and does not interpret (threats W4)."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = dump_options_header(
        "attachment", {"filename": filename}
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def plain(text: str) -> Response:
    """Answer with text that is shown as it is."""
    response = Response(text, mimetype="text/plain")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response

"""Smaller answers: pages and JSON are compressed for browsers that ask for it."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

MIN_BYTES = 1400  # what fits one packet gains nothing
LEVEL = 4
TYPES = frozenset({"text/html", "application/json", "text/csv", "text/plain", "image/svg+xml"})


def _compress(response: Response) -> Response:
    if (
        response.mimetype not in TYPES
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or response.status_code != 200
    ):
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) < MIN_BYTES or not request.accept_encodings.quality("gzip"):
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


def init_compression(app: Flask) -> None:
    """Compress what an application answers."""
    app.after_request(_compress)

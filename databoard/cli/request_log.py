"""One line per request, written as soon as the answer begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TextIO

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestLog:
    """Middleware that writes address, time, request, status and seconds."""

    def __init__(self, app: WSGIApplication, stream: TextIO) -> None:
        self.app = app
        self.stream = stream

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        began = time.perf_counter()

        def log_and_start(status: str, headers: list[Any], *exc_info: Any) -> Any:
            query = environ.get("QUERY_STRING", "")
            path = environ.get("PATH_INFO", "") + (f"?{query}" if query else "")
            line = (
                f"{environ.get('REMOTE_ADDR', '-')} "
                f"[{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z}] "
                f'"{environ["REQUEST_METHOD"]} {path}" {status.split()[0]} '
                f"{time.perf_counter() - began:.3f} s"
            )
            # A path may hold anything, line breaks too.
            print(line.encode("unicode_escape").decode("ascii"), file=self.stream, flush=True)
            return start_response(status, headers, *exc_info)

        return self.app(environ, log_and_start)

"""The web server of a laptop or a class room; production has gunicorn."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

from flask import Flask
from waitress.server import create_server
from werkzeug.middleware.profiler import ProfilerMiddleware

from databoard.cli import postman
from databoard.cli.request_log import RequestLog, WSGIApplication
from databoard.errors import InvalidError
from databoard.settings import Settings

Port = Annotated[int, "port to listen on"]
Host = Annotated[str, "address to listen on"]


def serve(settings: Settings, port: Port = 8080, host: Host = "0.0.0.0") -> str:  # noqa: S104
    """Run the web server, and send the letters that it writes."""
    postman.start(settings)
    _listen(RequestLog(_make_app(settings), sys.stdout), host, port, n_threads=8)
    return ""


def profile(
    settings: Settings,
    port: Port = 8080,
    profiling_file: Annotated[
        str, "file that the report of every request goes to"
    ] = "profiler.log",
    host: Host = "127.0.0.1",
) -> str:
    """Run the web server under the profiler."""
    with Path(profiling_file).open("a", buffering=1) as file:
        app = ProfilerMiddleware(_make_app(settings), stream=file, restrictions=(40,))
        print(f"Every request is profiled to {profiling_file}.", flush=True)
        # One thread: the profiler watches one call at a time.
        _listen(RequestLog(app, sys.stdout), host, port, n_threads=1)
    return ""


def mail(settings: Settings, once: Annotated[bool, "end when no letter is due"] = False) -> str:
    """Run the mailer where no development server does: it sends the letters that are due."""
    n_sent = postman.run(settings, once=once)
    return f"Sent {n_sent} letters."


def _make_app(settings: Settings) -> Flask:
    # Here, because the other commands need no page and start three times as fast without.
    from databoard.web.app import create_app
    from databoard.web.warming import warm_up

    app = create_app(settings)
    warm_up(app)
    return app


def _listen(app: WSGIApplication, host: str, port: int, *, n_threads: int) -> None:
    try:
        server = create_server(app, host=host, port=port, threads=n_threads, ident=None)
    except OSError as error:
        raise InvalidError(
            f"Port {port} cannot be had ({error.strerror}); choose another: fab serve:{port + 1}"
        ) from None
    except (OverflowError, ValueError):
        raise InvalidError(f"There is no port {port}.") from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Serving on http://{host}:{port}/ (Ctrl-C stops it)", flush=True)
    server.run()

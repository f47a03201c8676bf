"""databoard and a bare Flask view in one server, for `board_cached`."""

from __future__ import annotations

from flask import Flask

from databoard.web.app import create_app

bare = Flask("bare")


@bare.get("/bare")
def hello() -> str:
    """Say as little as a Flask view can."""
    return "hello"


app = create_app()
ours = app.wsgi_app


def choose(environ, start_response):
    """Send ``/bare`` to the bare view, all else to databoard."""
    chosen = bare.wsgi_app if environ["PATH_INFO"] == "/bare" else ours
    return chosen(environ, start_response)


app.wsgi_app = choose

"""databoard and a bare Flask view in one server, for `board_cached`."""

from __future__ import annotations

from flask import Flask

from databoard.web.app import create_app

bare = Flask("bare")


@bare.get("/bare")
def hello() -> str:
    """Say as little as a Flask view can."""
    return "hello"


site = create_app()


def app(environ, start_response):
    """Send ``/bare`` to the bare view, all else to databoard."""
    chosen = bare if environ["PATH_INFO"] == "/bare" else site
    return chosen.wsgi_app(environ, start_response)

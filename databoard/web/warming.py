"""What a process of the site does before its first visitor: nobody waits for its start."""

from __future__ import annotations

import gc

from flask import Flask

from databoard.store.base import Base


def warm_up(app: Flask) -> None:
    """Have all templates and tables ready, in about a second."""
    Base.registry.configure()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    # What is here now stays: looked through again and again it would cost some request 0.1 s.
    gc.collect()
    gc.freeze()

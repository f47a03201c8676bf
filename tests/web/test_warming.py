"""The first visitor after a start waits for nothing that could have been done before."""

from __future__ import annotations

import gc

from databoard.web.warming import warm_up


def test_no_page_loads_a_template_once_a_process_is_warm(app, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a template is loaded while somebody waits")

    try:
        warm_up(app)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
    monkeypatch.setattr(app.jinja_env.loader, "load", refuse)

    for address in ("/", "/log-in", "/help", "/nowhere"):
        assert app.test_client().get(address).status_code < 500

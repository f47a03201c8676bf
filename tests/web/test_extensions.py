from __future__ import annotations

from pathlib import Path

import pytest

from databoard.store.engine import reading_only
from databoard.web.extensions import database_url, writes


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///db/databoard.db", "sqlite:////srv/board/db/databoard.db"),
        ("sqlite:////var/board.db", "sqlite:////var/board.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://user:word@host/board", "postgresql://user:word@host/board"),
    ],
)
def test_a_relative_database_file_lies_in_the_installation(make_settings, given, used):
    settings = make_settings(database_url="sqlite://")
    settings = type(settings)(
        **{**settings.__dict__, "database_url": given, "root": Path("/srv/board")}
    )

    assert database_url(settings) == used


def test_pages_that_only_read_take_no_write_lock(app):
    seen = []
    note = lambda: str(seen.append(reading_only.get()))  # noqa: E731
    app.add_url_rule("/both", endpoint="both", view_func=note, methods=["GET", "POST"])
    app.add_url_rule("/noting", endpoint="noting", view_func=writes(lambda: note()))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()

    client.get("/both")
    client.post("/both")
    client.get("/noting")

    assert seen == [True, False, False]
    assert reading_only.get() is False

from __future__ import annotations

import gzip

import pytest

from databoard.web.polling import event_version, fresh
from tests.builders import make_event


@pytest.fixture
def polled(app):
    app.add_url_rule("/part", endpoint="part", view_func=lambda: fresh(7, lambda: "<p>seven</p>"))
    return app.test_client()


def test_who_has_the_version_gets_nothing(polled):
    response = polled.get("/part?v=7")

    assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize("query", ["", "?v=6", "?v=seven"])
def test_who_has_another_version_gets_the_part_and_its_version(polled, query):
    response = polled.get("/part" + query)

    assert response.text == "<p>seven</p>"
    assert response.headers["X-Version"] == "7"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_version_of_an_event_is_asked_of_the_database(app, rows):
    event = make_event(rows)
    rows.commit()

    with app.app_context():
        assert event_version(event.id) == event.version


def test_a_long_page_is_compressed_and_a_short_one_is_not(app):
    app.add_url_rule("/long", endpoint="long", view_func=lambda: "long " * 1000)
    app.add_url_rule("/short", endpoint="short", view_func=lambda: "short")
    client = app.test_client()

    long = client.get("/long", headers={"Accept-Encoding": "gzip"})
    short = client.get("/short", headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(long.data).startswith(b"long long")
    assert "Content-Encoding" not in short.headers

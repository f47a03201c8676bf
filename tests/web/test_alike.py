"""What organisers are shown of submissions that are nearly the same."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.builders import make_scored_submission
from tests.web.scenes import CODE, make_scene, with_files

URL = "/admin/events/open/alike"


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root)


def test_nothing_alike_is_explained(app, log_in, scene):
    assert "Nothing is alike" in log_in(scene.organiser, app.test_client()).get(URL).text


def test_an_organiser_is_shown_the_pair_and_how_to_compare_it(app, log_in, rows, scene):
    code = CODE + b"".join(b"    y%d = f(%d)\n" % (i, i) for i in range(20))
    for one in (scene.ladies, scene.men):
        with_files(scene, make_scored_submission(rows, one, "twin", score=0.95), code)
    rows.commit()

    page = soup(log_in(scene.organiser, app.test_client()).get(URL))

    (row,) = page.select("tbody tr")
    assert row.text.count("twin") == 2
    assert "ladies" in row.text
    assert "men" in row.text
    assert "100 %" in row.text
    assert "/compare?a=" in row.select_one("a.btn")["href"]


def test_teams_are_not(app, log_in, scene):
    assert log_in(scene.ada, app.test_client()).get(URL).status_code in (403, 404)

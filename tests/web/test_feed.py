"""What happened in an event: only what the visitor may see anyway."""

from __future__ import annotations

import pytest

from databoard.store.models import Announcement
from tests.builders import make_scored_submission
from tests.web.scenes import ago, make_scene

URL = "/events/open/activity"


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root)


@pytest.fixture
def ada(log_in, scene):
    return log_in(scene.ada)


def test_joins_scores_and_the_best_so_far_are_told(ada, rows, scene):
    rows.add(Announcement(event_id=scene.event.id, text="Prizes!", at=ago(hours=1)))
    rows.commit()

    text = ada.get(URL).text

    assert "ladies joined." in text
    assert "is the best so far" in text
    assert "Prizes!" in text


def test_who_may_not_see_the_board_reads_of_no_team(client, scene):
    text = client.get(URL).text

    assert "ladies" not in text
    assert "the best so far" not in text


def test_an_anonymous_event_names_nobody(ada, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()

    text = ada.get(f"{URL}/rows").text

    assert "men" not in text.replace("comment", "")
    assert "A team joined." in text


def test_private_scores_are_not_told(ada, rows, scene):
    secret = make_scored_submission(rows, scene.men, "late", score=0.8, submitted_at=ago())
    for score in secret.scores:
        score.private = 0.123456
    rows.commit()

    assert "0.123" not in ada.get(URL).text


def test_an_open_page_asks_for_news_only(ada, scene):
    first = ada.get(f"{URL}/rows")

    again = ada.get(f"{URL}/rows?v={first.headers['X-Version']}")

    assert again.status_code == 204


def test_the_starting_kit_can_be_read_on_the_page(ada, client, settings, scene):
    folder = settings.problems_dir / scene.event.problem.name / "starting_kit"
    folder.mkdir(parents=True)
    (folder / "classifier.py").write_text("first = 1\n")

    assert "first" in ada.get("/events/open/kit").text
    assert (
        "For those who are logged in" in ada.application.test_client().get("/events/open/kit").text
    )

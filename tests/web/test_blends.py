"""The page that asks what submissions would score together."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from databoard.services import blends
from databoard.store.queries import blends as queries
from tests.web.scenes import ago, ahead, counting, make_scene

URL = "/events/open/blends"


@pytest.fixture
def scene(rows, settings):
    return make_scene(
        rows, settings.root, opening_at=ago(days=2), public_opening_at=ahead(hours=1),
        closing_at=ahead(days=1),
    )  # fmt: skip


@pytest.fixture
def ada(app, log_in, scene):
    return log_in(scene.ada, app.test_client())


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


def ask(client, parts):
    token = soup(client.get(URL)).select_one("[name=csrf_token]")["value"]
    fields = {f"parts-{key}": number for key, number in parts.items()}
    return client.post(URL, data={"csrf_token": token, **fields})


def names(page):
    return [link.text for link in page.select("form td:first-child a")]


def test_before_the_opening_one_blends_ones_own(ada, scene):
    assert names(soup(ada.get(URL))) == ["forest"]
    assert ask(ada, {scene.other.id: 1}).status_code == 404


def test_after_it_those_of_all(ada, rows, scene):
    scene.event.public_opening_at = ago(hours=1)
    rows.commit()

    assert names(soup(ada.get(URL))) == ["forest", "boosting"]
    assert ask(ada, {scene.own.id: 2, scene.other.id: 1}).status_code == 302
    page = soup(ada.get(URL))
    assert "2 × forest, 1 × boosting" in page.text
    assert "being computed" in page.text

    (question,) = queries.of_user(rows, scene.event.id, scene.ada.id, 5)
    blends.answer(rows, question.id, {scene.event.official_score.name: 0.875}, now=ago())
    rows.commit()
    version = page.select_one("[data-live]")["data-version"]
    fresh = ada.get(f"{URL}/asked?v={version}")

    assert "0.875" in fresh.text
    assert ada.get(f"{URL}/asked?v={fresh.headers['X-Version']}").status_code == 204


def test_a_poll_that_finds_nothing_new_lists_no_submissions(app, ada, scene):
    ask(ada, {scene.own.id: 2})
    version = soup(ada.get(URL)).select_one("[data-live]")["data-version"]

    with counting(app) as questions:
        answer = ada.get(f"{URL}/asked?v={version}")

    assert answer.status_code == 204
    assert not any("submission_scores" in question for question in questions)


def test_what_is_no_number_is_said_and_kept(ada, scene):
    answer = ask(ada, {scene.own.id: "many"})

    assert answer.status_code == 422
    assert "whole numbers" in answer.text
    assert 'value="many"' in answer.text


def test_a_ladder_is_not_asked_in_this_way(ada, rows, scene):  # L15
    scene.event.has_ladder = True
    rows.commit()

    assert ada.get(URL).status_code == 403


def test_a_frozen_board_freezes_blends(ada, rows, scene):
    scene.event.freeze_at = ago(hours=1)
    rows.commit()

    assert ada.get(URL).status_code == 403

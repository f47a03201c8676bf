"""What pages say about how sure a rank is, what is tied, what a team tried and how it is judged."""

from __future__ import annotations

import numpy as np
import pytest
from bs4 import BeautifulSoup

from databoard.services import analysis
from databoard.store.influences import Influences, kind_of
from databoard.store.queries import analysis as queries
from databoard.training.analysis import npy
from tests.builders import make_scored_submission
from tests.web.scenes import ahead, make_scene, with_files

URL = "/events/open/leaderboard"


@pytest.fixture
def scene(rows, settings):
    """Three close submissions and a bad one, analysed."""
    made = make_scene(rows, settings.root, closing_at=ahead(days=1))
    made.close = with_files(made, make_scored_submission(rows, made.men, "close", score=0.89))
    made.bad = with_files(
        made, make_scored_submission(rows, made.men, "bad", score=0.2, is_baseline=True)
    )
    made.own.blend_without, made.own.blend_with = 0.8, 0.91
    made.event.combined = {
        "combined": {"valid": [{"accuracy": 0.93}], "test": [{"accuracy": 0.61}]}
    }
    influences, rng = Influences(settings.submissions_dir), np.random.default_rng(0)
    shared = rng.normal(size=200)
    for one in (made.own, made.other, made.close, made.bad):
        kind = kind_of("public", "bagged", made.event.official_score.id)
        vector = npy(0.4 * shared + 0.4 * rng.normal(size=200))
        influences.write(one.folder, one.run, kind, vector)
    rows.flush()
    analysis.refresh(rows, made.event, influences.read)
    rows.commit()
    return made


@pytest.fixture
def as_(app, log_in, scene):
    return lambda name: log_in(getattr(scene, name), app.test_client())


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


def test_a_rank_comes_with_its_interval_and_what_all_achieve(as_):
    page = soup(as_("ada").get(URL))

    first = page.select_one("tr[data-rank='1']")
    assert first.select_one(".rank-interval").text.startswith("[1–")
    assert "95 % certainty" in first.select_one(".rank-bar")["aria-label"]
    assert "is-banded" in first["class"]
    assert "0.930" in page.select_one("tr.is-together").text
    assert "Tied with close by men" in page.select_one(".own-best").text
    assert "would be needed" in page.select_one(".own-best").text


def test_a_ladder_keeps_what_all_achieve_to_the_organisers(as_, rows, scene):
    scene.event.has_ladder = True
    rows.commit()

    assert not soup(as_("ada").get(URL)).select("tr.is-together")
    assert "Contrib." not in as_("ada").get(URL).text
    assert soup(as_("organiser").get(URL)).select("tr.is-together")


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.0, "nothing sets the two apart"),
        (1e-9, "A gap of less than 0.0001"),
        (0.0213, "A gap of 0.0213"),
    ],
)
def test_equals_are_not_asked_for_a_gap_of_nothing(as_, rows, scene, gap, words):
    queries.standing(rows, scene.own.id)["public"].gap = gap
    rows.commit()

    text = " ".join(soup(as_("ada").get(f"/{scene.own.hash_}")).text.split())

    assert words in text
    assert "0.0000" not in text


def test_a_submission_says_what_it_means(as_, rows, scene):
    scene.own.contributivity = scene.own.historical_contributivity = 1.0
    rows.commit()

    text = soup(as_("ada").get(f"/{scene.own.hash_}")).text

    assert "Its share of the combination is now 100 %." in text
    assert "truly somewhere between rank 1 and" in text
    assert "is better than the baseline" in " ".join(text.split())
    assert "from 0.8000 to 0.9100" in text


def test_two_submissions_are_told_apart_or_not(as_, scene):
    compare = f"/compare?a={scene.close.hash_}&b={scene.own.hash_}"

    assert "cannot be told from" in as_("organiser").get(compare).text


def test_a_team_sees_its_steps_and_chooses_what_counts(as_, rows, scene):
    bob = as_("bob")
    steps = soup(bob.get("/events/open/my_submissions/history")).select("tbody tr")
    token = soup(bob.get("/events/open/my_submissions/history")).select_one("[name=csrf_token]")

    answer = bob.post(
        "/events/open/my_submissions/final",
        data={"final": scene.other.hash_, "csrf_token": token["value"]},
    )
    rows.refresh(scene.other)
    rows.commit()

    assert len(steps) == 3
    assert answer.status_code == 302
    assert scene.other.is_final
    shown = soup(as_("ada").get(f"{URL}/competition")).select(
        "tbody tr[data-key] .col-name > a:first-child"
    )
    assert [link.text for link in shown] == ["forest", "boosting"]


def test_who_chooses_too_many_is_told_where_they_choose(as_, scene):
    bob = as_("bob")
    token = soup(bob.get("/events/open/my_submissions/history")).select_one("[name=csrf_token]")

    answer = bob.post(
        "/events/open/my_submissions/final",
        data={"final": ["a", "b"], "csrf_token": token["value"]},
        follow_redirects=True,
    )

    assert answer.request.path == "/events/open/my_submissions/history"
    assert "can be final: at most 1" in answer.text


def test_a_team_is_told_how_much_the_board_has_told_it(as_, rows, scene):  # L15
    page = soup(as_("bob").get("/events/open/my_submissions/history"))

    text = " ".join(page.select_one("main").text.split())
    assert "has answered your team 3 times: at most 30 bits about its 12 examples" in text
    assert "look better than it is by up to 0.99;" in text


def test_a_team_is_told_how_much_its_errors_have_told_it(as_, rows, scene):  # L11
    place = scene.other.event_team
    place.log_bytes_shown, scene.event.log_policy = 1234, "limited"
    rows.commit()

    text = " ".join(soup(as_("bob").get("/events/open/my_submissions/history")).main.text.split())

    assert "Messages of errors have told your team 1 234 of 20 000 bytes" in text


def test_a_frozen_board_says_so(as_, rows, scene):
    scene.event.freeze_at = scene.own.submitted_at
    rows.commit()

    assert "The board is frozen" in as_("ada").get(URL).text
    assert "The board is frozen" not in as_("organiser").get(URL).text


def test_sections_have_ranks_of_their_own(as_, rows, scene):
    scene.men.section = "evening"
    rows.commit()

    page = soup(as_("ada").get(f"{URL}?section=evening"))

    ranks = [
        (row["data-rank"], row.select_one(".col-name a").text)
        for row in page.select("tr[data-key]")
    ]
    assert ranks == [("1", "close"), ("2", "boosting"), ("", "bad")]

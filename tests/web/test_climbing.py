"""What a submission did to its team's rank, and the board for programs."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tests.builders import make_scored_submission
from tests.web.scenes import ago, make_scene


def test_a_submission_says_what_it_did_to_its_teams_rank(log_in, rows, settings):
    scene = make_scene(rows, settings.root)
    for name, place, score, hours in (
        ("low", scene.ladies, 0.6, 3),
        ("middle", scene.men, 0.7, 2),
        ("high", scene.ladies, 0.95, 1),
    ):
        made = make_scored_submission(rows, place, name, score=score, submitted_at=ago(hours=hours))
        setattr(scene, name, made)
    for old in (scene.own, scene.other):
        old.withdrawn_at = ago()
    rows.commit()
    ada = log_in(scene.ada)

    def words(one) -> str:
        page = BeautifulSoup(ada.get(f"/{one.hash_}").data, "html.parser")
        return page.select_one(".live-state").get_text(" ", strip=True)

    assert "First of the team: rank 1" in words(scene.low)
    assert "rank 2 → 1" in words(scene.high)
    assert "▲ 1" in words(scene.high)


def test_marks_tell_what_is_stale_and_what_reproduces(log_in, rows, settings):
    scene = make_scene(rows, settings.root)
    scene.own.is_stale, scene.own.reproduces = True, True
    rows.commit()

    tags = BeautifulSoup(log_in(scene.ada).get(f"/{scene.own.hash_}").data, "html.parser")

    assert {"stale", "reproduces"} <= {tag.text for tag in tags.select(".meta .tag")}


def test_programs_read_the_board_with_the_visitors_right(client, log_in, rows, settings):
    scene = make_scene(rows, settings.root, is_anonymous=True)

    board = log_in(scene.ada).get("/events/open/leaderboard/public.json").json

    assert [row["submission"] for row in board["rows"]] == ["forest", "boosting"]
    assert {row["team"] for row in board["rows"]} == {None}

"""Two submissions side by side."""

import time

import pytest
from bs4 import BeautifulSoup

from databoard.web.leaderboards.diffs import MAX_LINES, is_same, side_by_side
from tests.builders import make_event, make_event_team, make_scored_submission
from tests.web.scenes import ago, ahead, make_failed, make_scene, with_files


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root, public_opening_at=ago(days=1), closing_at=ahead(days=1))


@pytest.fixture
def compare(app, log_in, scene):
    def compare(name, a, b):
        client = log_in(getattr(scene, name), app.test_client())
        return client.get(f"/compare?a={a.hash_}&b={b.hash_}")

    return compare


def test_code_and_folds_are_compared(compare, scene):
    page = BeautifulSoup(compare("ada", scene.own, scene.other).data, "html.parser")

    removed, added = page.select_one(".is-removed"), page.select_one(".is-added")
    assert (removed.text.strip(), added.text.strip()) == ("pass", "depth = 3")
    assert "−0.100 worse" in page.select_one("tbody").text
    assert len(page.select("table")[1].select("tbody tr")) == 2


def test_the_same_code_says_so(compare, rows, scene):
    same = with_files(scene, make_scored_submission(rows, scene.ladies, "again"))
    rows.commit()

    assert b"the same in both" in compare("ada", scene.own, same).data


@pytest.mark.parametrize("who", ["eve", "ada"])
def test_where_a_code_is_hidden_what_the_board_shows_is_compared(compare, rows, scene, who):
    scene.event.public_opening_at = ahead(hours=1)
    rows.commit()

    page = BeautifulSoup(compare(who, scene.own, scene.other).data, "html.parser")

    assert "−0.100 worse" in page.select_one("tbody").text
    assert len(page.select("table")[1].select("tbody tr")) == 2
    assert page.select(".diff, .source") == []  # checklist 75
    assert "where you may read both" in page.text
    assert "Example by example" not in page.text
    assert compare("organiser", scene.own, scene.other).text.count('class="diff') == 1


def test_without_a_partner_the_best_of_the_own_team_is_taken(compare, app, log_in, rows, scene):
    better = with_files(scene, make_scored_submission(rows, scene.ladies, "better", score=0.95))
    rows.commit()

    def partner(name, b):
        client = log_in(getattr(scene, name), app.test_client())
        return client.get(f"/compare?b={b.hash_}").location

    assert partner("ada", scene.other) == f"/compare?a={better.hash_}&b={scene.other.hash_}"
    assert partner("ada", better) == f"/compare?a={scene.own.hash_}&b={better.hash_}"
    assert partner("eve", better) == f"/{better.hash_}"  # she has none: the page says so
    scene.other.is_starred = True
    rows.commit()
    assert partner("eve", better) == f"/compare?a={scene.other.hash_}&b={better.hash_}"


@pytest.mark.parametrize(
    "path",
    [
        "/events/open/leaderboard",
        "/events/open/my_submissions",
        "/events/open/activity",
        "/my_submissions",
        "/{own}",
    ],
)
def test_from_everywhere_one_click_leads_to_the_comparison(client, log_in, scene, path):
    page = log_in(scene.ada).get(path.format(own=scene.own.hash_))

    links = BeautifulSoup(page.data, "html.parser").select("main a[href^='/compare']")

    assert f"/compare?b={scene.own.hash_}" in [link["href"] for link in links]


def test_what_failed_is_compared_by_its_team(compare, rows, scene):
    bad = make_failed(rows, scene, scene.ladies)

    assert compare("ada", scene.own, bad).status_code == 200
    assert compare("bob", scene.own, bad).status_code == 404


def test_submissions_of_different_events_are_not_compared(compare, rows, scene):
    elsewhere = make_event_team(rows, make_event(rows, "elsewhere"), scene.ladies.team)
    other = with_files(scene, make_scored_submission(rows, elsewhere))
    rows.commit()

    assert compare("ada", scene.own, other).status_code == 404


def test_what_is_equal_and_far_from_a_change_is_left_out():
    left = [str(number) for number in range(50)]
    right = [*left[:25], "new", *left[25:]]

    lines = side_by_side(left, right)

    assert [(line.kind, line.n_skipped) for line in (lines[0], lines[-1])] == [
        ("skipped", 22),
        ("skipped", 22),
    ]
    assert [line.right for line in lines if line.kind == "added"] == [26]


def test_lines_that_repeat_without_end_are_not_matched_without_end():
    """Two files of a thousand lines took ten seconds, and eight times that for twice as many."""
    left, right = ["a"] * MAX_LINES, ["a", "b"] * (MAX_LINES // 2)
    begun = time.process_time()

    assert not is_same(side_by_side(left, right))
    assert is_same(side_by_side(left, list(left)))
    assert "same" in {line.kind for line in side_by_side(["x", *left[:50]], right[:90])}
    assert time.process_time() - begun < 5


def test_huge_texts_are_not_matched_line_by_line():
    left = ["x"] * (MAX_LINES + 1)

    assert is_same(side_by_side(left, list(left)))
    assert not is_same(side_by_side(left, [*left, "y"]))

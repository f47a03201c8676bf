"""Boards: bars, trends, what is shown, of whom, and the link that says all of it."""

import re

import pytest

from databoard.services.leaderboards import Column, Trend
from databoard.web.leaderboards import columns, listing
from databoard.web.leaderboards.sparks import spark
from tests.builders import NOON, make_event_team, make_scored_submission, make_team
from tests.web.scenes import ago, ahead, make_scene, names, soup

URL = "/events/open/leaderboard"
ACCURACY = Column(1, "accuracy", 3, is_official=True, is_lower_the_better=False)


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root, closing_at=ahead(days=1))


@pytest.fixture
def as_(app, log_in, scene):
    return lambda name: log_in(getattr(scene, name), app.test_client())


def heads(answer):
    return [head.get_text(strip=True) for head in soup(answer).select("thead th")]


def row_of(answer, name):
    page = soup(answer)
    return next(r for r in page.select("tr[data-key]") if r.select_one(".col-name a").text == name)


# ---- bars and trends -----------------------------------------------------------------------------


def test_a_bar_says_how_far_a_score_is_from_the_best(as_, rows, scene):
    make_scored_submission(rows, scene.men, "poor", score=0.1)
    rows.commit()

    answer = as_("ada").get(URL)

    widths = [
        float(row.select(".score-bar rect")[1]["width"])
        for row in soup(answer).select("tr[data-key]")
    ]
    assert widths[0] == 100
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 0


def test_a_trend_shows_the_scores_of_the_team_and_where_the_line_is_among_them(as_, rows, scene):
    for number, score in enumerate((0.5, 0.7)):
        at = ago(days=3 - number)
        make_scored_submission(rows, scene.ladies, f"n{number}", score=score, submitted_at=at)
    rows.commit()

    answer = as_("ada").get(URL)

    picture = row_of(answer, "n1").select_one("svg.spark")
    assert re.findall(r"0\.\d+", picture["aria-label"]) == ["0.900", "0.500", "0.700"]
    assert picture.select_one("circle")
    assert row_of(answer, "boosting").select_one("svg.spark") is None  # one try is no trend yet


def test_a_frozen_board_holds_the_trend_back(as_, rows, scene):
    scene.event.freeze_at = ago(minutes=5)
    for number, (score, at) in enumerate([(0.5, ago(days=2)), (0.55, ago(days=1)), (0.99, ago())]):
        make_scored_submission(rows, scene.men, f"n{number}", score=score, submitted_at=at)
    rows.commit()

    assert "0.99" not in as_("ada").get(URL).text
    assert "0.99" in as_("organiser").get(URL).text


def test_a_spark_rises_with_the_score_and_falls_with_an_error():
    better = spark(Trend((0.5, 0.9), here=1), ACCURACY)
    error = Column(1, "rmse", 3, is_official=True, is_lower_the_better=True)
    worse = spark(Trend((0.5, 0.9), here=None), error)

    assert (better.points, better.here) == ("3,15 61,3", (61, 3))
    assert (worse.points, worse.here) == ("3,3 61,15", None)
    assert spark(Trend((0.5, 0.5), here=0), ACCURACY).points == "3,9 61,9"
    assert spark(Trend((0.5,), here=0), ACCURACY) is None


def test_where_names_are_hidden_no_order_tells_them(as_, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()

    for order in ("asc", "desc"):
        assert names(as_("ada").get(f"{URL}?sort=team&order={order}")) == (
            names(as_("ada").get(f"{URL}?sort=rank&order={order}"))
        )


# ---- columns -------------------------------------------------------------------------------------


def test_columns_are_chosen_by_the_address(as_):
    ada = as_("ada")

    usual, few, none = (
        heads(ada.get(URL + query))
        for query in ("", "?columns=trend.tries", "?columns=none&columns=nonsense")
    )

    assert {"Trend", "Tries", "Submitted", "Train"} <= set(usual)
    assert few == ["Rank", "Team", "Submission", "accuracy", "Trend", "Tries"]
    assert none == ["Rank", "Team", "Submission", "accuracy"]


@pytest.mark.parametrize("query", ["?columns=trend", "?columns=none&columns=trend", "?q=o", ""])
def test_rows_and_heads_have_the_same_columns_and_news_keep_them(as_, query):
    ada = as_("ada")
    page = soup(ada.get(URL + query))
    live = page.select_one("tbody")["data-live"]

    news = soup(ada.get(f"{live}{'&' if '?' in live else '?'}v=0"))

    n_heads = len(page.select("thead th"))
    assert {len(row.select("td")) for row in page.select("tr[data-key]")} == {n_heads}
    assert {len(row.select("td")) for row in news.select("tr[data-key]")} == {n_heads}


def test_the_usual_columns_need_no_words_in_the_address():
    assert columns.write(columns.read([])) == ""
    assert columns.read(["none"]) == frozenset()


# ---- of whom -------------------------------------------------------------------------------------


def test_the_board_of_one_team_keeps_the_ranks_of_all(as_):
    answer = as_("ada").get(f"{URL}?team=men")

    assert names(answer) == ["boosting"]
    assert row_of(answer, "boosting")["data-rank"] == "2"
    assert soup(answer).select_one(".tag-accent a")["href"] == URL
    assert soup(answer).select_one("td.col-team a")["href"] == "?team=men"


def test_ones_own_lines_are_one_click_away(as_):
    ada = as_("ada")
    link = soup(ada.get(f"{URL}?sort=team")).find("a", string="Only ours")["href"]

    assert names(ada.get(link)) == ["forest"]
    assert "sort=team" in link


def test_where_names_are_hidden_a_team_may_ask_only_for_its_own_lines(as_, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()
    ada, bob = as_("ada"), as_("bob")
    gzip = {"Accept-Encoding": "gzip"}
    address = f"{URL}/public/rows?team=men&v=0"

    for _ in range(3):  # the third comes out of memory
        own = bob.get(address, headers=gzip)
        ada.get(f"{URL}/public/rows?v=0", headers=gzip)  # a seat
        others = ada.get(address, headers=gzip)
        assert own.data != others.data
    assert names(bob.get(f"{URL}?team=men")) == ["boosting"]
    assert names(ada.get(f"{URL}?team=men")) == ["forest", "boosting"]


# ---- the link ------------------------------------------------------------------------------------


def test_the_link_to_copy_says_board_order_team_words_page_and_columns(as_, rows, scene, settings):
    for number in range(130):
        make_scored_submission(rows, scene.men, f"n{number}", score=0.5)
    rows.commit()
    query = "sort=team&order=desc&q=n&team=men&columns=trend"
    ada = as_("ada")

    page = soup(ada.get(f"{URL}/competition?columns=none"))
    answer = ada.get(f"{URL}?{query}&page=2")

    assert page.select_one("[data-copy-text]")["data-copy-text"] == (
        f"{settings.public_url}{URL}/competition?columns=none"
    )
    link = soup(answer).select_one("[data-copy-text]")["data-copy-text"]
    assert link == f"{settings.public_url}{URL}?{query}&page=2"
    assert names(ada.get(link.removeprefix(settings.public_url))) == names(answer)


def test_orders_and_boards_keep_what_was_chosen(as_):
    page = soup(as_("ada").get(f"{URL}?team=men&columns=none&q=o"))

    orders = [link["href"] for link in page.select("thead a")]
    boards = [link["href"] for link in page.select(".pills a")]

    assert all("q=o&team=men&columns=none" in order for order in orders)
    assert f"{URL}/competition?team=men&columns=none" in boards


def test_a_team_far_down_finds_the_page_of_its_best(as_, rows, scene):
    others = make_event_team(rows, scene.event, make_team(rows, "others"))
    for number in range(listing.PAGE + 20):
        make_scored_submission(rows, others, f"n{number}", score=0.95, submitted_at=NOON)
    rows.commit()
    ada = as_("ada")

    link = soup(ada.get(URL)).select_one(".own-best a[href*=page]")["href"]

    address, anchor = link.split("#")
    assert soup(ada.get(address)).select_one(f"tr:has(#{anchor})")["data-key"] == scene.own.hash_


# ---- what is not computed ------------------------------------------------------------------------


def test_a_board_says_from_where_on_intervals_are_not_computed(as_, rows, scene, monkeypatch):
    few = as_("ada").get(URL).text
    for name in ("MAX_RANKED", "MAX_BLENDED"):
        monkeypatch.setattr(f"databoard.web.leaderboards.boards.{name}", 1)

    many = as_("bob").get(URL).text

    assert "not computed" not in few
    assert "for the best 1 of the 2 submissions" in many
    assert "contributivity, is made of the best 1." in many

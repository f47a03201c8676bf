"""Boards: order, rights, words, pages, and what they cost."""

from gzip import decompress

import pytest
from bs4 import BeautifulSoup

from databoard.services import events, leaderboards
from databoard.store.engine import make_engine
from databoard.web import polling
from databoard.web.leaderboards import seats
from tests.builders import NOON, make_event_team, make_scored_submission
from tests.web.scenes import ago, ahead, counting, make_failed, make_scene, names, soup

URL = "/events/open/leaderboard"


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root, closing_at=ahead(days=1))


@pytest.fixture
def as_(app, log_in, scene):
    return lambda name: log_in(getattr(scene, name), app.test_client())


def touch(rows, scene):
    events.touch(rows, scene.event.id)
    rows.commit()


def test_the_best_stands_first(as_, scene):
    answer = as_("ada").get(URL)

    assert names(answer) == ["forest", "boosting"]  # checklist 70
    ranks = [row["data-rank"] for row in soup(answer).select("tbody tr")]
    assert ranks == ["1", "2"]


def test_an_empty_board_says_so(as_, rows, scene):
    for one in (scene.own, scene.other):
        rows.delete(one)
    rows.commit()

    assert b"Nobody has been scored yet" in as_("ada").get(URL).data


@pytest.mark.parametrize(
    ("sort", "order", "first"),
    [("score:accuracy", "asc", "boosting"), ("team", "desc", "boosting"), ("team", "", "forest")],
)
def test_the_server_orders_the_whole_board(as_, sort, order, first):
    answer = as_("ada").get(f"{URL}?sort={sort}&order={order}")

    assert names(answer)[0] == first


@pytest.mark.parametrize("sort", ["evil", "score:evil", "1;drop table", "__class__", "score:"])
def test_an_unknown_order_is_refused(as_, sort):
    assert as_("ada").get(URL, query_string={"sort": sort}).status_code == 400  # W11


@pytest.mark.parametrize("board", ["failed", "new"])
def test_what_has_no_score_is_not_ordered_by_one(as_, board):
    assert as_("organiser").get(f"{URL}/{board}?sort=score:accuracy").status_code == 400


def test_words_are_searched_in_teams_and_submissions(as_):
    ada = as_("ada")

    assert names(ada.get(f"{URL}?q=LADIES forest")) == ["forest"]
    assert names(ada.get(f"{URL}?q=men")) == ["boosting"]
    assert names(ada.get(f"{URL}?q=nobody")) == []


def test_a_long_board_has_pages(as_, rows, scene):
    for number in range(130):
        make_scored_submission(rows, scene.men, f"n{number}", score=0.5 - number / 1000)
    rows.commit()
    ada = as_("ada")

    first, second = ada.get(URL), ada.get(f"{URL}?page=2")

    assert (len(names(first)), len(names(second))) == (100, 32)
    assert soup(second).select_one("tbody")["data-live"].endswith("rows?page=2&heads=share")
    assert names(ada.get(f"{URL}?page=99")) == names(second)


def test_private_scores_are_for_organisers_until_the_closing(as_, rows, scene):
    for score in scene.other.scores:
        score.private = 0.987654
    rows.commit()
    private = "/events/open/private_leaderboard"

    before = as_("ada").get(private)  # checklist 71
    organiser = as_("organiser").get(private)
    scene.event.closing_at = ago(minutes=1)
    touch(rows, scene)
    after = as_("ada").get(private)

    assert before.status_code == 403
    assert names(organiser) == ["boosting", "forest"]
    assert names(after) == ["boosting", "forest"]


def test_no_public_address_carries_a_private_score(as_, rows, scene):
    for score in scene.other.scores:
        score.private = score.test_bag = score.test_mean = 0.424242
    rows.commit()
    ada = as_("ada")
    pages = [URL, f"{URL}/competition", f"{URL}/public/rows", f"{URL}/public.csv", "/events/open"]

    for page in pages:
        answer = ada.get(page)
        assert answer.status_code == 200
        assert "0.424" not in f"{answer.text}{answer.headers}"


@pytest.mark.parametrize("board", ["failed", "new"])
def test_failed_and_new_are_for_organisers(as_, board):
    for suffix in ("", "/rows", ".csv"):
        assert as_("ada").get(f"{URL}/{board}{suffix}").status_code == 403
        assert as_("organiser").get(f"{URL}/{board}{suffix}").status_code == 200


def test_the_failed_table_tells_whose_fault_it_was(as_, rows, scene):
    bad = make_failed(rows, scene, scene.ladies)

    page = soup(as_("organiser").get(f"{URL}/failed"))

    row = page.select_one(f"tr[data-key='{bad.hash_}']")
    assert "team" in row.text
    assert "ValueError" in row.text


def test_the_competition_lists_the_best_of_each_team(as_, rows, scene):
    make_scored_submission(rows, scene.ladies, "second", score=0.85)
    rows.commit()

    assert names(as_("ada").get(f"{URL}/competition")) == ["forest", "boosting"]


def test_an_anonymous_board_names_nobody(as_, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()
    ada, organiser = as_("ada"), as_("organiser")

    for page in (URL, f"{URL}/public/rows", f"{URL}/public.csv", f"{URL}?q=men"):
        assert ">men<" not in ada.get(page).text
        assert ",men," not in ada.get(page).text
    assert names(ada.get(f"{URL}?q=men")) == []
    assert ">men<" in organiser.get(URL).text


def test_own_rows_are_marked_by_the_browser_in_a_body_that_all_share(as_):
    ada, bob = soup(as_("ada").get(URL)), soup(as_("bob").get(URL))
    team = ada.select_one("table")["data-own-team"]

    assert str(ada.select_one("tbody")) == str(bob.select_one("tbody"))
    assert ada.select_one(f"tr[data-team='{team}'] .col-name a").text == "forest"
    assert bob.select_one("table")["data-own-team"] != team
    assert "forest" in ada.select_one(".own-best").text


def test_no_news_is_an_empty_204(as_, rows, scene):
    ada = as_("ada")
    body = soup(ada.get(URL)).select_one("tbody")
    address = f"{body['data-live']}&v={body['data-version']}"

    same = ada.get(address)
    touch(rows, scene)
    db_version = ada.get(f"{body['data-live']}&v=0").headers["X-Version"]

    assert (same.status_code, same.data) == (204, b"")
    assert int(db_version) == int(body["data-version"]) + 1


def test_an_open_board_is_loaded_again_when_its_columns_are_others(as_, rows, scene, monkeypatch):
    monkeypatch.setattr(seats, "SEAT_S", 0)
    scene.event.freeze_at = ahead(hours=1)
    rows.commit()
    ada, organiser = as_("ada"), as_("organiser")
    body, theirs = (soup(one.get(URL)).select_one("tbody") for one in (ada, organiser))
    address = f"{body['data-live']}&v={body['data-version']}"
    assert ada.get(address).status_code == 204

    scene.event.freeze_at = ago()  # it begins by itself: no version is counted up
    rows.commit()
    frozen = ada.get(address)
    page = soup(ada.get(URL)).select_one("tbody")

    assert frozen.headers["HX-Refresh"] == "true"
    assert frozen.data == b""
    assert ada.get(f"{page['data-live']}&v={page['data-version']}").status_code == 204
    assert organiser.get(f"{theirs['data-live']}&v={theirs['data-version']}").status_code == 204
    touch(rows, scene)
    news = ada.get(f"{page['data-live']}&v={page['data-version']}")
    assert "HX-Refresh" not in news.headers
    assert b"<tr" in news.data


def test_rows_out_of_memory_do_not_come_under_other_heads(as_, monkeypatch):
    monkeypatch.setattr(polling, "_versions", {})
    monkeypatch.setattr(polling, "FRESH_S", 600)
    monkeypatch.setattr(seats, "SEAT_S", 600)
    ada, gzip = as_("ada"), {"Accept-Encoding": "gzip"}
    address = f"{URL}/public/rows?v=0&heads="
    own = soup(ada.get(URL)).select_one("tbody")["data-live"].partition("heads=")[2]
    for _ in range(2):
        assert b"<tr" in decompress(ada.get(address + own, headers=gzip).data)

    for other in ("", "frozen", f"{own}.more"):
        assert ada.get(address + other, headers=gzip).headers["HX-Refresh"] == "true"


def test_news_of_a_frequent_visitor_cost_no_question(app, as_, monkeypatch):
    # What is remembered for moments is remembered for as long as a busy machine takes.
    monkeypatch.setattr(polling, "_versions", {})
    monkeypatch.setattr(polling, "FRESH_S", 600)
    monkeypatch.setattr(seats, "SEAT_S", 600)
    ada = as_("ada")
    address = f"{URL}/public/rows?v="
    ada.get(f"{address}0")
    version = ada.get(f"{address}0").headers["X-Version"]
    ada.get(address + version)

    with counting(app) as questions:
        answer = ada.get(address + version)

    assert answer.status_code == 204
    assert questions == []


def test_rows_out_of_memory_are_in_the_visitors_language(app, as_, monkeypatch):
    monkeypatch.setattr(polling, "_versions", {})
    monkeypatch.setattr(polling, "FRESH_S", 600)
    monkeypatch.setattr(seats, "SEAT_S", 600)
    ada, address = as_("ada"), f"{URL}/public/rows?v=0"
    headers = {"Accept-Encoding": "gzip"}
    for _ in range(3):
        english = ada.get(address, headers=headers)
        french = ada.get(address, headers={**headers, "Accept-Language": "fr"})

    with counting(app) as questions:
        again = ada.get(address, headers=headers)
        encore = ada.get(address, headers={**headers, "Accept-Language": "fr"})

    assert questions == []
    assert (again.data, encore.data) == (english.data, french.data)


def test_rows_out_of_memory_have_the_columns_of_all_arguments(app, as_, monkeypatch):
    monkeypatch.setattr(polling, "_versions", {})
    monkeypatch.setattr(polling, "FRESH_S", 600)
    monkeypatch.setattr(seats, "SEAT_S", 600)
    ada, gzip = as_("ada"), {"Accept-Encoding": "gzip"}
    both = "columns=trend&columns=tries"
    for query in ("columns=tries", both, "columns=tries", both):
        ada.get(f"{URL}/public/rows?v=0&{query}", headers=gzip)

    with counting(app) as questions:
        found = ada.get(f"{URL}/public/rows?v=0&{both}", headers=gzip)

    row = BeautifulSoup(decompress(found.data), "html.parser").select_one("tr[data-key]")
    assert questions == []
    assert len(row.select("td")) == len(soup(ada.get(f"{URL}?{both}")).select("thead th"))


def test_a_seat_at_the_board_is_not_handed_on(as_, client):
    as_("ada").get(f"{URL}/public/rows?v=0")

    assert client.get(f"{URL}/public/rows?v=1").status_code == 302


def test_a_browser_that_has_the_page_is_not_sent_it_again(as_, rows, scene):
    ada = as_("ada")
    first = ada.get(URL)

    same = ada.get(URL, headers={"If-None-Match": first.headers["ETag"]})
    touch(rows, scene)
    news = ada.get(URL, headers={"If-None-Match": first.headers["ETag"]})
    others = as_("bob").get(URL, headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.data) == (304, b"")
    assert news.status_code == others.status_code == 200


def test_what_is_in_progress_leaves_the_boards_as_they_are(as_, rows, scene):
    organiser = as_("organiser")

    def versions():
        return [
            organiser.get(f"{URL}/{board}/rows?v=0").headers["X-Version"]
            for board in ("public", "competition", "new")
        ]

    before = versions()
    events.touch(rows, scene.event.id, board=False)
    rows.commit()
    public, competition, new = versions()

    assert [public, competition] == before[:2]
    assert int(new) == int(before[2]) + 1


@pytest.mark.parametrize("query", ["", "?q=n1", "?sort=team&order=desc", "?page=2"])
def test_every_page_of_a_board_asks_at_most_six_questions(app, as_, rows, scene, query):
    for number in range(130):
        make_scored_submission(rows, scene.men, f"n{number}", score=0.5)
    rows.commit()
    ada = as_("ada")
    ada.get("/help")

    with counting(app) as questions:
        answer = ada.get(URL + query)

    assert answer.status_code == 200
    assert len(questions) <= 6, questions


@pytest.mark.parametrize("n_more", [0, 150])
def test_a_board_asks_few_questions_however_long_it_is(app, as_, rows, scene, n_more):
    place = make_event_team(rows, scene.event)
    for number in range(n_more):
        make_scored_submission(rows, place, f"n{number}", score=0.5)
    rows.commit()
    ada = as_("ada")
    ada.get("/help")  # what all pages share is asked for once in a while

    with counting(app) as first:
        ada.get(URL)
    with counting(app) as second:
        ada.get(URL)

    assert len(first) <= 6, first
    assert len(second) <= 4, second


@pytest.mark.parametrize(
    "page",
    [
        "/events/open/plots",
        "/events/open/activity",
        "/events/open/my_submissions/history",
        f"{URL}/competition",
        f"{URL}/public.csv",
        f"{URL}/public.json",
        "/{hash}",
    ],
)
def test_no_page_asks_more_of_a_longer_event(app, as_, rows, scene, page):
    path, ada = page.format(hash=scene.own.hash_), as_("ada")
    ada.get("/help")

    def n_questions():
        events.touch(rows, scene.event.id)
        rows.commit()
        with counting(app) as questions:
            assert ada.get(path).status_code == 200
        return len(questions)

    n_questions()
    few = n_questions()
    for number in range(60):
        make_scored_submission(rows, scene.men, f"n{number}", score=0.5 - number / 1000)

    assert n_questions() <= few


def test_the_table_of_a_board_has_no_formula(as_, rows, scene):
    make_scored_submission(rows, scene.men, "=1+1", score=0.1)
    rows.commit()

    answer = as_("ada").get(f"{URL}/public.csv")  # W12

    assert answer.mimetype == "text/csv"
    assert answer.text.splitlines()[0] == "rank,team,submission,accuracy,submitted,state"
    assert answer.text.splitlines()[1].startswith("1,ladies,forest,0.9,")
    assert ",'=1+1," in answer.text


@pytest.mark.parametrize("board", ["public", "competition", "failed"])
def test_a_whole_board_is_sent_some_lines_at_a_time(as_, rows, scene, monkeypatch, board):
    for number in range(7):
        made = make_scored_submission(rows, scene.men, f"n{number}", score=0.5 - number / 100)
        if board == "failed":
            made.state = "training_error"
    rows.commit()
    admin = as_("organiser")
    once = [admin.get(f"{URL}/{board}.{kind}") for kind in ("csv", "json")]
    monkeypatch.setattr(
        leaderboards.portions, "__kwdefaults__", {"size": 3 if board != "competition" else 1}
    )

    again = [admin.get(f"{URL}/{board}.{kind}") for kind in ("csv", "json")]

    assert all(one.is_streamed for one in again)
    assert [one.text for one in again] == [one.text for one in once]
    n_lines = {"public": 9, "competition": 2, "failed": 7}[board]
    assert len(again[0].text.splitlines()) == 1 + n_lines
    assert len(again[1].json["rows"]) == n_lines


def test_a_board_that_is_sent_stays_what_it_was_when_it_began(app, as_, rows, scene, monkeypatch):
    for number in range(6):
        make_scored_submission(rows, scene.men, f"n{number}", score=0.5 - number / 100)
    rows.commit()
    parts = leaderboards.portions(
        make_engine(app.config["SQLALCHEMY_DATABASE_URI"]),
        scene.event.id, "public", now=NOON, sees_all=True, size=3,
    )  # fmt: skip
    first = next(parts)
    make_scored_submission(rows, scene.men, "first of all", score=0.99)
    rows.commit()

    found = [row.submission for board in (first, *parts) for row in board.rows]

    assert len(found) == len(set(found)) == 8
    assert "first of all" not in found


def test_plots_and_news_take_the_last_and_those_that_were_the_best(rows, scene):
    for number, score in enumerate((0.95, 0.3, 0.96, 0.4, 0.2, 0.1)):
        at = ago(hours=9 - number)
        make_scored_submission(rows, scene.men, f"n{number}", score=score, submitted_at=at)
    for old in (scene.own, scene.other):
        old.withdrawn_at = ago()
    rows.commit()

    few = leaderboards.recent(rows, scene.event, now=ago(), sees_all=True, n=2)
    all_ = leaderboards.recent(rows, scene.event, now=ago(), sees_all=True, n=9)

    assert {row.submission for row in few.rows} == {"n0", "n2", "n4", "n5"}
    assert len(all_.rows) == 6


def test_who_has_no_account_logs_in_first(client, scene):
    for page in (URL, f"{URL}/public/rows", "/events/open/private_leaderboard"):
        assert client.get(page).location.startswith("/login")

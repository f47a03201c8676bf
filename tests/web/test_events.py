"""The event's own pages, and joining."""

import io
import zipfile

import pytest
from bs4 import BeautifulSoup

from databoard.services import environments
from databoard.store.models import Trainer
from databoard.store.queries import sandbox, teams
from tests.builders import make_event, make_event_team, make_team, make_user
from tests.web.scenes import CODE, ago, ahead, make_scene


def token(client, url="/events/open/sign_up"):
    page = BeautifulSoup(client.get(url).data, "html.parser")
    return page.select_one("main input[name=csrf_token]")["value"]


@pytest.fixture
def kit(settings):
    folder = settings.problems_dir / "flowers" / "starting_kit"
    folder.mkdir(parents=True)
    (folder / "classifier.py").write_bytes(CODE)
    return folder


@pytest.fixture
def event(rows, kit):
    from tests.builders import make_problem

    problem = make_problem(rows, "flowers", overview_html="<h2>About <em>flowers</em></h2>")
    event = make_event(rows, "open", problem=problem, closing_at=ahead(days=3))
    rows.commit()
    return event


def test_anybody_reads_what_a_public_event_is_about(client, event):
    page = client.get("/events/open")

    assert page.status_code == 200  # checklist 67
    assert b"<h2>About <em>flowers</em></h2>" in page.data


@pytest.mark.parametrize("tab", ["data", "rules", "environment"])
def test_each_tab_of_an_event_has_an_address(client, event, tab):
    page = BeautifulSoup(client.get(f"/events/open/{tab}").data, "html.parser")

    assert page.select_one(".pills [aria-current]")["href"] == f"/events/open/{tab}"


@pytest.mark.parametrize(
    ("page", "tab", "how"),
    [
        ("", "Overview", "page"),
        ("/data", "Overview", "true"),
        ("/leaderboard", "Leaderboard", "page"),
        ("/leaderboard/competition", "Leaderboard", "true"),
        ("/my_submissions/history", "My submissions", "true"),
    ],
)
def test_a_page_within_a_tab_marks_that_tab(log_in, rows, settings, page, tab, how):
    ada = log_in(make_scene(rows, settings.root).ada)
    tabs = BeautifulSoup(ada.get(f"/events/open{page}").data, "html.parser").select_one(".tabs")

    assert [(one.text, one["aria-current"]) for one in tabs.select("[aria-current]")] == [
        (tab, how)
    ]


def packages_of(client):
    page = BeautifulSoup(client.get("/events/open/environment").data, "html.parser")
    tables = page.select("main table")
    return [[row.get_text(" ", strip=True) for row in t.select("tbody tr")] for t in tables], page


def test_the_environment_is_that_of_the_trainer(client, rows, event):
    assert "once a trainer has started" in packages_of(client)[1].text
    listed = ["python==3.11.9", "flask==3.1.3", "numpy==2.4.6"]
    hash_ = environments.remember(rows, listed, now=ago())
    rows.add(Trainer(name="t", environment_hash=hash_, started_at=ago(), seen_at=ago()))
    rows.commit()

    assert packages_of(client)[0] == [["python 3.11.9", "numpy 2.4.6"], ["flask 3.1.3"]]


def test_the_environment_of_a_problem_s_own_is_listed_whole_and_tells_of_a_new_one(
    client, rows, event
):
    listed = ["python==3.11.9", "cowsay==6.1", "numpy==2.4.6"]

    def note(state, **more):
        environments.note(rows, event.problem_id, state, now=ago(), **more)
        rows.commit()
        return packages_of(client)

    tables, page = note("ready", packages=listed)
    assert tables == [["python 3.11.9", "cowsay 6.1", "numpy 2.4.6"]]
    assert not page.select(".alert-warning")
    tables, page = note("building", words="Downloading")
    assert "being built anew" in page.text
    assert len(tables) == 1
    assert "could not be built" in note("failed", words="line 2: no cowsay")[1].text
    assert "line 2" not in note("failed", words="line 2: no cowsay")[1].text


def test_the_starting_kit_has_the_exact_versions(client, rows, log_in, event, kit):
    (kit.parent / "requirements.txt").write_text("cowsay\n")
    listed = ["python==3.11.9", "cowsay==6.1", "numpy==2.4.6"]
    environments.note(rows, event.problem_id, "ready", now=ago(), packages=listed)
    user = make_user(rows, "pins")
    rows.commit()

    answer = log_in(user).get("/events/open/starting_kit")

    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        text = archive.read("requirements.txt").decode()
    assert text.splitlines()[1:] == ["cowsay==6.1", "numpy==2.4.6"]
    assert "Python 3.11.9" in text


def test_what_organisers_wrote_as_a_template_is_text(client, rows, event):
    event.title = "{{7*7}}"  # W12
    rows.commit()

    assert b"{{7*7}}" in client.get("/events/open").data


def test_who_may_not_know_of_an_event_sees_nothing(client, rows, log_in, event):
    event.is_public = False
    user = make_user(rows, "eve")
    rows.commit()

    assert client.get("/events/open").status_code == 404
    assert log_in(user).get("/events/open").status_code == 404


def test_joining_fills_the_sandbox_with_the_starting_kit(client, rows, log_in, event):
    user = make_user(rows, "ada")
    team = make_team(rows, "ada", [user], is_individual=True)
    rows.commit()
    log_in(user)

    answer = client.post("/events/open/sign_up", data={"csrf_token": token(client)})

    assert answer.location == "/events/open/sandbox"
    place = teams.event_team(rows, event.id, team.id)
    assert place.is_approved
    assert sandbox.file(rows, place.id, "classifier.py").content == CODE  # checklist 15


def test_one_click_joins_who_has_one_team_and_others_are_asked_which(client, rows, log_in, event):
    user = make_user(rows, "ada")
    make_team(rows, "ada", [user], is_individual=True)
    rows.commit()
    log_in(user)

    button = BeautifulSoup(client.get("/events/open").data, "html.parser").select_one(
        "form[action='/events/open/sign_up']"
    )
    make_team(rows, "ladies", [user])
    rows.commit()
    page = BeautifulSoup(client.get("/events/open").data, "html.parser")

    assert button.get_text(strip=True) == "Join"
    assert page.select_one("form[action='/events/open/sign_up']") is None
    assert page.select_one("a[href='/events/open/sign_up']").get_text(strip=True) == "Join"
    data = {"csrf_token": button.select_one("[name=csrf_token]")["value"], "team": "ladies"}
    assert client.post("/events/open/sign_up", data=data).location == "/events/open/sandbox"


def test_every_tab_says_in_a_paragraph_what_the_event_is_about(client, rows, event):
    event.problem.summary = "Tell flowers apart."
    rows.commit()

    for tab in ("", "/data", "/rules", "/environment", "/kit", "/activity"):
        page = BeautifulSoup(client.get(f"/events/open{tab}").data, "html.parser")
        assert page.select_one("p.lead").text == "Tell flowers apart.", tab
        assert page.select_one(".meta time[data-countdown]")["title"].endswith("UTC"), tab
    event.problem.overview_html = "<p>Tell flowers apart.</p>"
    rows.commit()
    assert client.get("/events/open").text.count("Tell flowers apart.</p>") == 1


def test_joining_twice_is_joining_once(client, rows, log_in, event):
    user = make_user(rows, "ada")
    make_team(rows, "ada", [user], is_individual=True)
    rows.commit()
    log_in(user)
    data = {"csrf_token": token(client)}
    client.post("/events/open/sign_up", data=data)

    answer = client.post("/events/open/sign_up", data=data)

    assert answer.status_code == 302
    assert len(teams.in_event(rows, event)) == 1


def test_a_controlled_event_makes_a_team_wait_and_says_so(client, rows, log_in, event):
    event.is_controlled_signup = True
    user = make_user(rows, "ada")
    make_team(rows, "ada", [user], is_individual=True)
    rows.commit()
    log_in(user)

    answer = client.post(
        "/events/open/sign_up", data={"csrf_token": token(client)}, follow_redirects=True
    )

    assert b"is waiting for approval by the organisers since" in answer.data
    assert client.get("/events/open/sandbox").status_code == 403


def test_nobody_joins_with_a_team_of_others(client, rows, log_in, event):
    user = make_user(rows, "eve")
    make_team(rows, "ladies")
    rows.commit()
    log_in(user)

    data = {"csrf_token": token(client), "team": "ladies"}

    assert client.post("/events/open/sign_up", data=data).status_code == 404


def test_whose_mate_takes_part_already_may_choose_another_team(client, rows, log_in, event):
    event.max_members_per_team = 2
    ada, bob = make_user(rows, "ada"), make_user(rows, "bob")
    make_event_team(rows, event, make_team(rows, "bob", [bob], is_individual=True))
    make_team(rows, "ada", [ada], is_individual=True)
    make_team(rows, "pair", [ada, bob])
    rows.commit()
    log_in(ada)

    data = {"csrf_token": token(client), "team": "pair"}
    answer = client.post("/events/open/sign_up", data=data, follow_redirects=True)

    assert "bob takes part already, in bob." in answer.text
    assert answer.request.path == "/events/open/sign_up"


def test_joining_needs_the_token_of_ones_own_page(client, rows, log_in, event):
    user = make_user(rows, "ada")
    rows.commit()

    assert log_in(user).post("/events/open/sign_up").status_code == 400  # W5


def test_a_closed_event_is_not_joined(client, rows, log_in, event):
    event.closing_at = ago(days=1)
    user = make_user(rows, "ada")
    make_team(rows, "ada", [user])
    rows.commit()
    page = log_in(user).get("/events/open/sign_up")

    assert b"takes no more teams" in page.data


def test_the_starting_kit_is_zipped_anew_when_it_changes(client, rows, log_in, event, kit):
    user = make_user(rows, "ada")
    rows.commit()
    log_in(user).get("/events/open/starting_kit")
    (kit / "public_train.csv").write_text("x,y\n1,2\n")

    answer = client.get("/events/open/starting_kit")  # checklist 21

    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.read("public_train.csv") == b"x,y\n1,2\n"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_participant_is_led_to_the_sandbox(client, rows, log_in, event):
    user = make_user(rows, "ada")
    make_event_team(rows, event, make_team(rows, "ladies", [user]))
    rows.commit()

    page = BeautifulSoup(log_in(user).get("/events/open").data, "html.parser")

    assert page.select_one("main .btn-primary")["href"] == "/events/open/sandbox"

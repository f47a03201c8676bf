from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import Unauthorized

from databoard import errors
from databoard.web.errors import WORDS
from tests.builders import make_user

SECRET = "password hunter2"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def _all_errors(root=errors.DataboardError):
    yield root
    for child in root.__subclasses__():
        yield from _all_errors(child)


def _make(kind):
    return kind(30.0) if kind is errors.TooSoonError else kind("The words for the person.")


@pytest.fixture
def raising_client(app):
    """Gives a client of an application in which /raise raises."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def make(error):
        def view():
            raise error

        app.add_url_rule("/raise", endpoint="raise", view_func=view)
        app.add_url_rule("/api/raise", endpoint="api_raise", view_func=view)
        return app.test_client()

    return make


@pytest.fixture
def admin(app, rows, log_in):
    user = make_user(rows, "root", access_level="admin")
    rows.commit()
    return log_in(user, app.test_client())


@pytest.mark.parametrize("kind", [kind for kind in _all_errors() if kind.status < 500])
def test_each_refusal_is_a_page_with_its_status_and_words(raising_client, kind):
    error = _make(kind)

    response = raising_client(error).get("/raise")

    assert response.status_code == kind.status
    assert error.message in response.text
    assert str(WORDS[kind.status][0]) in response.text


def test_a_program_gets_json(raising_client):
    client = raising_client(errors.UploadError("No tabs here.", "classifier.py", line=3))

    for answer in (
        client.get("/api/raise"),
        client.get("/raise", headers={"Accept": "application/json"}),
    ):
        assert answer.status_code == 422
        assert answer.json["error"] | {"request_id": ""} == {
            "status": 422,
            "message": "No tabs here.",
            "fault": "team",
            "field": "classifier.py",
            "line": 3,
            "request_id": "",
        }


def test_a_part_of_a_page_gets_one_line(raising_client):
    client = raising_client(errors.ClosedError("The event has closed."))
    response = client.get("/raise", headers={"HX-Request": "true"})

    assert response.mimetype == "text/plain"
    assert response.text == "The event has closed."


def test_who_must_wait_is_told_how_long(raising_client):
    response = raising_client(errors.TooSoonError(89.6)).get("/raise")

    assert (response.status_code, response.headers["Retry-After"]) == (429, "90")


def test_a_fault_of_ours_tells_nothing_but_a_number(raising_client):
    response = raising_client(RuntimeError(SECRET)).get("/raise")  # threats W13

    assert response.status_code == 500
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_what_may_pass_offers_to_try_again(raising_client):
    answer = raising_client(errors.BusyError("Later.")).get("/raise?page=2")

    again = BeautifulSoup(answer.data, "html.parser").select_one("main .btn-primary")
    assert (again.text, again["href"]) == ("Try again", "?page=2")


def test_who_is_logged_out_is_led_to_the_login(raising_client):
    page = BeautifulSoup(raising_client(Unauthorized()).get("/raise").data, "html.parser")

    assert page.select_one("main .btn-primary")["href"] == "/login"


def test_what_is_too_large_says_how_much_may_be_sent(app, client):
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000

    answer = client.post("/login", data={"login": "x" * 2_100_000})

    assert answer.status_code == 413
    assert "At most 2.0 MB may be sent at once." in answer.text


def test_a_wrong_setting_is_not_told_to_visitors(raising_client):
    response = raising_client(errors.SettingsError(SECRET)).get("/raise")

    assert response.status_code == 500
    assert SECRET not in response.text


def test_a_database_that_does_not_answer_is_503_and_come_back(raising_client):
    error = OperationalError("SELECT 1", {}, Exception(SECRET))

    response = raising_client(error).get("/raise")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert SECRET not in response.text


def test_a_lost_race_is_a_conflict(raising_client):
    error = IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))

    assert raising_client(error).get("/raise").status_code == 409


def test_what_is_not_there_is_a_page_with_a_way_out(client):
    response = client.get("/no/such/page")

    assert response.status_code == 404
    assert 'href="/' in response.text


def test_a_wrong_method_names_the_right_ones(app):
    app.add_url_rule("/only-get", endpoint="only_get", view_func=lambda: "")
    app.config["WTF_CSRF_ENABLED"] = False

    response = app.test_client().post("/only-get")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/events/iris/sandbox/save", "/events/iris/sandbox"),
        ("/events/iris/my_submissions/final", "/events/iris/my_submissions"),
        ("/teams/owls/invite", "/teams/owls"),
        ("/teams/owls/members/bob/remove", "/teams/owls"),
        ("/admin/users/bob/approve", "/admin/users"),
        ("/news/read", "/news"),
        ("/invitations/1/accept", "/invitations/1"),
        (f"/{'a' * 40}/cancel", f"/{'a' * 40}"),
    ],
)
def test_an_address_of_a_form_alone_leads_to_the_page_above(admin, path, above):
    answer = admin.get(path, headers=BROWSER)

    assert (answer.status_code, answer.location) == (302, above)


@pytest.mark.parametrize(
    "path",
    ["/events/none/sandbox", "/events/iris/sandbox/none.py", "/teams/none", "/merges/1/accept"],
)
def test_a_page_that_is_not_there_leads_nowhere(admin, path):
    assert admin.get(path, headers=BROWSER).status_code in (404, 405)


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_a_program_is_not_led_to_a_page(client, accept):
    assert client.get("/news/read", headers={"Accept": accept}).status_code == 405


def test_an_invitation_that_was_refused_leads_to_the_list(admin):
    assert admin.get("/invitations/1").location == "/teams"


def test_what_a_visitor_types_is_shown_as_text(raising_client):
    text = "<script>alert(1)</script>"  # threats W4

    assert text not in raising_client(errors.NotFoundError(text)).get("/raise").text

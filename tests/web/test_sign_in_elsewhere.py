"""Sign-in at a provider of OpenID Connect, a real one on loopback (threats W7, W10)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread
from sqlalchemy import select

from databoard.errors import SettingsError
from databoard.services import accounts
from databoard.settings import Provider, Settings
from databoard.store.models import OutgoingMail, User
from tests.builders import make_user

PASSWORD = "correct horse battery"
PEOPLE = (
    Person(
        sub="1",
        claims={
            "email": "ada@example.org",
            "email_verified": True,
            "preferred_username": "ada",
            "given_name": "Ada",
            "family_name": "Lovelace",
        },
    ),
    Person(sub="2", claims={"email": "bob@example.org", "email_verified": False}),
    Person(sub="3" * 250, claims={"email": "long@example.org", "email_verified": True}),
)


@pytest.fixture(scope="module")
def issuer():
    """A provider, which accepts any client."""
    with run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def settings(make_settings, issuer) -> Settings:
    campus = Provider("campus", issuer, "databoard", "secret", "Campus")
    return make_settings(providers=(campus,))


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def travel(client, person="1", **choice):
    """Go to the provider, be ``person`` there, and return the path of the way back."""
    departure = client.get("/login/with/campus")
    assert departure.status_code == 302, departure.text
    there = requests.post(
        departure.location, data=choice or {"sub": person}, allow_redirects=False, timeout=10
    )
    back = urlsplit(there.headers["Location"])
    return f"{back.path}?{back.query}"


def look(rows, query):
    found = rows.scalar(query)
    rows.commit()
    return found


def is_logged_in(client):
    return client.get("/user").status_code == 200


@pytest.fixture
def ada(rows):
    user = make_user(rows, "ada", password_hash=accounts.hash_password(PASSWORD))
    rows.commit()
    return user


def test_the_log_in_page_links_to_the_provider(client):
    page = client.get("/login?next=/events").text

    assert 'href="/login/with/campus?next=/events"' in page
    assert "Continue with Campus" in page


def test_the_way_there_carries_state_nonce_and_a_challenge(client):
    asked = parse_qs(urlsplit(client.get("/login/with/campus").location).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == ["http://localhost:8080/login/with/campus/answer"]


def test_a_new_person_chooses_a_name_and_has_an_account(client, rows):
    make_user(rows, "root", access_level="admin")
    rows.commit()

    answer = client.get(travel(client))
    assert answer.location == "/login/new"
    assert 'value="ada"' in client.get("/login/new").text
    assert client.post("/login/new", data={"name": "countess"}).location == "/"

    assert is_logged_in(client)
    user = look(rows, select(User).where(User.name == "countess"))
    assert (user.email, user.full_name, user.access_level, user.password_hash) == (
        "ada@example.org",
        "Ada Lovelace",
        "user",
        None,
    )
    letter = look(rows, select(OutgoingMail).where(OutgoingMail.to == "root@example.org"))
    assert letter.subject == 'fab approve_user:u="countess"'


def test_who_is_known_is_logged_in_at_once(app, client):
    client.get(travel(client))
    client.post("/login/new", data={"name": "countess"})

    again = app.test_client()
    assert again.get(travel(again)).location == "/"
    assert is_logged_in(again)


def test_one_comes_back_to_where_one_was(app, client):
    client.get(travel(client))
    client.post("/login/new", data={"name": "countess"})
    again = app.test_client()
    way = travel(again)
    with again.session_transaction() as cookie:
        cookie["sign_in_next"] = "//evil.example"

    assert again.get(way).location == "/"


def test_an_address_that_is_known_is_linked_by_its_password_only(client, rows, ada):
    assert client.get(travel(client)).location == "/login/link"
    assert not is_logged_in(client)
    page = client.get("/login/link").text
    assert "There is an account with the address ada@example.org" in page

    wrong = client.post("/login/link", data={"password": "wrong password"})
    assert wrong.status_code == 422
    assert look(rows, select(User.oidc_subject)) is None

    assert client.post("/login/link", data={"password": PASSWORD}).location == "/"
    assert is_logged_in(client)
    rows.expire_all()
    assert look(rows, select(User.oidc_subject)).endswith(" 1")


def test_who_is_logged_in_is_asked_before_a_sign_in_is_linked(client, rows, ada, log_in):
    log_in(ada)

    assert client.get(travel(client, "2")).location == "/login/link"
    assert look(rows, select(User.oidc_subject)) is None
    assert "Do you want to log in to ada with Campus" in client.get("/login/link").text
    assert client.post("/login/link").location == "/user"

    assert look(rows, select(User.oidc_subject)).endswith(" 2")
    assert "Campus" in client.get("/user").text


def test_a_sign_in_is_removed_where_there_is_a_password(client, rows, ada, log_in):
    log_in(ada)
    client.get(travel(client))
    client.post("/login/link")

    assert client.post("/user/unlink").location == "/user"
    assert look(rows, select(User.oidc_subject)) is None


def test_the_only_way_in_is_not_removed(client, rows):
    client.get(travel(client))
    client.post("/login/new", data={"name": "countess"})

    assert client.post("/user/unlink").status_code == 403
    assert look(rows, select(User.oidc_subject)) is not None
    assert "have no password here" in client.get("/user/delete").text


def test_a_sign_in_belongs_to_one_account(app, client, rows, log_in):
    client.get(travel(client))
    client.post("/login/new", data={"name": "countess"})
    bob = make_user(rows, "bob")
    rows.commit()
    other = log_in(bob, app.test_client())

    other.get(travel(other))
    refused = other.post("/login/link")

    assert refused.status_code == 422
    assert "belongs to another account" in refused.text


def test_an_answer_to_somebody_elses_question_is_refused(app, client):
    way = travel(client)
    victim = app.test_client()

    answer = victim.get(way)

    assert answer.status_code == 403
    assert "began in another window" in answer.text
    assert not is_logged_in(victim)


def test_an_answer_is_taken_once(client):
    way = travel(client)
    client.get(way)

    assert client.get(way).status_code == 403


def test_an_address_that_is_not_verified_makes_no_account(client, rows):
    answer = client.get(travel(client, "2"))

    assert answer.status_code == 403
    assert "Campus does not vouch for your e-mail address" in answer.text
    assert client.post("/login/new", data={"name": "bob"}).status_code != 302
    assert look(rows, select(User.id)) is None


def test_an_address_that_is_not_verified_tells_of_no_account(client, rows):  # W7
    unknown = client.get(travel(client, "2"))
    make_user(rows, "bob", email="bob@example.org")
    rows.commit()
    known = client.get(travel(client, "2"))

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)


def test_who_does_not_agree_reads_why_nothing_happened(client):
    answer = client.get(travel(client, action="deny"))

    assert answer.status_code == 403
    assert "because you did not agree" in answer.text


def test_a_forged_refusal_shows_nothing_of_its_own(client):
    answer = client.get("/login/with/campus/answer?error=oops&error_description=Call+0800")

    assert answer.status_code == 403
    assert "Call 0800" not in answer.text


def test_a_provider_that_does_not_answer_is_said(make_settings, app, client):
    metadata = app.extensions["databoard_providers"].create_client("campus")
    metadata._server_metadata_url = "http://localhost:1/.well-known/openid-configuration"

    answer = client.get("/login/with/campus")

    assert answer.status_code == 403
    assert "Campus did not answer as it should" in answer.text


def test_a_name_too_long_to_keep_is_refused(client):
    answer = client.get(travel(client, "3" * 250))

    assert answer.status_code == 422


@pytest.mark.parametrize("level", ["banned", "refused"])
def test_who_is_banned_does_not_come_in_by_another_door(app, client, rows, level):
    client.get(travel(client))
    client.post("/login/new", data={"name": "countess"})
    user = rows.scalar(select(User))
    user.access_level = level
    rows.commit()
    again = app.test_client()

    assert again.get(travel(again)).status_code == 403
    assert not is_logged_in(again)


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"ISSUER": "http://id.example.org", "CLIENT_ID": "x", "CLIENT_SECRET": "y"}, "https://"),
        ({"ISSUER": "https://id.example.org", "CLIENT_ID": "x"}, "CLIENT_SECRET"),
    ],
)
def test_a_provider_is_set_whole_and_by_https(variables, missing, tmp_path):
    env = {"DATABOARD_DB_URL": "sqlite://", "DATABOARD_ROOT": str(tmp_path)}
    env |= {f"DATABOARD_OIDC_CAMPUS_{name}": text for name, text in variables.items()}

    with pytest.raises(SettingsError, match=missing):
        Settings.from_env(env)


def test_providers_are_read_by_their_names(tmp_path):
    env = {"DATABOARD_DB_URL": "sqlite://", "DATABOARD_ROOT": str(tmp_path)}
    for name in ("CAMPUS", "BEACH"):
        env |= {
            f"DATABOARD_OIDC_{name}_ISSUER": "https://id.example.org",
            f"DATABOARD_OIDC_{name}_CLIENT_ID": "databoard",
            f"DATABOARD_OIDC_{name}_CLIENT_SECRET": "hidden",
        }

    providers = Settings.from_env(env).providers

    assert [(found.name, found.label) for found in providers] == [
        ("beach", "Beach"),
        ("campus", "Campus"),
    ]
    assert "hidden" not in repr(providers)

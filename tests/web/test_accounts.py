"""Accounts in the browser: signing up, logging in and out, passwords, logins, tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from databoard.services import accounts
from databoard.store.models import ApiToken, OutgoingMail, User, UserSession
from databoard.web.accounts.devices import device
from tests.builders import make_user

PASSWORD = "correct horse battery"
NEW = {"name": "ada", "email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def ada(rows):
    user = make_user(rows, "ada", password_hash=accounts.hash_password(PASSWORD))
    rows.commit()
    return user


def log_in(client, login="ada", password=PASSWORD, **options):
    return client.post("/login", data={"login": login, "password": password}, **options)


def is_logged_in(client):
    return client.get("/user").status_code == 200


def look(rows, query):
    """Ask the database, and let it go at once: SQLite has one writer."""
    found = rows.scalar(query)
    rows.commit()
    return found


def letters(rows, to):
    query = select(OutgoingMail).where(OutgoingMail.to == to).order_by(OutgoingMail.id)
    found = list(rows.scalars(query))
    rows.commit()
    return found


def link(letter):
    return re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]


# ---- signing up ----------------------------------------------------------------------------------


def test_signing_up_sends_a_link_whose_button_lets_one_in(client, rows):
    make_user(rows, "root", access_level="admin")
    rows.commit()

    assert client.post("/sign_up", data=NEW).location == "/sign_up/done"
    (letter,) = letters(rows, "ada@example.org")
    assert "Welcome, ada" in client.get(link(letter)).text
    assert look(rows, select(User.access_level).where(User.name == "ada")) == "asked"
    assert client.post(link(letter)).location == "/login"
    assert look(rows, select(User.access_level).where(User.name == "ada")) == "user"
    assert log_in(client).location == "/"


def test_admins_get_a_letter_whose_subject_is_the_command(client, rows):  # checklist 80
    make_user(rows, "root", access_level="admin")
    rows.commit()

    client.post("/sign_up", data=NEW)

    (letter,) = letters(rows, "root@example.org")
    assert letter.subject == 'fab approve_user:u="ada"'


def test_a_link_works_once(client, rows):
    client.post("/sign_up", data=NEW)
    (letter,) = letters(rows, "ada@example.org")
    client.post(link(letter))

    again = client.post(link(letter), follow_redirects=True)

    assert "too old, or was used already" in again.text


def test_a_forged_link_is_none(client, ada):
    response = client.post("/confirm/eyJ1c2VyIjoxfQ.aaaa.bbbb", follow_redirects=True)

    assert "too old, or was used already" in response.text


def test_a_link_ends_by_itself(client, rows, monkeypatch):
    client.post("/sign_up", data=NEW)
    (letter,) = letters(rows, "ada@example.org")
    later = (datetime.now(UTC) + timedelta(days=3, minutes=1)).timestamp()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)

    assert "too old" in client.post(link(letter), follow_redirects=True).text


def test_what_was_typed_stays_and_the_field_says_what_is_wrong(client, ada):
    response = client.post("/sign_up", data={**NEW, "email": "ada2@example.org", "lastname": "L"})

    assert response.status_code == 422
    assert "The name ada is taken" in response.text
    assert 'value="ada2@example.org"' in response.text
    assert 'value="L"' in response.text
    assert PASSWORD not in response.text


def test_signing_up_does_not_tell_who_has_an_account(client, rows, ada):  # W7
    known = client.post("/sign_up", data={**NEW, "name": "ada2"})
    unknown = client.post("/sign_up", data={**NEW, "name": "ada3", "email": "new@example.org"})

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    (letter,) = letters(rows, "ada@example.org")
    assert letter.subject == "You have an account already"
    assert look(rows, select(func.count(User.id)).where(User.name == "ada2")) == 0


def test_nobody_signs_up_as_an_administrator(client, rows):  # W14
    client.post("/sign_up", data={**NEW, "access_level": "admin", "is_admin": "1"})

    assert look(rows, select(User.access_level)) == "asked"


# ---- logging in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org"])
def test_one_logs_in_by_name_or_address(client, ada, login):
    assert log_in(client, login).status_code == 302
    assert is_logged_in(client)


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(client, ada):  # W7
    known = log_in(client, "ada", "wrong password")
    unknown = log_in(client, "bob", "wrong password")

    assert known.status_code == unknown.status_code == 422
    texts = [re.sub(r'content="[\w-]{22}"', "", answer.text) for answer in (known, unknown)]
    assert texts[0].replace('value="ada"', "") == texts[1].replace('value="bob"', "")


def test_a_wrong_password_keeps_the_name_and_is_said_aloud(client, ada):
    page = log_in(client, "ada", "wrong password").text

    assert 'value="ada"' in page
    assert (
        "The name or the password is wrong."
        in re.search(r'role="alert".*?</div>', page, re.DOTALL)[0]
    )
    assert "wrong password" not in page


def test_guessing_is_slowed_down(client, ada):  # W8
    answers = [log_in(client, "ada", "wrong").text for _ in range(8)]

    assert "Too many attempts" not in answers[0]
    assert "Too many attempts" in answers[-1]
    assert "Too many attempts" in log_in(client).text


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/events?q=iris", "/events?q=iris"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_logging_in_one_stays_on_this_site(client, ada, target, location):
    response = client.post(
        "/login", query_string={"next": target}, data={"login": "ada", "password": PASSWORD}
    )

    assert response.location == location


def test_who_must_log_in_comes_back_to_where_he_was(client, ada):
    sent = client.get("/user/tokens?page=1")

    response = client.post(sent.location, data={"login": "ada", "password": PASSWORD})

    assert response.location == "/user/tokens?page=1"


def test_a_login_has_an_identity_that_nobody_knew_before(client, ada):  # W6
    client.get("/login")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    log_in(client)
    with client.session_transaction() as cookie:
        first = cookie["login"]
        assert "planted" not in cookie
    client.post("/logout")
    log_in(client)
    with client.session_transaction() as cookie:
        assert cookie["login"] != first


def test_an_old_cookie_is_worth_nothing_after_logging_out(client, app, ada):  # W6
    log_in(client)
    name = app.config["SESSION_COOKIE_NAME"]
    old = client.get_cookie(name).value
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie(name, old)

    assert not is_logged_in(thief)


def test_the_database_knows_no_secret_of_a_login(client, rows, ada):
    log_in(client)
    with client.session_transaction() as cookie:
        secret = cookie["login"]

    assert look(rows, select(UserSession.id)) == accounts.digest(secret)


def test_a_refused_user_reads_why(client, rows, ada):
    ada.access_level, ada.refusal = "refused", "Use your university address."
    rows.commit()

    assert "Use your university address." in log_in(client).text


def test_a_link_to_log_out_only_asks(client, ada):
    log_in(client)
    client.get("/logout")

    assert is_logged_in(client)


# ---- passwords -----------------------------------------------------------------------------------


def test_a_forgotten_password_is_set_anew_once(client, rows, ada):
    client.post("/password/forgotten", data={"email": "ada@example.org"})
    (letter,) = letters(rows, "ada@example.org")
    new = {"password": "another long one", "again": "another long one"}

    assert client.get(link(letter)).status_code == 200
    assert client.post(link(letter), data=new).location == "/login"
    assert client.post(link(letter), data=new).location == "/password/forgotten"
    assert log_in(client).status_code == 422
    assert log_in(client, password="another long one").status_code == 302


def test_a_new_password_ends_all_logins(client, app, rows, ada):  # W6
    elsewhere = app.test_client()
    log_in(elsewhere)
    client.post("/password/forgotten", data={"email": "ada@example.org"})
    (letter,) = letters(rows, "ada@example.org")
    client.post(link(letter), data={"password": "another long one", "again": "another long one"})

    assert not is_logged_in(elsewhere)


def test_asking_for_a_link_does_not_tell_who_has_an_account(client, rows, ada):  # W7
    known = client.post("/password/forgotten", data={"email": "ada@example.org"})
    unknown = client.post("/password/forgotten", data={"email": "bob@example.org"})

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert letters(rows, "bob@example.org") == []


def test_nobody_is_flooded_with_letters(client, rows, ada):
    for _ in range(5):
        client.post("/password/forgotten", data={"email": "ada@example.org"})

    assert len(letters(rows, "ada@example.org")) <= 2  # a pause may end in between


def test_a_link_names_the_site_of_the_settings_whatever_the_request_claims(client, rows, ada):
    client.post(
        "/password/forgotten",
        data={"email": "ada@example.org"},
        headers={"Host": "evil.example"},
    )

    (letter,) = letters(rows, "ada@example.org")
    assert "evil.example" not in letter.body
    assert "http://localhost:8080/password/reset/" in letter.body


def test_changing_the_password_keeps_this_login_and_ends_the_others(client, app, ada):
    elsewhere = app.test_client()
    log_in(elsewhere)
    log_in(client)
    new = {"old": PASSWORD, "password": "another long one", "again": "another long one"}

    assert client.post("/user/password", data=new).location == "/user"
    assert is_logged_in(client)
    assert not is_logged_in(elsewhere)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"old": "wrong"}, "The old password is wrong."),
        ({"again": "something else"}, "The two new passwords differ."),
        ({"password": "short", "again": "short"}, "at least 8 characters"),
    ],
)
def test_a_bad_change_of_password_says_what_is_wrong(client, ada, change, words):
    log_in(client)
    data = {"old": PASSWORD, "password": "another long one", "again": "another long one"}

    response = client.post("/user/password", data=data | change)

    assert response.status_code == 422
    assert words in response.text


# ---- profile -------------------------------------------------------------------------------------


def test_a_profile_takes_only_what_its_form_has(client, rows, ada):  # W14
    log_in(client)
    client.post(
        "/user", data={"firstname": "Ada", "name": "root", "access_level": "admin", "id": "7"}
    )

    rows.refresh(ada)
    assert (ada.firstname, ada.name, ada.access_level) == ("Ada", "ada", "user")


def test_a_new_address_counts_once_its_link_was_opened(client, rows, ada):
    log_in(client)
    client.post("/user/email", data={"email": "lovelace@example.org"})
    assert look(rows, select(User.email)) == "ada@example.org"
    (letter,) = letters(rows, "lovelace@example.org")

    client.get(link(letter))
    client.post(link(letter))

    rows.refresh(ada)
    assert ada.email == "lovelace@example.org"


def test_an_account_is_closed_with_the_password(client, rows, ada):
    log_in(client)
    assert client.post("/user/delete", data={"password": "wrong"}).status_code == 422
    client.post("/user/delete", data={"password": PASSWORD})

    rows.refresh(ada)
    assert ada.deleted_at is not None
    assert "ada" not in ada.email
    assert not is_logged_in(client)


def test_a_line_end_counts_as_browsers_count_it(client, ada, rows):
    log_in(client)

    answer = client.post("/user", data={"bio": "x" * 1900 + "\r\n" * 90 + "end"})

    assert answer.status_code == 302
    rows.refresh(ada)
    assert len(ada.bio) == 1993


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]
)
def test_what_a_user_types_is_shown_as_text(client, ada, text):  # W4 W12
    log_in(client)
    client.post("/user", data={"firstname": text[:80], "bio": text})

    page = client.get("/user").text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page)[0]


# ---- logins --------------------------------------------------------------------------------------


def test_a_login_is_ended_from_another_one(client, app, rows, ada):
    elsewhere = app.test_client()
    log_in(elsewhere, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    log_in(client)
    page = client.get("/user/sessions").text
    assert "Firefox on Windows" in page
    (address,) = set(re.findall(r'action="(/user/sessions/[0-9a-f]{64}/end)"', page))

    client.post(address)

    assert is_logged_in(client)
    assert not is_logged_in(elsewhere)


def test_nobody_ends_the_login_of_another(client, app, rows, ada):
    other = make_user(rows, "eve", password_hash=ada.password_hash)
    rows.commit()
    log_in(client)
    with client.session_transaction() as cookie:
        session_id = accounts.digest(cookie["login"])
    thief = app.test_client()
    log_in(thief, other.name)

    assert thief.post(f"/user/sessions/{session_id}/end").status_code == 404
    assert is_logged_in(client)


def test_all_other_logins_end_at_once(client, app, ada):
    others = [app.test_client() for _ in range(2)]
    for one in (*others, client):
        log_in(one)

    client.post("/user/sessions/end_others")

    assert [is_logged_in(one) for one in (*others, client)] == [False, False, True]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/19 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.5", "curl"),
        ("", "An unknown browser"),
    ],
)
def test_a_device_has_a_name(agent, words):
    assert device(agent) == words


# ---- tokens --------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_ends_when_revoked(client, rows, ada):
    log_in(client)
    client.post("/user/tokens", data={"name": "laptop", "scope": "read", "days": "30"})
    secret = re.search(r'id="secret">([^<]+)<', client.get("/user/tokens").text)[1]
    bearer = {"Authorization": f"Bearer {secret}"}

    assert secret not in client.get("/user/tokens").text
    assert client.get("/api/v1/user", headers=bearer).json["name"] == "ada"
    client.post(f"/user/tokens/{look(rows, select(ApiToken.id))}/revoke")
    assert client.get("/api/v1/user", headers=bearer).status_code == 401


def test_letters_come_in_the_language_in_which_one_signed_up_or_chose(client, rows):
    subjects = select(OutgoingMail.subject).order_by(OutgoingMail.id.desc()).limit(1)
    client.post("/sign_up", data=NEW, headers={"Accept-Language": "fr"})
    first = look(rows, select(OutgoingMail.subject).where(OutgoingMail.to == NEW["email"]))
    user = rows.scalar(select(User))
    user.access_level, user.email_confirmed_at = "user", datetime.now(UTC)
    rows.commit()

    log_in(client)
    page = client.get("/user").text
    client.post("/user", data={"locale": "en"})
    client.post("/password/forgotten", data={"email": NEW["email"]})

    assert first == "Confirmez votre adresse e-mail"
    assert 'selected value="fr"' in page
    assert look(rows, subjects) == "Set a new password"


def test_who_logs_in_first_hears_in_the_language_of_the_page(client, rows, ada):
    log_in(client, headers={"Accept-Language": "fr"})

    assert look(rows, select(User.locale)) == "fr"

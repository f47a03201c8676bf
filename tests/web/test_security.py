from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import request

from databoard.web.app import create_app

PARTS = "; "


@pytest.fixture
def https_client(make_settings):
    app = create_app(make_settings(public_url="https://board.example.org", is_production=True))
    app.add_url_rule("/start", endpoint="start", view_func=_start)
    return app.test_client()


def _start():
    from flask import session

    session["visits"] = 1
    return "started"


def test_a_page_may_load_only_what_is_ours(client):
    policy = client.get("/nothing").headers["Content-Security-Policy"]  # threats W4
    rules = dict(rule.split(" ", 1) for rule in policy.split(PARTS))

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy


def test_a_page_names_the_nonce_of_its_own_policy(client):
    response = client.get("/nothing")
    nonce = response.text.split('name="csp-nonce" content="')[1].split('"')[0]

    assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
    assert nonce not in client.get("/nothing").text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "private, no-cache"),
    ],
)
def test_each_answer_carries_the_headers(client, name, value):
    assert client.get("/nothing").headers[name] == value


def test_plain_http_promises_no_https(client):
    assert "Strict-Transport-Security" not in client.get("/nothing").headers


def test_https_is_kept_and_the_cookie_bound_to_it(https_client):
    response = https_client.get("/start", base_url="https://board.example.org")  # threats W6
    cookie = response.headers["Set-Cookie"]

    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert cookie.startswith("__Host-databoard=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_another_host_name_is_refused_in_production(https_client):
    assert https_client.get("/start", base_url="https://evil.example").status_code == 400


def test_a_proxy_is_believed_only_where_there_is_one(make_settings):
    for proxies, address in ((0, "127.0.0.1"), (1, "203.0.113.9")):
        app = create_app(make_settings(proxies=proxies))
        app.add_url_rule("/me", endpoint="me", view_func=lambda: request.remote_addr)

        answer = app.test_client().get("/me", headers={"X-Forwarded-For": "203.0.113.9"})

        assert answer.text == address


def test_a_request_keeps_its_name_if_it_is_a_name(client):
    named = client.get("/nothing", headers={"X-Request-ID": "from-the-proxy-1"})
    forged = client.get("/nothing", headers={"X-Request-ID": "<script>alert(1)</script>"})

    assert named.headers["X-Request-ID"] == "from-the-proxy-1"
    assert "<" not in forged.headers["X-Request-ID"]


@pytest.fixture
def posting_client(app):
    app.add_url_rule(
        "/take", endpoint="take", methods=["POST"], view_func=lambda: str(len(request.form))
    )
    return app.test_client()


def test_a_post_without_a_token_is_refused(posting_client):
    response = posting_client.post("/take", data={"a": "1"})  # threats W5

    assert response.status_code == 400
    assert "no longer valid" in response.text


def test_who_is_logged_out_by_now_is_led_to_log_in_and_back(posting_client):
    came_from = {"Referer": "http://localhost/events/iris/sandbox"}
    answer = posting_client.post("/take", data={"a": "1"}, headers=came_from)
    assert 'href="/login?next=/events/iris/sandbox"' in answer.text

    elsewhere = {"Referer": "http://evil.test/events"}
    answer = posting_client.post("/take", data={"a": "1"}, headers=elsewhere)
    assert "/login?next=" not in answer.text


def test_a_body_that_is_too_large_is_refused_unread(posting_client):
    response = posting_client.post(  # threats W3
        "/take",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(10**9)},
    )

    assert response.status_code == 413


def test_a_form_of_too_many_parts_is_refused(app, posting_client):
    app.config["WTF_CSRF_ENABLED"] = False  # threats W3

    files = {f"file{i}": (io.BytesIO(b"x"), "x.py") for i in range(1001)}
    response = posting_client.post("/take", data=files)

    assert response.status_code == 413


def test_a_login_ends_after_a_month(app):
    assert app.permanent_session_lifetime == timedelta(days=30)

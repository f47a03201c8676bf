"""How often one may ask: 429 with Retry-After, by user or by address (issue 5, number 13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from databoard.errors import TooSoonError
from databoard.services import comments, tokens
from databoard.store.models import Comment
from databoard.web import limits
from databoard.web.limits import Limit, Limiter
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_team,
    make_user,
)

# Long enough that a slow machine gives nothing back during a test.
TWICE = Limit(2, 6000)


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_what_is_free_is_free_at_once_and_comes_back_in_time():
    limiter = Limiter()
    limiter.spend("x", "ada", TWICE, now=0)
    limiter.spend("x", "ada", TWICE, now=0)

    with pytest.raises(TooSoonError) as refusal:
        limiter.spend("x", "ada", TWICE, now=0)

    assert refusal.value.wait_s == pytest.approx(3000)
    limiter.spend("x", "ada", TWICE, now=3000)


def test_being_refused_costs_nothing():
    limiter = Limiter()
    limiter.spend("x", "ada", TWICE, now=0)
    limiter.spend("x", "ada", TWICE, now=0)
    for _ in range(5):
        with pytest.raises(TooSoonError):
            limiter.spend("x", "ada", TWICE, now=0)

    limiter.spend("x", "ada", TWICE, now=3000)


def test_each_has_a_counter_for_each_thing():
    limiter = Limiter()
    for what, who in [("x", "ada"), ("x", "bob"), ("y", "ada")] * 2:
        limiter.spend(what, who, TWICE, now=0)


def test_a_flood_of_addresses_fills_no_memory_and_frees_no_flooder():
    limiter = Limiter()
    limiter.spend("x", "flooder", TWICE, now=0)
    limiter.spend("x", "flooder", TWICE, now=0)
    for number in range(2 * limits.MAX_KNOWN):
        limiter.spend("x", str(number), TWICE, now=0)

    assert len(limiter.used_until) <= limits.MAX_KNOWN
    with pytest.raises(TooSoonError):
        limiter.spend("x", "flooder", TWICE, now=0)


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("accounts.sign_up", "/sign_up"),
        ("accounts.send_confirmation", "/confirm"),
        ("accounts.forgotten_password", "/password/forgotten"),
        ("accounts.invite", "/teams/mates/invite"),
        ("accounts.merge", "/teams/mates/merge"),
        ("participants.submit", "/events/iris/sandbox"),
        ("participants.check", "/events/iris/sandbox/check"),
        ("leaderboards.comment", f"/{'a' * 40}/comments"),
    ],
)
def test_a_flood_of_posts_is_answered_429_and_when_to_come_back(
    client, monkeypatch, endpoint, path
):
    monkeypatch.setitem(limits.LIMITS, endpoint, TWICE)
    first, second, third = (client.post(path) for _ in range(3))

    assert 429 not in (first.status_code, second.status_code)
    assert third.status_code == 429
    assert 2900 < int(third.headers["Retry-After"]) <= 3000
    assert "Please wait" in third.text
    assert client.get("/login").status_code == 200


def test_comments_beyond_those_of_an_hour_are_told_when_the_next_is_free(client, rows, log_in):
    ada, now = make_user(rows, "ada"), datetime.now(UTC)
    place = make_event_team(rows, make_event(rows), make_team(rows, "mates", [ada]))
    submission = make_scored_submission(rows, place)
    for _ in range(comments.MAX_PER_HOUR):
        at = now - timedelta(minutes=40)
        rows.add(Comment(submission_id=submission.id, user_id=ada.id, text="Again", at=at))
    rows.commit()

    answer = log_in(ada).post(f"/{submission.hash_}/comments", data={"text": "And again"})

    assert answer.status_code == 429
    assert 1000 < int(answer.headers["Retry-After"]) <= 1200


def test_every_limit_is_of_a_page_that_is_there(app):
    assert set(limits.LIMITS) <= set(app.view_functions)


def test_users_behind_one_address_do_not_use_up_each_others(app, rows, log_in, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "accounts.change_email", TWICE)
    people = [make_user(rows, name) for name in ("ada", "bob")]
    rows.commit()
    ada, bob = (log_in(user, app.test_client()) for user in people)

    answers = [ada.post("/user/email").status_code for _ in range(3)]

    assert answers == [422, 422, 429]
    assert bob.post("/user/email").status_code == 422


def test_the_interface_for_programs_is_limited_by_token(app, client, rows, monkeypatch):
    monkeypatch.setattr(limits, "API", TWICE)
    _, secret = tokens.create(rows, make_user(rows, "ada"), "laptop", now=NOON)
    rows.commit()
    key = {"Authorization": f"Bearer {secret}"}

    answers = [client.get("/api/v1/user", headers=key) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 2900
    assert answers[2].json["error"]["status"] == 429
    assert client.get("/api/v1/events").status_code == 200


def test_guessing_tokens_is_limited_by_address(client, monkeypatch):
    monkeypatch.setattr(limits, "API", TWICE)
    headers = [{"Authorization": f"Bearer guess{number}"} for number in range(3)]

    answers = [client.get("/api/v1/user", headers=key).status_code for key in headers]

    assert answers == [401, 401, 429]


def test_submitting_by_program_is_limited(client, rows, monkeypatch):
    monkeypatch.setattr(limits, "SUBMIT", TWICE)
    user = make_user(rows, "ada")
    _, secret = tokens.create(rows, user, "laptop", now=NOON, scopes=["read", "submit"])
    rows.commit()
    key = {"Authorization": f"Bearer {secret}"}

    answers = [client.post("/api/v1/events/iris/submissions", headers=key) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]

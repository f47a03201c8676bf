"""Tokens act for their user, as long as both may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.errors import InvalidError, NotFoundError
from databoard.services import tokens
from tests.builders import NOON, make_user


def test_a_token_is_found_by_its_secret_and_kept_as_a_hash(session):
    user = make_user(session)

    row, secret = tokens.create(session, user, "laptop", now=NOON, scopes=["submit", "read"])

    assert tokens.find(session, secret, now=NOON) is row
    assert secret not in vars(row).values()
    assert row.scopes == "read submit"


def test_a_token_ends_with_its_date(session):
    user = make_user(session)
    end = NOON + timedelta(days=1)
    _, secret = tokens.create(session, user, "laptop", now=NOON, expires_at=end)

    assert tokens.find(session, secret, now=end - timedelta(seconds=1))
    assert tokens.find(session, secret, now=end) is None


def test_a_revoked_token_is_found_no_more(session):
    user = make_user(session)
    row, secret = tokens.create(session, user, "laptop", now=NOON)

    tokens.revoke(session, user, row.id, now=NOON)

    assert tokens.find(session, secret, now=NOON) is None


def test_a_token_of_a_banned_user_is_found_no_more(session):
    user = make_user(session)
    _, secret = tokens.create(session, user, "laptop", now=NOON)

    user.access_level = "banned"

    assert tokens.find(session, secret, now=NOON) is None


def test_nobody_revokes_the_token_of_another(session):
    row, _ = tokens.create(session, make_user(session), "laptop", now=NOON)

    with pytest.raises(NotFoundError):
        tokens.revoke(session, make_user(session), row.id, now=NOON)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"expires_at": NOON}, "expires_at"),
    ],
)
def test_a_token_needs_a_name_a_scope_and_a_future(session, fields, field):
    with pytest.raises(InvalidError) as refusal:
        tokens.create(session, make_user(session), **{"name": "laptop", "now": NOON, **fields})

    assert refusal.value.field == field


def test_a_user_has_a_limited_number_of_tokens(session):
    user = make_user(session)
    for number in range(tokens.MAX_LIVE):
        tokens.create(session, user, f"token {number}", now=NOON)

    with pytest.raises(InvalidError, match="revoke one"):
        tokens.create(session, user, "one more", now=NOON)


def test_the_last_use_is_written_at_most_once_an_hour(session):
    row, _ = tokens.create(session, make_user(session), "laptop", now=NOON)

    written = [
        tokens.touch(session, row, now=NOON + timedelta(minutes=minutes))
        for minutes in (0, 30, 59, 61)
    ]

    assert written == [True, False, False, True]

"""Announcements: shown until they end, written to those whom they concern, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.errors import InvalidError
from databoard.services import announcements
from databoard.store.queries import announcements as queries
from databoard.store.queries import outbox
from tests.builders import NOON, make_event, make_event_team, make_team, make_user

HOUR = timedelta(hours=1)


def test_an_announcement_ends(session):
    root = make_user(session)
    announcements.announce(session, root, "Lunch.", now=NOON, until=NOON + HOUR)

    assert len(queries.current(session, NOON)) == 1
    assert queries.current(session, NOON + HOUR) == []


def test_participants_of_the_event_get_the_letter_and_nobody_else(session):
    event, root = make_event(session), make_user(session, "root")
    ada, bob = make_user(session, "ada"), make_user(session, "bob")
    make_event_team(session, event, make_team(session, members=[ada]))
    make_event_team(session, event, make_team(session, members=[bob]), approved_at=None)

    announcements.announce(session, root, "New data.", now=NOON, event=event, by_mail=True)

    (letter,) = outbox.newest(session)
    assert letter.to == "ada@example.org"
    assert "New data." in letter.body


@pytest.mark.parametrize(
    "fields", [{"text": " "}, {"text": "x" * 1001}, {"level": "loud"}, {"until": NOON}]
)
def test_what_could_not_be_shown_is_refused(session, fields):
    values = {"text": "Lunch.", "now": NOON, **fields}
    with pytest.raises(InvalidError):
        announcements.announce(session, make_user(session), **values)

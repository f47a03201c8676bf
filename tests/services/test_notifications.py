"""News reaches who wants it, where they want it, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from databoard.errors import InvalidError
from databoard.services import calendar, comments, notifications
from databoard.services import credits as credit_services
from databoard.services.notifications import KINDS
from databoard.store.models import Notification, OutgoingMail
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_team,
    make_user,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def ada(session):
    return make_user(session, "ada")


def told(session):
    return list(session.scalars(select(Notification.text).order_by(Notification.id)))


def written(session):
    return list(session.scalars(select(OutgoingMail.to).order_by(OutgoingMail.id)))


def tell(session, user, kind, key="1"):
    notifications.tell(session, user, kind, "Hear!", now=NOON, url="/events", key=key)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_chosen_for_the_site_and_for_mail(session, ada, kind):
    others = [one for one in KINDS if one != kind]

    notifications.choose(session, ada, site=others, mail=KINDS)
    tell(session, ada, kind, "1")
    assert (told(session), written(session)) == ([], ["ada@example.org"])

    notifications.choose(session, ada, site=KINDS, mail=others)
    tell(session, ada, kind, "2")
    assert (told(session), written(session)) == (["Hear!"], ["ada@example.org"])


def test_nobody_chooses_what_does_not_exist(session, ada):
    with pytest.raises(InvalidError):
        notifications.choose(session, ada, site=["gossip"], mail=[])


def test_stopping_a_kind_leaves_the_others(session, ada):
    notifications.stop(session, ada, "comment")
    notifications.stop(session, ada, "comment")

    tell(session, ada, "comment", "1")
    tell(session, ada, "scored", "2")

    assert (len(told(session)), len(written(session))) == (2, 1)


def test_an_address_that_nobody_confirmed_gets_no_news(session):
    tell(session, make_user(session, email_confirmed_at=None), "scored")

    assert written(session) == []


def test_a_team_hears_of_comments_and_credits_and_not_of_its_own(session, ada):
    event = make_event(session)
    theirs = make_event_team(session, event, make_team(session, members=[ada]))
    bob = make_user(session, "bob")
    mine = make_event_team(session, event, make_team(session, members=[bob]))
    source = make_scored_submission(session, theirs, "forest")
    submission = make_scored_submission(session, mine, "boosting", submitted_at=NOON + HOUR)

    comments.write(session, source, bob, "Nice.", now=NOON)
    for own in (60, 70):
        shares = {submission.hash_: own, source.hash_: 100 - own}
        credit_services.give(session, submission, shares, user=bob, now=NOON)

    assert told(session) == ["There is a new comment on forest.", "boosting credits your forest."]
    assert written(session) == ["ada@example.org", "ada@example.org"]


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"opening_at": NOON - HOUR}, ["Iris is open: submit from now on."]),
        ({"opening_at": NOON + HOUR}, []),
        ({"opening_at": NOON - 2 * DAY}, []),
        ({"closing_at": NOON + HOUR}, ["Iris closes on 22 November 2026 at 13:00 UTC."]),
        ({"closing_at": NOON - HOUR}, ["Iris is closed: see how it ended."]),
        ({"closing_at": NOON - HOUR, "archived_at": NOON}, []),
        ({"closing_at": NOON + 2 * DAY}, []),
    ],
)
def test_teams_hear_once_when_their_event_opens_and_closes(session, ada, dates, words):
    event = make_event(session, title="Iris", **dates)
    make_event_team(session, event, make_team(session, members=[ada]))
    make_event_team(session, event, approved_at=None)

    calendar.tell_of_dates(session, now=NOON)
    calendar.tell_of_dates(session, now=NOON)

    assert told(session) == words
    assert written(session) == ["ada@example.org"] * len(words)

"""Comments: kept as typed, told to the team, taken out by their author or an organiser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.errors import ForbiddenError, InvalidError, TooSoonError
from databoard.services import comments
from databoard.store.queries import comments as queries
from databoard.store.queries import notifications as news
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_team,
    make_user,
)


@pytest.fixture
def ada(session):
    return make_user(session, "ada")


@pytest.fixture
def bob(session):
    return make_user(session, "bob")


@pytest.fixture
def submission(session, ada, bob):
    place = make_event_team(session, make_event(session), make_team(session, "duo", [ada, bob]))
    return make_scored_submission(session, place, "forest", score=0.9)


def test_the_team_is_told_but_not_the_author(session, submission, ada, bob):
    comment = comments.write(session, submission, ada, " one\r\ntwo ", now=NOON)

    assert comment.text == "one\ntwo"
    assert news.n_unread(session, ada.id) == 0
    told = news.of_user(session, bob.id)
    assert [one.text for one in told] == ["There is a new comment on forest."]
    assert told[0].url == f"/{submission.hash_}#comments"


@pytest.mark.parametrize("text", ["", "  \n", "x" * (comments.MAX_LENGTH + 1)])
def test_empty_and_endless_comments_are_refused(session, submission, ada, text):
    with pytest.raises(InvalidError):
        comments.write(session, submission, ada, text, now=NOON)


def test_nobody_floods_a_submission(session, submission, ada):
    for number in range(comments.MAX_PER_HOUR):
        at = NOON + timedelta(seconds=number)
        comments.write(session, submission, ada, "again", now=at)

    with pytest.raises(TooSoonError) as refusal:
        comments.write(session, submission, ada, "again", now=NOON + timedelta(minutes=50))

    assert refusal.value.status == 429
    assert refusal.value.wait_s == 600  # until the first of them is an hour old
    comments.write(session, submission, ada, "again", now=NOON + timedelta(hours=1))


def test_authors_and_organisers_take_comments_out(session, submission, ada, bob):
    first, second = (comments.write(session, submission, ada, t, now=NOON) for t in "ab")
    with pytest.raises(ForbiddenError):
        comments.remove(session, first, bob, is_organiser=False, now=NOON)

    comments.remove(session, first, ada, is_organiser=False, now=NOON)
    assert queries.of_submission(session, submission.id) == [second]
    assert queries.by_key(session, submission.id, first.id) is None
    comments.remove(session, second, bob, is_organiser=True, now=NOON)
    assert queries.of_submission(session, submission.id) == []

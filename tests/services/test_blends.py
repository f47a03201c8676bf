"""Asking what submissions would score together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from databoard.errors import InvalidError, QuotaError
from databoard.services import blends
from databoard.store.queries import blends as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_scored_submission,
    make_team,
    make_user,
)


@pytest.fixture
def user(session):
    return make_user(session, "ada")


@pytest.fixture
def event(session):
    return make_event(session)


@pytest.fixture
def keys(session, event, user):
    place = make_event_team(session, event, make_team(session, "red", [user]))
    return [make_scored_submission(session, place, name, score=0.5).id for name in ("a", "b")]


def test_a_question_waits_for_its_answer(session, event, user, keys):
    one, other = keys
    question = blends.ask(session, event, user, {one: 3, other: 1}, now=NOON)

    assert queries.waiting(session, 10) == [question]

    blends.answer(session, question.id, {"accuracy": 0.9}, now=NOON)

    assert queries.waiting(session, 10) == []
    assert question.answer == {"accuracy": 0.9}


def test_the_same_question_is_not_computed_again(session, event, user, keys):
    parts = dict.fromkeys(keys, 2)
    first = blends.ask(session, event, user, parts, now=NOON)
    blends.answer(session, first.id, {"accuracy": 0.9}, now=NOON)

    again = blends.ask(session, event, user, parts, now=NOON)

    assert again.answer == {"accuracy": 0.9}
    assert queries.waiting(session, 10) == []


def test_what_could_not_be_answered_is_asked_again(session, event, user, keys):
    parts = dict.fromkeys(keys, 2)
    first = blends.ask(session, event, user, parts, now=NOON)
    blends.refuse(session, first.id, "the kit is gone", now=NOON)

    assert blends.ask(session, event, user, parts, now=NOON).answered_at is None
    assert first.error == "the kit is gone"


@pytest.mark.parametrize("number", [0, -1, 101])
def test_parts_are_small_numbers(session, event, user, keys, number):
    with pytest.raises(InvalidError, match="parts"):
        blends.ask(session, event, user, {keys[0]: number}, now=NOON)


def test_what_has_no_score_is_not_blended(session, event, user, keys):
    with pytest.raises(InvalidError, match="no score"):
        blends.ask(session, event, user, {keys[0]: 1, keys[1] + 100: 1}, now=NOON)


def test_nobody_asks_for_ever(session, event, user, keys):
    for number in range(blends.MAX_PER_HOUR):
        blends.ask(session, event, user, {keys[0]: 1 + number}, now=NOON)

    with pytest.raises(QuotaError):
        blends.ask(session, event, user, {keys[0]: 99}, now=NOON)
    blends.ask(session, event, user, {keys[0]: 99}, now=NOON + timedelta(hours=1, seconds=1))

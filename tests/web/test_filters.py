from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from databoard.domain.states import LABELS
from databoard.services.sentences import ASKED
from databoard.web import filters

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=45), "in 45 seconds"),
        (timedelta(seconds=-1), "1 second ago"),
        (timedelta(minutes=-3), "3 minutes ago"),
        (timedelta(hours=47), "in 47 hours"),
        (timedelta(days=3, hours=2), "in 3 days"),
        (timedelta(days=-800), "2 years ago"),
    ],
)
def test_a_moment_is_told_in_its_largest_unit(delta, words):
    assert filters.relative(NOON + delta, NOON) == words


def test_a_moment_is_written_in_utc_whatever_its_zone():
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    assert filters.iso(tokyo) == "2026-11-22T12:00:00Z"
    assert filters.format_datetime(tokyo) == "22 Nov 2026, 12:00 UTC"
    assert filters.format_datetime(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "500 ms"), (9.94, "9.9 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (None, "–")],
)
def test_a_duration_is_written_in_the_unit_that_fits(seconds, words):
    assert filters.duration(seconds) == words


def test_a_score_that_is_not_a_number_is_missing():
    assert filters.score(float("nan")) == "–"
    assert filters.score(-0.5, 1) == "−0.5"


@pytest.mark.parametrize("state", LABELS)
def test_each_state_has_a_look(state):
    look = filters.state_look(state)

    assert look.kind in {"good", "bad", "warn", "busy", "idle"}
    assert look.text == LABELS[state]


def test_an_unknown_state_keeps_its_name():
    assert filters.state_look("half_done").text == "half done"


def test_few_pages_are_all_linked():
    assert list(filters.page_numbers(1, 3)) == [1, 2, 3]
    assert list(filters.page_numbers(1, 1)) == [1]


@pytest.mark.parametrize(
    "remark",
    [
        ASKED % {"used": "bob has submitted with men"},
        ASKED % {"used": "a-b has submitted with c.d, e_f has submitted with g"},
        "an older version said this, and that",
        "",
    ],
)
def test_why_a_team_waits_is_read_back(app, remark):
    with app.test_request_context():
        assert filters.remark_text(remark) == remark

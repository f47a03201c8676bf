"""What is refused, and with which words."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import rules
from databoard.domain.rules import Phase
from databoard.errors import (
    ClosedError,
    InvalidError,
    QuotaError,
    SubmissionError,
    TooSoonError,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize("name", ["a", "random_forest_10_10", "v1.2-final", "7up", "x" * 50])
def test_a_plain_name_is_taken(name):
    rules.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 51,
        ".",
        "..",
        "../x",
        "-rf",
        "a b",
        "a/b",
        "a\\b",
        "a\0",
        "a\n",
        "é",
        "a\u202eb",
        "sandbox",
        "Sandbox",
        "<b>",
        "١",
    ],
)
def test_a_name_that_is_a_path_markup_or_a_trick_is_refused(name):  # W2, W4
    with pytest.raises(SubmissionError) as refusal:
        rules.check_name(name)

    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["iris", "air_passengers_dssp4", "p2", "HEP_tracking"])
def test_an_identifier_is_taken(name):
    rules.check_identifier(name, "event")


@pytest.mark.parametrize("name", ["", "not-valid", "2iris", "a.b", "_a", "a" * 81, "a\n"])
def test_what_is_no_module_name_is_refused(name):
    with pytest.raises(InvalidError, match="event"):
        rules.check_identifier(name, "event")


def test_user_names():
    for name in ("kegl", "agramfort", "ab", "test.user-1"):
        rules.check_user_name(name)
    for name in ("a", "1a", "a b", "a@b", "x" * 41, ""):
        with pytest.raises(InvalidError):
            rules.check_user_name(name)


@pytest.mark.parametrize("password", ["short", "Balazs_Kegl", "x" * 1001])
def test_a_poor_password_is_refused(password):
    with pytest.raises(InvalidError) as refusal:
        rules.check_password(password, "balazs_kegl")

    assert refusal.value.field == "password"


def test_a_good_password_is_taken():
    rules.check_password("correct horse", "kegl")


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        (-1, Phase.BEFORE),
        (0, Phase.COMPETITIVE),
        (1, Phase.COLLABORATIVE),
        (2, Phase.CLOSED),
        (9, Phase.CLOSED),
    ],
)
def test_the_phase_changes_on_the_stroke(hours, phase):
    assert rules.phase(NOON + hours * HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR) == phase


def test_an_event_without_dates_is_competitive_for_ever():
    assert rules.phase(NOON, None, None, None) == Phase.COMPETITIVE


def test_dates_out_of_order_are_refused():
    rules.check_dates(NOON, None, NOON + HOUR)
    with pytest.raises(InvalidError, match="closing must not come before the opening"):
        rules.check_dates(NOON, None, NOON - HOUR)
    with pytest.raises(InvalidError) as refusal:
        rules.check_dates(NOON, NOON - HOUR, NOON + HOUR)
    assert refusal.value.field == "public_opening"


def test_submissions_are_taken_between_the_opening_and_the_closing_only():
    rules.check_phase(NOON, NOON, NOON + HOUR)
    rules.check_phase(NOON, None, None)
    rules.check_phase(NOON, None, NOON, accepts_late=True)
    with pytest.raises(ClosedError, match="opens on 01 May 2026 at 13:00 UTC"):
        rules.check_phase(NOON, NOON + HOUR, None)
    with pytest.raises(ClosedError, match="closed"):
        rules.check_phase(NOON, None, NOON)


def test_a_team_waits_for_the_rest_of_the_pause():  # checklist 78
    rules.check_pause(None, NOON, HOUR)
    rules.check_pause(NOON - HOUR, NOON, HOUR)
    with pytest.raises(TooSoonError) as refusal:
        rules.check_pause(NOON - timedelta(minutes=50), NOON, HOUR)

    assert refusal.value.wait_s == 600


def test_a_full_window_says_when_it_is_free():
    submitted = [NOON - 5 * HOUR, NOON - 2 * HOUR, NOON - 30 * HOUR]

    rules.check_quota(submitted, NOON, limit=3, window=DAY)
    with pytest.raises(QuotaError, match="2 submissions per day") as refusal:
        rules.check_quota(submitted, NOON, limit=2, window=DAY)

    assert refusal.value.free_at == NOON + 19 * HOUR


def test_a_quota_of_the_whole_event_is_never_free_again():
    rules.check_quota([NOON] * 100, NOON, limit=None)
    with pytest.raises(QuotaError) as refusal:
        rules.check_quota([NOON - 99 * DAY], NOON, limit=1)

    assert refusal.value.free_at is None


@given(st.lists(st.integers(0, 2000), max_size=30), st.integers(1, 5), st.integers(1, 1000))
def test_a_quota_is_free_exactly_when_it_says(minutes, limit, window_minutes):
    submitted = [NOON - timedelta(minutes=m) for m in minutes]
    window = timedelta(minutes=window_minutes)

    def free_at(now):
        try:
            rules.check_quota(submitted, now, limit=limit, window=window)
        except QuotaError as refusal:
            return refusal.free_at
        return now

    free = free_at(NOON)

    assert free_at(free) == free
    if free > NOON:
        assert free_at(free - timedelta(microseconds=1)) == free


def test_credits_sum_to_a_hundred():  # checklist 74
    rules.check_credits({"a": 60, "b": 40})
    for credit in ({"a": 60}, {}, {"a": 160, "b": -60}):
        with pytest.raises(InvalidError):
            rules.check_credits(credit)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 0), (math.nan, 1), (0, math.nan)])
def test_an_empty_range_of_scores_is_refused(low, high):  # checklist 30
    with pytest.raises(InvalidError):
        rules.check_score_range(low, high)


def test_an_infinite_range_of_scores_is_taken():  # checklist 30
    rules.check_score_range(0.0, math.inf)
    rules.check_score_range(-math.inf, math.inf)

"""The policy as a table of role and question."""

from datetime import UTC, datetime, timedelta

import pytest

from databoard.domain import access
from databoard.domain.access import Role

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROLES = list(Role)


def asked(predicate):
    """The roles that get a yes, as one string of initials in the order of ROLES."""
    return "".join("yes"[0] if predicate(role) else "." for role in ROLES)


def test_the_strongest_role_counts():
    assert access.role_of(is_authenticated=False, is_admin=True) is Role.ANONYMOUS
    facts = {"is_authenticated": True, "is_approved": True}
    assert access.role_of(**facts) is Role.USER
    assert access.role_of(**facts, is_teammate=True) is Role.TEAMMATE
    assert access.role_of(**facts, is_teammate=True, is_event_admin=True) is Role.EVENT_ADMIN
    assert access.role_of(**facts, is_admin=True, is_event_admin=True) is Role.ADMIN


#           anonymous asked user teammate event_admin admin
@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (access.may_administer_site, ".....y"),
        (access.may_administer, "....yy"),
        (access.may_see_log, "...yyy"),
        (access.may_see_full_log, "....yy"),
        (lambda role: access.may_see_full_log(role, is_log_limited=False), "...yyy"),
        (access.may_change_submission, "...yyy"),
        (access.may_retrain, "....yy"),
        (lambda role: access.may_see_event(role, is_public=True), "yyyyyy"),
        (lambda role: access.may_see_event(role, is_public=False), "....yy"),
        (lambda role: access.may_see_event(role, is_public=False, participates=True), "..yyyy"),
        (lambda role: access.may_see_board(role, is_public=True), "..yyyy"),
        (lambda role: access.may_see_board(role, is_public=False), "....yy"),
        (lambda role: access.may_join(role, is_public=True), "..yyyy"),
        (lambda role: access.may_join(role, is_public=False), "....yy"),
        (lambda role: access.may_submit(role, participates=True), "...yyy"),
        (lambda role: access.may_submit(role, participates=False), "....yy"),
    ],
)
def test_who_may(predicate, expected):
    assert asked(predicate) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-61, "...yyy"), (-1, "...yyy"), (0, "..yyyy"), (59, "..yyyy"), (60, "...yyy")],
)
def test_code_of_others_is_seen_between_public_opening_and_closing_only(minutes, expected):
    # checklist 79
    now = NOON + timedelta(minutes=minutes)

    def may(role):
        return access.may_see_code(
            role, now=now, public_opening=NOON, closing=NOON + HOUR, participates=True
        )

    assert asked(may) == expected


def test_code_of_others_is_for_participants():  # checklist 79
    def may(role):
        return access.may_see_code(role, now=NOON, public_opening=NOON, closing=None)

    assert asked(may) == "...yyy"


def test_an_event_without_public_opening_never_shares_code():
    def may(role):
        return access.may_see_code(
            role, now=NOON, public_opening=None, closing=None, participates=True
        )

    assert asked(may) == "...yyy"


@pytest.mark.parametrize(
    ("closing", "expected"),
    [(None, "....yy"), (NOON + HOUR, "....yy"), (NOON, "..yyyy"), (NOON - HOUR, "..yyyy")],
)
def test_private_scores_wait_for_the_closing(closing, expected):  # checklist 71
    def may(role):
        return access.may_see_private_scores(role, now=NOON, closing=closing)

    assert asked(may) == expected


def test_private_scores_wait_for_a_later_closing_of_the_own_team():
    def may(role):
        own = NOON + HOUR
        return access.may_see_private_scores(role, now=NOON, closing=NOON, own_closing=own)

    assert asked(may) == "....yy"


@pytest.mark.parametrize(
    ("is_anonymous", "closing", "expected"),
    [(False, None, "yyyyyy"), (True, None, "...yyy"), (True, NOON, "..yyyy")],
)
def test_names_of_an_anonymous_event_appear_at_the_closing(is_anonymous, closing, expected):
    def may(role):
        return access.may_see_names(role, is_anonymous=is_anonymous, now=NOON, closing=closing)

    assert asked(may) == expected

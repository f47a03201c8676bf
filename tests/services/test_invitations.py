"""Invitations: hashed, once, within their time, and never around an event's rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from databoard.errors import DuplicateError, ForbiddenError, InvalidError, NotFoundError
from databoard.services import invitations, notifications
from databoard.store.models import OutgoingMail, TeamInvitation
from databoard.store.queries import invitations as queries
from databoard.store.queries import notifications as news_queries
from databoard.store.queries import teams as team_queries
from tests.builders import NOON, make_event, make_event_team, make_team, make_user

LATER = NOON + invitations.GOOD_FOR


@pytest.fixture
def ada(session):
    return make_user(session, "ada")


@pytest.fixture
def bob(session):
    return make_user(session, "bob")


@pytest.fixture
def team(session, ada):
    return make_team(session, "ladies", [ada])


def names(session, team):
    return [user.name for user in team_queries.members(session, team.id)]


def test_an_invited_user_is_told_once_and_comes_in_by_accepting(session, team, ada, bob):
    invitation = invitations.invite(session, team, ada, "Bob", now=NOON)
    assert invitations.invite(session, team, ada, "bob", now=NOON) is invitation

    assert [n.text for n in news_queries.of_user(session, bob.id)] == [
        "ada invites you to the team ladies."
    ]
    assert session.scalars(select(OutgoingMail.to)).all() == [bob.email]
    mine = invitations.of_user(session, bob, invitation.id, now=NOON)
    invitations.accept(session, mine, bob, now=NOON)

    assert names(session, team) == ["ada", "bob"]
    assert [n.kind for n in news_queries.of_user(session, ada.id)] == ["team"]
    with pytest.raises(NotFoundError):
        invitations.of_user(session, bob, invitation.id, now=NOON)


def test_only_the_invited_user_finds_an_invitation_by_name(session, team, ada, bob):
    invitation = invitations.invite(session, team, ada, "bob", now=NOON)

    with pytest.raises(NotFoundError):
        invitations.of_user(session, make_user(session, "eve"), invitation.id, now=NOON)


def test_the_secret_of_a_link_is_not_stored_and_works_once(session, team, ada, bob):
    invitation, secret = invitations.make_link(session, team, ada, now=NOON)
    assert secret not in str(vars(invitation))

    found = invitations.of_link(session, secret, now=NOON)
    invitations.accept(session, found, bob, now=NOON)

    assert names(session, team) == ["ada", "bob"]
    with pytest.raises(NotFoundError):
        invitations.of_link(session, secret, now=NOON)
    with pytest.raises(NotFoundError):
        invitations.accept(session, invitation, make_user(session, "eve"), now=NOON)


def test_invitations_run_out_and_can_be_declined_or_taken_back(session, team, ada, bob):
    _, secret = invitations.make_link(session, team, ada, now=NOON)
    assert invitations.of_link(session, secret, now=LATER - timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        invitations.of_link(session, secret, now=LATER)

    by_name = invitations.invite(session, team, ada, "bob", now=NOON)
    invitations.decline(session, by_name, now=NOON)
    assert queries.of_user(session, bob.id, NOON) == []

    invitation, secret = invitations.make_link(session, team, ada, now=NOON)
    invitations.take_back(session, team, ada, invitation.id, now=NOON)
    with pytest.raises(NotFoundError):
        invitations.of_link(session, secret, now=NOON)


def test_only_the_founder_invites_and_nobody_to_an_individual_team(session, team, ada, bob):
    with pytest.raises(ForbiddenError, match="founder"):
        invitations.invite(session, team, bob, "ada", now=NOON)
    with pytest.raises(ForbiddenError, match="founder"):
        invitations.take_back(session, team, bob, 1, now=NOON)
    own = make_team(session, "ada", [ada], is_individual=True)
    with pytest.raises(ForbiddenError, match="yours alone"):
        invitations.make_link(session, own, ada, now=NOON)


def test_unknown_names_members_and_too_many_invitations_are_refused(session, team, ada):
    make_user(session, "shy", access_level="asked")
    for name in ("nobody", "shy"):
        with pytest.raises(InvalidError, match="no user"):
            invitations.invite(session, team, ada, name, now=NOON)
    with pytest.raises(DuplicateError):
        invitations.invite(session, team, ada, "ada", now=NOON)
    for _ in range(invitations.MAX_OPEN):
        invitations.make_link(session, team, ada, now=NOON)
    with pytest.raises(InvalidError, match="take one back"):
        invitations.make_link(session, team, ada, now=NOON)


def test_a_team_grows_no_larger_than_its_events_allow(session, team, ada, bob):
    make_event_team(session, make_event(session, max_members_per_team=1), team)
    invitation = invitations.invite(session, team, ada, "bob", now=NOON)

    with pytest.raises(InvalidError, match="at most 1"):
        invitations.accept(session, invitation, bob, now=NOON)


def test_nobody_is_in_two_teams_of_an_event(session, team, ada, bob):
    event = make_event(session, max_members_per_team=3)
    make_event_team(session, event, team)
    make_event_team(session, event, make_team(session, "men", [bob]))
    invitation = invitations.invite(session, team, ada, "bob", now=NOON)

    with pytest.raises(DuplicateError, match="already"):
        invitations.accept(session, invitation, bob, now=NOON)


@pytest.mark.parametrize(
    "rule", [{"is_controlled_signup": True}, {"is_public": False}, {"allowed_emails": "uni.org"}]
)
def test_an_invitation_is_no_way_around_the_organisers(session, team, ada, bob, rule):
    make_event_team(session, make_event(session, max_members_per_team=3, **rule), team)
    invitation = invitations.invite(session, team, ada, "bob", now=NOON)

    with pytest.raises(ForbiddenError, match="organisers"):
        invitations.accept(session, invitation, bob, now=NOON)
    assert session.scalars(select(TeamInvitation.accepted_at)).all() == [None]


def test_news_is_read_one_by_one_or_all_at_once_and_only_by_its_user(session, ada, bob):
    first = notifications.notify(session, ada, "ended", "forest: scored", now=NOON, url="/f")
    for _ in range(2):
        notifications.notify(session, ada, "ended", "again", now=NOON)

    notifications.mark_read(session, bob, now=NOON, key=first.id)
    assert news_queries.n_unread(session, ada.id) == 3
    notifications.mark_read(session, ada, now=NOON, key=first.id)
    assert news_queries.n_unread(session, ada.id) == 2
    notifications.mark_read(session, ada, now=NOON)
    assert news_queries.n_unread(session, ada.id) == 0
    assert news_queries.n_of_user(session, ada.id) == 3

"""Invitations: hashed, once, within their time, and never around an event's rules."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from databoard.errors import DuplicateError, ForbiddenError, InvalidError, NotFoundError
from databoard.services import invitations, merging, notifications, submissions, teams
from databoard.store.models import OutgoingMail, TeamInvitation
from databoard.store.queries import invitations as queries
from databoard.store.queries import notifications as news_queries
from databoard.store.queries import teams as team_queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_submission,
    make_team,
    make_user,
)

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


class TestWhoHasSubmittedElsewhere:
    """Who has used one team's submissions comes into another only if the organisers agree."""

    @pytest.fixture
    def boss(self, session):
        return make_user(session, "boss")

    @pytest.fixture
    def event(self, session, boss):
        return make_event(session, "iris", max_members_per_team=3, max_per_day=2, admins=[boss])

    @pytest.fixture
    def place(self, session, event, team):
        return make_event_team(session, event, team)

    @pytest.fixture
    def old(self, session, event, bob):
        """Bob's old team, which has submitted at noon."""
        old = make_event_team(session, event, make_team(session, "men", [bob, make_user(session)]))
        make_submission(session, old, submitted_at=NOON)
        return old

    @staticmethod
    def come_over(session, old, team, ada, bob, left_at=NOON):
        teams.remove_member(session, old.team, bob, now=left_at)
        invitation = invitations.invite(session, team, ada, "bob", now=NOON)
        invitations.accept(session, invitation, bob, now=NOON)

    def test_lets_the_team_wait(self, session, event, place, old, team, ada, bob, boss):
        self.come_over(session, old, team, ada, bob)

        assert names(session, team) == ["ada", "bob"]
        assert place.remark.startswith("bob has submitted with men; the organisers decide")
        assert not submissions.allowance(session, place, NOON).may_submit
        assert team_queries.waiting(session, event) == [place]
        (letter,) = session.scalars(select(OutgoingMail).where(OutgoingMail.to == boss.email))
        assert "bob has submitted with men" in letter.body
        assert "waits for the organisers" in news_queries.of_user(session, ada.id)[0].text
        with pytest.raises(InvalidError, match="waits"):
            merging.merge_places(session, place, old, "both", now=NOON)

    def test_ends_with_one_click(self, session, event, place, old, team, ada, bob):
        since = place.approved_at
        self.come_over(session, old, team, ada, bob)

        teams.approve(session, place, now=NOON + timedelta(hours=1))

        assert submissions.allowance(session, place, NOON).may_submit
        assert place.approved_at == since
        assert team_queries.waiting(session) == []
        told = [news.text for news in news_queries.of_user(session, bob.id)]
        assert any("your sandbox is ready" in text for text in told)

    def test_ends_when_he_leaves(self, session, place, old, team, ada, bob):
        self.come_over(session, old, team, ada, bob)

        teams.remove_member(session, team, bob, now=NOON)

        assert place.may_submit

    def test_waits_for_nobody_else_than_him(self, session, event, place, old, team, ada, bob):
        """Who came over before and was let in is no reason any more."""
        yan = make_user(session, "yan")
        yaks = make_event_team(
            session, event, make_team(session, "yaks", [yan, make_user(session)])
        )
        make_submission(session, yaks, submitted_at=NOON)
        teams.remove_member(session, yaks.team, yan, now=NOON)
        invitation = invitations.invite(session, team, ada, "yan", now=NOON)
        invitations.accept(session, invitation, yan, now=NOON)
        teams.approve(session, place, now=NOON)
        self.come_over(session, old, team, ada, bob)
        assert "bob" in place.remark
        assert "yan" not in place.remark

        teams.renew_remarks(session)
        assert "yan" not in place.remark
        teams.remove_member(session, team, bob, now=NOON)

        assert place.may_submit

    def test_and_was_let_in_lets_nobody_wait_again(self, session, place, old, team, ada, bob):
        self.come_over(session, old, team, ada, bob)
        teams.approve(session, place, now=NOON)
        eve = make_user(session, "eve")

        invitation = invitations.invite(session, team, ada, "eve", now=NOON)
        invitations.accept(session, invitation, eve, now=NOON)

        assert place.may_submit

    @pytest.mark.parametrize(
        "rule", [{"max_per_day": None}, {"archived_at": NOON}, {"closing_at": NOON, "late_s": 0}]
    )
    def test_is_free_where_nothing_is_left_to_use(
        self, session, event, place, old, team, ada, bob, rule
    ):
        for name, value in rule.items():
            setattr(event, name, value)

        self.come_over(session, old, team, ada, bob)

        assert place.remark == ""

    def test_comes_in_if_he_left_before_it_submitted(self, session, place, old, team, ada, bob):
        self.come_over(session, old, team, ada, bob, left_at=NOON - timedelta(hours=1))

        assert place.may_submit

    def test_and_comes_back_to_his_own_team_lets_it_not_wait(self, session, place, team, ada, bob):
        teams.add_member(session, team, bob, now=NOON)
        make_submission(session, place, submitted_at=NOON)

        self.come_over(session, place, team, ada, bob)

        assert place.may_submit


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

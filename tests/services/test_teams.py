"""Teams sign up once, get their sandbox and one letter, and only if they may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from databoard.errors import DuplicateError, ForbiddenError, InvalidError
from databoard.services import merging, sandbox, teams
from databoard.services.accounts import delete_user
from databoard.store.models import EventTeam, OutgoingMail, SandboxFile, Team
from databoard.store.queries import accounts
from databoard.store.queries import teams as queries
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_submission,
    make_team,
    make_user,
)
from tests.services.conftest import CODE

HOUR = timedelta(hours=1)


@pytest.fixture
def event(session, make_kit):
    event = make_event(session, "parity_2026", title="Parity")
    make_kit(event.problem.name)
    return event


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def letters(session):
    return [(mail.to, mail.subject) for mail in session.scalars(select(OutgoingMail))]


def test_signing_up_twice_makes_one_row_one_sandbox_one_letter(session, event, problems_dir):
    team = make_team(session, "kegl", [make_user(session, "balazs")])  # checklist 36

    first = teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)
    again = teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)

    assert first is again
    assert first.is_approved
    assert count(session, EventTeam) == 1
    assert {f.filename: f.content for f in sandbox.files(session, first)} == CODE  # checklist 15
    assert letters(session) == [("balazs@example.org", "You take part in Parity")]


def test_a_controlled_event_asks_its_organisers_once(session, event, problems_dir):
    event.is_controlled_signup = True
    organiser = make_user(session, "organiser")
    make_user(session, "boss", access_level="admin")
    teams_of = make_team(session, "kegl")
    event.admins.append(type(event).admins.property.mapper.class_(user=organiser))
    session.flush()

    for _ in range(2):
        place = teams.sign_up(session, event, teams_of, problems_dir=problems_dir, now=NOON)

    assert not place.is_approved
    assert queries.waiting(session, event) == [place]
    subject = 'fab sign_up_team:e="parity_2026",t="kegl"'
    assert sorted(letters(session)) == [
        ("boss@example.org", subject),
        ("organiser@example.org", subject),
    ]

    teams.approve(session, place, now=NOON)
    teams.approve(session, place, now=NOON + timedelta(days=1))
    assert place.approved_at == NOON
    assert len(letters(session)) == 3
    assert queries.waiting(session) == []


def test_an_admins_word_approves_at_once_and_asks_nothing(session, event, problems_dir):
    event.is_controlled_signup = True
    event.closing_at = NOON - timedelta(days=1)
    team = make_team(session)

    with pytest.raises(ForbiddenError):
        teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)
    place = teams.sign_up(
        session, event, team, problems_dir=problems_dir, now=NOON, approved=True, checks=False
    )

    assert place.is_approved


def test_who_wants_no_mail_gets_none(session, event, problems_dir):
    team = make_team(session, members=[make_user(session, wants_mail=False)])

    teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)

    assert letters(session) == []


def test_a_team_may_have_as_many_members_as_the_event_says(session, event, problems_dir):
    team = make_team(session, members=[make_user(session), make_user(session)])

    with pytest.raises(InvalidError, match="at most 1 members"):
        teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)
    event.max_members_per_team = 2
    assert teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)


def test_nobody_takes_part_twice(session, event, problems_dir):  # L16
    event.max_members_per_team = 2
    ada = make_user(session, "ada")
    first = make_team(session, "first", [ada])
    second = make_team(session, "second", [make_user(session), ada])
    place = teams.sign_up(session, event, first, problems_dir=problems_dir, now=NOON)

    with pytest.raises(DuplicateError, match="ada takes part already, in first"):
        teams.sign_up(session, event, second, problems_dir=problems_dir, now=NOON)
    teams.leave(session, place, now=NOON)
    assert teams.sign_up(session, event, second, problems_dir=problems_dir, now=NOON)


@pytest.mark.parametrize(
    ("listed", "email", "may_join"),
    [
        ("ada@example.org bob@example.org", "ada@example.org", True),
        ("ada@example.org", "xada@example.org", False),
        ("@example.org", "Ada@EXAMPLE.org", True),
        ("example.org", "ada@example.org", True),
        ("example.org, example.com", "ada@example.com", True),
        ("example.org", "ada@badexample.org", False),
        ("example.org", "example.org@evil.net", False),
        (".example.org", "ada@math.example.org", True),
        (".example.org", "ada@badexample.org", False),
    ],
)
def test_an_event_may_list_addresses_and_domains(
    session, event, problems_dir, listed, email, may_join
):
    event.allowed_emails = listed
    team = make_team(session, members=[make_user(session, email=email)])

    if may_join:
        assert teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)
    else:
        with pytest.raises(ForbiddenError):
            teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)


def test_coming_back_keeps_the_sandbox(session, event, problems_dir):
    team = make_team(session)
    place = teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)
    sandbox.save(session, place, "classifier.py", b"x = 1\n", base_version=1, user=None, now=NOON)

    teams.leave(session, place, now=NOON)
    assert not place.is_approved
    assert queries.event_team_of(session, event, team.members[0].user) is None
    again = teams.sign_up(session, event, team, problems_dir=problems_dir, now=NOON)

    assert again is place
    assert place.is_approved
    assert [f.content for f in sandbox.files(session, place)] == [b"x = 1\n"]


def test_a_kit_without_starting_files_makes_an_empty_sandbox(session, problems_dir):
    place = teams.sign_up(
        session, make_event(session), make_team(session), problems_dir=problems_dir, now=NOON
    )

    assert place.is_approved
    assert count(session, SandboxFile) == 0


def test_users_and_teams_share_their_names(session):
    ada, bob = make_user(session, "ada"), make_user(session, "bob")
    team = teams.create(session, ada, " night_owls ", now=NOON)

    assert (team.name, team.admin, queries.members(session, team.id)) == ("night_owls", ada, [ada])
    for name in ("Night_Owls", "BOB"):
        with pytest.raises(DuplicateError):
            teams.create(session, bob, name, now=NOON)
    with pytest.raises(InvalidError):
        teams.create(session, bob, "x", now=NOON)


def test_a_user_has_one_team_of_one(session):
    ada = make_user(session, "ada")

    assert teams.individual(session, ada, now=NOON) is teams.individual(session, ada, now=NOON)
    assert [team.name for team in queries.of_user(session, ada)] == ["ada"]
    assert count(session, Team) == 1


def test_members_come_and_go_but_the_last_one_stays(session):
    ada, bob = make_user(session, "ada"), make_user(session, "bob")
    team = teams.create(session, ada, "owls", now=NOON)

    teams.add_member(session, team, bob, now=NOON)
    teams.add_member(session, team, bob, now=NOON)
    assert [member.user.name for member in team.members] == ["ada", "bob"]

    teams.remove_member(session, team, ada, now=NOON)
    assert team.admin_id == bob.id
    with pytest.raises(ForbiddenError):
        teams.remove_member(session, team, bob, now=NOON)


def test_the_place_of_a_user_is_found_by_any_of_the_teams(session):
    ada = make_user(session, "ada")
    event = make_event(session)
    place = make_event_team(session, event, make_team(session, "owls", [make_user(session), ada]))

    assert queries.event_team_of(session, event, ada) is place
    assert queries.places_of(session, ada) == [place]
    assert queries.in_event(session, event) == [place]
    assert queries.event_team_of(session, make_event(session), ada) is None


class TestAnotherTeam:
    """Who has used one team's submissions gets another team's only if an organiser says so."""

    @pytest.fixture
    def place(self, session, event):
        """A team of three that has submitted."""
        event.max_per_day = 5
        users = [make_user(session, name) for name in ("ada", "bob", "eve")]
        place = make_event_team(session, event, make_team(session, "ladies", users))
        make_submission(session, place, submitted_at=NOON)
        return place

    @staticmethod
    def sign_up(session, event, problems_dir, *names, team="other", now=NOON + HOUR):
        users = [accounts.by_name(session, name) for name in names]
        made = make_team(session, team, users)
        return teams.sign_up(session, event, made, problems_dir=problems_dir, now=now)

    def test_who_left_it_waits_for_the_organisers(self, session, event, place, problems_dir):
        boss = make_user(session, "boss", access_level="admin")
        teams.remove_member(session, place.team, accounts.by_name(session, "bob"), now=NOON + HOUR)

        other = self.sign_up(session, event, problems_dir, "bob")

        assert not other.is_approved
        assert other.remark.startswith("bob has submitted with ladies; the organisers decide")
        assert not teams.sign_up(
            session, event, other.team, problems_dir=problems_dir, now=NOON
        ).is_approved, "asking again lets nobody in"
        (letter,) = session.scalars(select(OutgoingMail).where(OutgoingMail.to == boss.email))
        assert "bob has submitted with ladies" in letter.body
        teams.approve(session, other, now=NOON)
        assert other.is_approved
        assert other.remark == ""

    def test_why_a_team_waited_is_not_said_of_one_that_was_let_in(
        self, session, event, place, problems_dir
    ):
        teams.remove_member(session, place.team, accounts.by_name(session, "bob"), now=NOON + HOUR)
        other = self.sign_up(session, event, problems_dir, "bob")
        teams.approve(session, other, now=NOON)

        teams.sign_up(session, event, other.team, problems_dir=problems_dir, now=NOON)

        assert (other.is_approved, other.remark) == (True, "")

    def test_why_a_team_waits_names_no_account_that_was_closed(
        self, session, event, place, problems_dir
    ):
        event.max_members_per_team = 5
        bob, eve = (accounts.by_name(session, name) for name in ("bob", "eve"))
        for user in (bob, eve):
            teams.remove_member(session, place.team, user, now=NOON + HOUR)
        other = self.sign_up(session, event, problems_dir, "bob", "eve")
        assert "bob has submitted with ladies" in other.remark

        delete_user(session, bob, now=NOON + HOUR)

        assert other.remark.startswith("eve has submitted with ladies;")

    def test_who_belongs_to_one_that_is_out_waits_too(self, session, event, place, problems_dir):
        event.max_members_per_team = 5
        teams.leave(session, place, now=NOON)

        other = self.sign_up(session, event, problems_dir, "ada", "eve")

        assert other.remark.startswith("ada has submitted with ladies, eve has submitted with")

    def test_who_left_before_it_submitted_or_where_nothing_is_limited_comes_in(
        self, session, event, place, problems_dir
    ):
        bob, eve = (accounts.by_name(session, name) for name in ("bob", "eve"))
        teams.remove_member(session, place.team, bob, now=NOON - HOUR)
        teams.remove_member(session, place.team, eve, now=NOON + HOUR)

        assert self.sign_up(session, event, problems_dir, "bob").is_approved
        event.max_per_day = None
        assert self.sign_up(session, event, problems_dir, "eve", team="third").is_approved

    def test_who_left_a_team_that_was_merged_afterwards_waits(
        self, session, event, place, problems_dir
    ):
        second = make_event_team(session, event, make_team(session, "second"))
        bob = accounts.by_name(session, "bob")
        teams.remove_member(session, place.team, bob, now=NOON + HOUR)
        event.max_members_per_team = 5
        merging.merge_places(session, place, second, "both", now=NOON + HOUR)

        assert self.sign_up(session, event, problems_dir, "bob").remark.startswith(
            "bob has submitted with both"
        )


def test_a_team_in_an_event_grows_within_its_rules(session):  # L16
    event = make_event(session, max_members_per_team=2)
    team, other = make_team(session, "owls"), make_team(session, "larks")
    ada, bob = make_user(session, "ada"), make_user(session, "bob")
    make_event_team(session, event, team)
    make_event_team(session, event, other)

    teams.add_member(session, team, ada, now=NOON)
    with pytest.raises(InvalidError, match="at most 2 members"):
        teams.add_member(session, team, bob, now=NOON)
    with pytest.raises(DuplicateError, match="ada takes part"):
        teams.add_member(session, other, ada, now=NOON)
    teams.add_member(session, other, bob, now=NOON)


def test_only_a_team_that_never_took_part_is_removed(session):
    place = make_event_team(session)
    own = teams.individual(session, make_user(session), now=NOON)
    fresh = make_team(session, "fresh")

    for team in (place.team, own):
        with pytest.raises(ForbiddenError):
            teams.remove(session, team)
    teams.remove(session, fresh)

    assert queries.by_name(session, "fresh") is None

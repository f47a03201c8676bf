"""Accounts: nobody is told who has one, guessers wait, owners get in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from databoard.domain import rules
from databoard.errors import DuplicateError, ForbiddenError, InvalidError, TooSoonError
from databoard.services import (
    accounts,
    activity,
    comments,
    invitations,
    outbox,
    teams,
    tokens,
)
from databoard.store.models import (
    AuditEntry,
    Comment,
    LoginAttempt,
    Notification,
    OutgoingMail,
    Team,
    TeamInvitation,
    TeamMember,
)
from databoard.store.queries import accounts as queries
from databoard.store.queries import teams as team_queries
from tests.builders import NOON, make_event_team, make_submission, make_team, make_user

PASSWORD = "correct horse battery"
SECOND = timedelta(seconds=1)


@pytest.fixture
def ada(session):
    return accounts.create_user(session, "ada", "ada@example.org", PASSWORD, now=NOON)


def refusal(session, login, password, *, address="10.0.0.1", now=NOON):
    with pytest.raises((ForbiddenError, TooSoonError)) as error:
        accounts.authenticate(session, login, password, address, now=now)
    return error.value


def test_signing_up_asks_and_confirming_makes_a_user_with_a_team(session):
    user = accounts.sign_up(session, "ada", " ada@example.org ", PASSWORD, now=NOON)
    assert (user.access_level, user.email) == ("asked", "ada@example.org")
    assert team_queries.individual_of(session, user) is None

    accounts.confirm_email(session, user, now=NOON)
    accounts.confirm_email(session, user, now=NOON + SECOND)

    assert user.access_level == "user"
    assert user.email_confirmed_at == NOON
    assert session.scalars(select(Team.name)).all() == ["ada"]
    assert session.scalar(select(func.count()).select_from(TeamMember)) == 1


def test_confirming_an_address_does_not_lift_a_ban(session):
    user = accounts.sign_up(session, "ada", "ada@example.org", PASSWORD, now=NOON)
    accounts.set_access(session, user, "banned", now=NOON)

    accounts.confirm_email(session, user, now=NOON)

    assert user.access_level == "banned"


def test_approving_twice_changes_nothing(session):
    user = accounts.sign_up(session, "ada", "ada@example.org", PASSWORD, now=NOON)

    accounts.approve(session, user, now=NOON)
    accounts.set_access(session, user, "admin", now=NOON)
    accounts.approve(session, user, now=NOON)

    assert user.access_level == "admin"
    assert session.scalar(select(func.count()).select_from(Team)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "a"}, "name"),
        ({"name": "1ada"}, "name"),
        ({"name": "ada lovelace"}, "name"),
        ({"name": "<script>"}, "name"),
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@b.org\nBcc: all@example.org"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * (rules.MAX_PASSWORD + 1)}, "password"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_field(session, fields, field):
    values = {"name": "ada", "email": "ada@example.org", "password": PASSWORD, **fields}

    with pytest.raises(InvalidError) as error:
        accounts.sign_up(session, values["name"], values["email"], values["password"], now=NOON)

    assert error.value.field == field


def test_a_taken_name_or_address_is_refused_in_any_case(session, ada):
    make_team(session, "kegl")

    for name, email, field in [
        ("ADA", "new@example.org", "name"),
        ("Kegl", "new@example.org", "name"),
        ("new", "ADA@Example.org", "email"),
    ]:
        with pytest.raises(DuplicateError) as error:
            accounts.sign_up(session, name, email, PASSWORD, now=NOON)
        assert error.value.field == field


def test_a_known_address_costs_as_much_as_a_new_one(session, ada, monkeypatch):  # W7
    hashed = []
    real = accounts.HASHER.hash
    monkeypatch.setattr(accounts, "hash_password", lambda p: hashed.append(p) or real(p))

    with pytest.raises(DuplicateError):
        accounts.sign_up(session, "new", "ada@example.org", PASSWORD, now=NOON)
    accounts.sign_up(session, "new", "new@example.org", PASSWORD, now=NOON)

    assert len(hashed) == 2


def test_passwords_are_argon2id_and_salted(session, ada):
    assert ada.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert accounts.hash_password(PASSWORD) != accounts.hash_password(PASSWORD)


def test_name_and_address_log_in_in_any_case(session, ada):
    for login in ("ada", "ADA", " ada ", "Ada@Example.org"):
        assert accounts.authenticate(session, login, PASSWORD, "10.0.0.1", now=NOON) is ada


def test_an_unknown_user_hears_the_same_words(session, ada):  # W7
    answers = {
        refusal(session, login, password).message
        for login, password in [
            ("ada", "wrong password"),
            ("ada@example.org", "wrong password"),
            ("nobody", PASSWORD),
            ("nobody@example.org", PASSWORD),
        ]
    }
    assert answers == {accounts.WRONG}


def test_an_unknown_user_is_verified_with_the_same_work(session, ada, monkeypatch):  # W7
    seen = []
    monkeypatch.setattr(
        accounts, "HASHER", type("Spy", (), {"verify": lambda _, h, p: seen.append(h) or True})()
    )

    assert accounts.verify(None, "anything") is False

    assert len(seen) == 1
    assert seen[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_refused_user_hears_the_reason_only_with_the_right_password(session, ada):
    accounts.refuse(session, ada, "Not of this class.", now=NOON)

    assert refusal(session, "ada", "wrong password").message == accounts.WRONG
    assert "Not of this class." in refusal(session, "ada", PASSWORD).message


@pytest.mark.parametrize("login", ["ada", "nobody"])
def test_after_five_failures_a_guesser_waits_known_or_not(session, ada, login):  # W7, W8
    for _ in range(accounts.FREE_TRIES):
        assert isinstance(refusal(session, login, "wrong"), ForbiddenError)

    error = refusal(session, login, PASSWORD)

    assert isinstance(error, TooSoonError)
    assert error.wait_s == 2
    assert error.message == "Please wait 2 s and try again."


def test_a_thousand_tries_reach_the_hash_twenty_times_at_most(session, ada):  # W8
    # A guesser from many addresses, one try a second.
    for i in range(1000):
        refusal(session, "ada", f"guess {i}", address=f"10.0.{i // 250}.{i}", now=NOON + i * SECOND)

    assert session.scalar(select(func.count()).select_from(LoginAttempt)) <= 20


def test_a_guesser_does_not_lock_the_owner_out(session, ada):  # W8
    accounts.authenticate(session, "ada", PASSWORD, "192.0.2.1", now=NOON - timedelta(days=3))
    for i in range(100):
        refusal(session, "ada", "wrong", now=NOON + i * SECOND)

    later = NOON + 100 * SECOND
    assert isinstance(refusal(session, "ada", PASSWORD, now=later), TooSoonError)
    assert accounts.authenticate(session, "ada", PASSWORD, "192.0.2.1", now=later) is ada
    # That the owner got in gives the guesser no new tries from where the owner never was.
    assert isinstance(
        refusal(session, "ada", "wrong", address="192.0.2.1", now=later), ForbiddenError
    )


def test_one_address_trying_many_accounts_waits_too(session):  # W8: credential stuffing
    for i in range(accounts.FREE_TRIES_OF_ADDRESS):
        assert isinstance(refusal(session, f"user{i}", "wrong"), ForbiddenError)

    assert isinstance(refusal(session, "another", "wrong"), TooSoonError)


def test_a_quarter_of_an_hour_later_all_is_forgotten(session, ada):
    for _ in range(accounts.FREE_TRIES):
        refusal(session, "ada", "wrong")

    later = NOON + accounts.WINDOW + SECOND
    assert accounts.authenticate(session, "ada", PASSWORD, "10.0.0.1", now=later) is ada


def test_a_session_is_kept_by_the_hash_of_its_secret_and_can_be_ended(session, ada):  # W6
    first, secret = accounts.open_session(session, ada, "10.0.0.1", "Firefox", now=NOON)
    second, other = accounts.open_session(session, ada, "10.0.0.1", "Firefox", now=NOON)

    assert secret != other
    assert first.id == accounts.digest(secret)
    assert secret not in first.id
    assert queries.live_session(session, first.id).user is ada

    accounts.end_session(session, first.id, now=NOON)
    accounts.end_session(session, first.id, now=NOON)

    assert queries.live_session(session, first.id) is None
    assert queries.live_session(session, second.id)


def test_a_new_password_ends_all_other_sessions(session, ada):  # W6
    here, _ = accounts.open_session(session, ada, "10.0.0.1", "here", now=NOON)
    there, _ = accounts.open_session(session, ada, "10.0.0.2", "there", now=NOON)

    accounts.change_password(
        session, ada, PASSWORD, "another good one", now=NOON, keep_session=here.id
    )

    assert queries.live_session(session, here.id)
    assert queries.live_session(session, there.id) is None
    assert accounts.authenticate(session, "ada", "another good one", "10.0.0.1", now=NOON) is ada


def test_the_old_password_is_asked_and_the_new_one_has_rules(session, ada):
    with pytest.raises(InvalidError) as error:
        accounts.change_password(session, ada, "wrong", "another good one", now=NOON)
    assert error.value.field == "old"
    with pytest.raises(InvalidError):
        accounts.set_password(session, ada, "short", now=NOON)
    assert accounts.verify(ada.password_hash, PASSWORD)


@pytest.mark.parametrize("level", ["refused", "banned"])
def test_who_loses_access_is_logged_out(session, ada, level):
    row, _ = accounts.open_session(session, ada, "10.0.0.1", "Firefox", now=NOON)

    accounts.set_access(session, ada, level, now=NOON)

    assert queries.live_session(session, row.id) is None


def test_there_are_no_other_levels_of_access(session, ada):
    with pytest.raises(InvalidError, match="asked, user, admin"):
        accounts.set_access(session, ada, "root", now=NOON)


def test_a_profile_takes_only_its_fields(session, ada):  # W14
    accounts.update_profile(session, ada, firstname=" Ada ", url="https://example.org")
    assert (ada.firstname, ada.url) == ("Ada", "https://example.org")

    for fields in (
        {"access_level": "admin"},
        {"id": 7},
        {"password_hash": "x"},
        {"url": "javascript:alert(1)"},
        {"bio": "x" * 2001},
        {"lastname": "x" * 81},
    ):
        with pytest.raises(InvalidError):
            accounts.update_profile(session, ada, **fields)
    assert ada.access_level == "user"


def test_an_address_changes_to_one_that_nobody_has(session, ada):
    make_user(session, "bob")

    accounts.change_email(session, ada, "lovelace@example.org", now=NOON)
    accounts.change_email(session, ada, "Lovelace@example.org", now=NOON)  # own, other case
    with pytest.raises(DuplicateError):
        accounts.change_email(session, ada, "BOB@example.org", now=NOON)

    assert ada.email == "Lovelace@example.org"


def test_a_link_is_for_who_may_log_in(session, ada):
    assert accounts.ask_for_link(session, "ADA@example.org", "10.0.0.1", now=NOON) is ada
    assert accounts.ask_for_link(session, "nobody@example.org", "10.0.0.1", now=NOON) is None
    accounts.set_access(session, ada, "banned", now=NOON)
    assert accounts.ask_for_link(session, "ada@example.org", "10.0.0.1", now=NOON) is None


def test_a_deleted_account_leaves_no_name_behind(session, ada):
    row, _ = accounts.open_session(session, ada, "10.0.0.1", "Firefox", now=NOON)
    _, secret = tokens.create(session, ada, "laptop", now=NOON)
    accounts.update_profile(session, ada, firstname="Ada", affiliation="London")

    accounts.delete_user(session, ada, now=NOON)

    assert queries.live_session(session, row.id) is None
    assert tokens.find(session, secret, now=NOON) is None
    assert refusal(session, "ada", PASSWORD).message == accounts.WRONG
    assert queries.everyone(session) == []
    kept = [*vars(ada).values(), *session.scalars(select(Team.name))]
    assert not any("ada" in str(value).lower() for value in kept)
    # The name and the address are free again.
    accounts.sign_up(session, "ada", "ada@example.org", PASSWORD, now=NOON)


def test_a_deleted_account_takes_its_words_news_and_letters_along(session, ada):
    bob = make_user(session, "bob")
    admin = make_user(session, "root", access_level="admin")
    ladies = make_team(session, "ladies", [ada, bob])
    teams.individual(session, ada, now=NOON)
    submission = make_submission(session, make_event_team(session, team=ladies))
    comments.write(session, submission, ada, "I live in Ockham.", now=NOON)
    invitations.invite(session, ladies, ada, "root", now=NOON)
    outbox.write(session, "1", ada.email, "Hello", "", now=NOON)
    outbox.write(session, "2", admin.email, "New", f"ada ({ada.email}) asked.", now=NOON)
    outbox.write(session, "3", bob.email, "Other", "stays", now=NOON)
    activity.audit(session, admin, "approve_user", ada, now=NOON)
    own = teams.individual(session, ada, now=NOON)
    activity.audit(session, admin, "approve_team", own, now=NOON)
    activity.audit(session, ada, "announce", "site", now=NOON)
    # Another thing of the same name keeps it: an event, a submission.
    activity.audit(session, admin, "edit_event", "ada", now=NOON)
    activity.audit(session, admin, "withdraw", "ada", now=NOON)
    activity.audit(session, admin, "send_letter_again", ada.email, now=NOON)
    merged = activity.audit(session, admin, "merge_teams", "both", now=NOON, of=["ada", "b"])

    accounts.delete_user(session, ada, now=NOON)

    assert [row.text for row in session.scalars(select(Comment))] == [""]
    told = list(session.scalars(select(Notification.text)))
    assert told == [f"There is a new comment on {submission.name}."]
    assert list(session.scalars(select(TeamInvitation))) == []
    assert list(session.scalars(select(OutgoingMail.subject).order_by(OutgoingMail.id))) == [
        *told,
        "Other",
    ]
    assert ladies.admin_id == bob.id
    assert team_queries.members(session, ladies.id) == [bob]
    trail = [
        (entry.by, entry.object)
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    ]
    alias = f"deleted~{ada.id}"
    assert (merged.object, merged.detail) == ("both", {"of": [alias, "b"]})
    assert trail == [
        ("root", alias),
        ("root", alias),
        (alias, "site"),
        ("root", "ada"),
        ("root", "ada"),
        ("root", alias),
        ("root", "both"),
    ]


def test_a_team_founded_under_a_waiting_users_name_leaves_room_for_the_users_own(session, ada):
    bob = accounts.sign_up(session, "bob", "bob@example.org", PASSWORD, now=NOON)
    make_team(session, "BOB", [ada])  # in the same moment: neither saw the other

    accounts.confirm_email(session, bob, now=NOON)

    assert team_queries.individual_of(session, bob).name == "bob_2"


def test_people_are_found_by_level_and_word(session, ada):
    bob = make_user(session, "bob", lastname="Lovelace", access_level="asked")

    assert set(queries.everyone(session)) == {ada, bob}
    assert queries.everyone(session, level="asked") == [bob]
    assert queries.everyone(session, search="lOve") == [bob]
    assert queries.by_id(session, bob.id) is bob
    assert queries.by_login(session, "bob@EXAMPLE.org") is bob
    assert queries.by_login(session, "nobody") is None

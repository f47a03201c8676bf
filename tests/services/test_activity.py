"""What people and admins did is kept."""

from __future__ import annotations

from databoard.services import activity
from tests.builders import NOON, make_event, make_user


def test_a_look_is_kept(session):
    user, event = make_user(session), make_event(session)

    note = activity.note(
        session, "look", user_id=user.id, now=NOON, event_id=event.id, filename="classifier.py"
    )

    assert (note.kind, note.user, note.filename, note.at) == ("look", user, "classifier.py", NOON)


def test_an_audit_names_who_did_what_and_why(session):
    admin = make_user(session, "boss")

    by_admin = activity.audit(session, admin, "ban", "ada", now=NOON, reason="spam")
    by_command = activity.audit(session, None, "remove", "event iris", now=NOON)

    assert (by_admin.by, by_admin.user_id, by_admin.detail) == (
        "boss",
        admin.id,
        {"reason": "spam"},
    )
    assert (by_command.by, by_command.user_id, by_command.detail) == ("command line", None, {})

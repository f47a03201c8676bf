"""Drafts: nobody's work is overwritten unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from databoard.errors import DuplicateError, InvalidError, TooLargeError
from databoard.services import sandbox
from databoard.store.models import Interaction
from tests.builders import NOON, make_event, make_event_team, make_problem, make_user, make_workflow

FILE = "classifier.py"


@pytest.fixture
def place(session):
    return make_event_team(session)


def save(session, place, content, base, **fields):
    values = {"user": None, "now": NOON, **fields}
    return sandbox.save(session, place, FILE, content, base_version=base, **values)


def test_each_save_is_a_new_version(session, place):
    user = make_user(session)

    assert save(session, place, b"a", None).version == 1
    row = save(session, place, b"b", 1, user=user, now=NOON + timedelta(hours=1))

    assert (row.version, row.content, row.updated_by_id) == (2, b"b", user.id)
    assert row.updated_at == NOON + timedelta(hours=1)


def test_an_old_tab_does_not_overwrite_a_newer_version(session, place):
    save(session, place, b"a", None)
    save(session, place, b"b", 1)

    with pytest.raises(DuplicateError, match=r"saved elsewhere at 12:00:00 UTC") as error:
        save(session, place, b"c", 1)

    assert error.value.field == FILE
    assert sandbox.files(session, place)[0].content == b"b"


def test_saving_the_same_again_is_no_conflict_and_no_version(session, place):
    save(session, place, b"a", None)
    save(session, place, b"b", 1)

    assert save(session, place, b"b", 1).version == 2


def test_overwriting_on_purpose_works(session, place):
    save(session, place, b"a", None)
    save(session, place, b"b", 1)

    assert save(session, place, b"c", None).version == 3


@pytest.mark.parametrize("name", ["../../etc/passwd", "other.py", "", "CLASSIFIER.PY"])
def test_only_files_of_the_workflow_are_drafts(session, place, name):  # W2
    with pytest.raises(InvalidError, match="has no file"):
        sandbox.save(session, place, name, b"", base_version=None, user=None, now=NOON)


def test_a_draft_is_as_large_as_an_upload_may_be(session, place):
    place.event.max_upload_kb = 1

    save(session, place, b"x" * 1024, None)
    with pytest.raises(TooLargeError):
        save(session, place, b"x" * 1025, None)


def test_files_come_in_the_order_of_the_workflow(session):
    workflow = make_workflow(session, "two", ["regressor", "calibrator"])
    event = make_event(session, problem=make_problem(session, workflow=workflow))
    place = make_event_team(session, event)
    for name in ("calibrator.py", "regressor.py"):
        sandbox.save(session, place, name, b"", base_version=None, user=None, now=NOON)

    names = [file.filename for file in sandbox.files(session, place)]

    assert names == ["regressor.py", "calibrator.py"]


def test_a_submission_is_imported_with_its_bytes_and_remembered(
    session, place, submit, submissions_dir
):
    user = make_user(session)
    save(session, place, b"mine", None)
    submission = submit(session, place, files={FILE: b"x = 'theirs'\r\n"})

    sandbox.import_submission(
        session, place, submission, submissions_dir=submissions_dir, user=user, now=NOON
    )

    assert sandbox.files(session, place)[0].content == b"x = 'theirs'\r\n"
    note = session.scalars(select(Interaction).where(Interaction.kind == "import")).one()
    assert (note.submission_id, note.user_id) == (submission.id, user.id)

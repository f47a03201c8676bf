"""What organisers do by forms alone: open, change and archive an event, read who did what."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from databoard.services import activity, problems, teams
from databoard.store.queries import events as queries
from tests.builders import NOON, make_event, make_problem, make_team, make_user

KITS = Path(__file__).parents[2] / "problems"


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def root(rows, log_in):
    """A client of an administrator."""
    admin = make_user(rows, "root", access_level="admin")
    rows.commit()
    return log_in(admin)


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


NEXT_TERM = {
    "problem": "iris",
    "name": "iris_2027",
    "title": "Irises, next term",
    "opening_at": "2027-03-01T08:00",
}


@pytest.fixture
def irises(rows, settings):
    """The problem iris, with its kit."""
    shutil.copytree(KITS / "iris", settings.problems_dir / "iris", dirs_exist_ok=True)
    problems.add_problem(rows, "iris", problems_dir=settings.problems_dir, now=NOON)
    rows.commit()


@pytest.mark.slow
def test_an_event_is_opened_on_a_problem_by_a_form(root, rows, irises):
    form = {**NEXT_TERM, "is_public": "y"}

    answer = root.post("/admin/events/new", data=form)

    assert answer.location == "/admin/events/iris_2027/edit"
    event = queries.by_name(rows, "iris_2027")
    assert (event.title, event.is_public) == ("Irises, next term", True)
    assert event.opening_at.isoformat() == "2027-03-01T08:00:00+00:00"
    assert len(queries.folds(rows, event.id)) > 1
    assert [row.user.name for row in event.admins] == ["root"]
    assert "new event" in text_of(root, "/admin/audit")


def test_what_is_wrong_with_a_new_event_is_said_in_its_form(root, rows):
    make_event(rows, "iris")
    make_problem(rows, "flowers")  # in the database, but its kit is not on this server
    rows.commit()
    form = {"problem": "flowers", "name": "iris", "title": "Iris"}

    taken = root.post("/admin/events/new", data=form)
    bad = root.post("/admin/events/new", data={**form, "name": "../x"})

    assert (taken.status_code, bad.status_code) == (422, 422)
    assert "There is an event iris already" in taken.get_data(as_text=True)
    assert "letters a-z" in bad.get_data(as_text=True)


def test_no_event_is_made_of_dates_out_of_order(root, rows, irises):
    form = {**NEXT_TERM, "closing_at": "2027-02-01T08:00"}

    answer = root.post("/admin/events/new", data=form)

    assert answer.status_code == 422
    assert "The closing must not come before the opening." in answer.get_data(as_text=True)
    assert queries.by_name(rows, "iris_2027") is None


def test_archiving_says_what_it_means_and_is_undone(root, rows, settings):
    event = make_event(rows, "iris")
    rows.commit()
    assert "nobody joins or submits" in text_of(root, "/admin/events/iris/archive")
    rows.refresh(event)
    assert event.archived_at is None
    rows.commit()

    for _ in range(2):  # a click too many does not undo it
        root.post("/admin/events/iris/archive", data={"archived": "yes"})

    rows.refresh(event)
    assert event.archived_at is not None
    with pytest.raises(Exception, match="is over"):
        teams.sign_up(
            rows, event, make_team(rows), problems_dir=settings.problems_dir, now=event.archived_at
        )
    rows.rollback()
    assert "Out of the archive" in text_of(root, "/admin/events/iris")
    root.post("/admin/events/iris/archive", data={"archived": "no"})
    rows.refresh(event)
    assert event.archived_at is None


def test_texts_are_typed_as_markdown_and_kept_as_clean_html(root, rows):
    event = make_event(rows, "iris", title="Iris", description_html="<p>Old.</p>")
    rows.commit()
    form = {
        "title": "Iris",
        "max_members_per_team": 1,
        "pause_s": 0,
        "late_s": 60,
        "fold_seconds": 600,
        "fold_memory_mb": 2048,
        "fold_cores": 2,
        "fold_disk_mb": 64,
        "fold_output_kb": 64,
        "max_upload_kb": 2048,
        "max_n_ensemble": 80,
        "log_policy": "limited",
        "description_html": "<p>Old.</p>\r\n",
        "rules_html": "Be *kind*.<script>alert(1)</script>",
        "can_merge_teams": "y",
        "merging_ends_at": "2027-03-01T08:00",
    }

    assert root.post("/admin/events/iris/edit", data=form).status_code == 302

    rows.refresh(event)
    assert event.description_html == "<p>Old.</p>"
    assert "<em>kind</em>" in event.rules_html
    assert "<script" not in event.rules_html
    assert (event.late_s, event.fold_cores, event.can_merge_teams) == (60, 2, True)
    assert event.merging_ends_at.year == 2027


def test_the_audit_is_filtered_and_organisers_read_that_of_their_events(root, rows, app, log_in):
    ada = make_user(rows, "ada")
    mine, other = make_event(rows, "mine", admins=[ada]), make_event(rows, "other")
    for event, action, object_ in (
        (mine, "edit_event", "=1+1"),
        (other, "edit_event", "other"),
        (mine, "announce", "mine"),
    ):
        activity.audit(rows, ada, action, object_, now=NOON + timedelta(), event_id=event.id)
    activity.audit(rows, None, "set_access", "bob", now=NOON)
    rows.commit()
    organiser = log_in(ada, app.test_client())

    def objects(client, query=""):
        lines = csv.DictReader(io.StringIO(text_of(client, f"/admin/audit.csv{query}")))
        return [line["object"] for line in lines]

    assert objects(root) == ["bob", "mine", "other", "'=1+1"]  # threats W12
    assert objects(root, "?by=ADA&action=edit_event") == ["other", "'=1+1"]
    assert objects(organiser) == ["mine", "'=1+1"]
    assert "bob" not in text_of(organiser, "/admin/audit")
    assert organiser.get("/admin/audit?event=other").status_code == 404


@pytest.mark.parametrize("path", ["/admin/mail/{}", "/admin/events/open/teams/{}/extension"])
def test_a_number_that_no_key_can_be_leads_nowhere(root, rows, path):
    make_event(rows, "open")
    rows.commit()

    for key in (2**63 - 1, 2**63, 10**30):
        assert root.get(path.format(key)).status_code == 404

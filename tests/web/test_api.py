"""The programming interface: what a program reads and submits with a token."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from databoard.services import tokens
from databoard.store.models import Submission
from tests.builders import (
    make_event,
    make_event_team,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)

NOW = datetime.now(UTC)
CODE = "class Classifier:\n    pass\n"
BODY = {"name": "forest", "files": {"classifier.py": CODE}}
URL = "/api/v1/events/iris/submissions"


@pytest.fixture
def event(rows):
    return make_event(rows, "iris", title="Irises")


@pytest.fixture
def ada(rows, event):
    """A member of the team ``mates``, which takes part."""
    ada = make_user(rows, "ada")
    make_event_team(rows, event, make_team(rows, "mates", [ada]))
    rows.commit()
    return ada


def bearer(rows, user, *scopes):
    _, secret = tokens.create(rows, user, "test", now=NOW, scopes=scopes or ("read", "submit"))
    rows.commit()
    return {"Authorization": f"Bearer {secret}"}


# W15
def test_a_body_that_begins_in_time_and_ends_late_is_late(client, rows, event, ada):
    event.closing_at = NOW + timedelta(hours=1)
    rows.commit()
    body = json.dumps(BODY).encode()

    with time_machine.travel(event.closing_at - timedelta(seconds=1), tick=False) as clock:

        class SlowBody(io.BytesIO):
            def readinto(self, buffer):
                clock.move_to(event.closing_at + timedelta(seconds=1))
                return super().readinto(buffer)

        response = client.post(
            URL,
            input_stream=SlowBody(body),
            content_length=len(body),
            content_type="application/json",
            headers=bearer(rows, ada),
        )

    assert response.status_code == 403
    assert "closed" in response.json["error"]["message"]


def test_anybody_reads_what_is_public(client, rows, event):
    make_event(rows, "quiet", is_public=False)
    rows.commit()

    names = [found["name"] for found in client.get("/api/v1/events").json["events"]]
    problems = [found["name"] for found in client.get("/api/v1/problems").json["problems"]]

    assert names == ["iris"]
    assert problems == [event.problem.name]
    assert client.get("/api/v1/events/iris").json["phase"] == "competitive"
    assert client.get("/api/v1/events/quiet").status_code == 404


def test_a_wrong_token_is_told_so(client, rows, event):
    rows.commit()
    for header in ("Bearer nonsense", "Basic YTpi", "Bearer"):
        response = client.get("/api/v1/events", headers={"Authorization": header})

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.json["error"]["status"] == 401


def test_an_ended_token_is_worth_nothing(client, rows, ada):
    _, secret = tokens.create(
        rows, ada, "old", now=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1)
    )
    rows.commit()

    response = client.get("/api/v1/user", headers={"Authorization": f"Bearer {secret}"})

    assert response.status_code == 401


def test_a_board_has_scores_at_full_precision(client, rows, event, ada):
    make_scored_submission(rows, make_event_team(rows, event), "best", score=1 / 3)
    rows.commit()
    header = bearer(rows, ada)

    board = client.get("/api/v1/events/iris/leaderboard", headers=header)

    (row,) = board.json["rows"]
    assert (row["rank"], row["submission"], row["scores"]) == (1, "best", {"accuracy": 1 / 3})
    again = client.get(
        "/api/v1/events/iris/leaderboard.json",
        headers=header | {"If-None-Match": board.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_long_board_is_given_in_pages(client, rows, event, ada, monkeypatch, kind):
    monkeypatch.setattr("databoard.web.api.reading.PORTION", 2)
    place = make_event_team(rows, event)
    for number in range(5):
        make_scored_submission(rows, place, f"s{number}", score=0.9 - number / 10)
    rows.commit()
    header, url, found = (
        bearer(rows, ada),
        f"/api/v1/events/iris/leaderboard.{kind}?board=public",
        [],
    )

    while url:
        answer = client.get(url, headers=header)
        lines = csv.DictReader(io.StringIO(answer.text)) if kind == "csv" else answer.json["rows"]
        found.append([(int(line["rank"]), line["submission"]) for line in lines])
        url = answer.headers.get("Link", "").partition(">")[0].lstrip("<")

    assert found == [[(1, "s0"), (2, "s1")], [(3, "s2"), (4, "s3")], [(5, "s4")]]


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
def test_a_page_is_a_number(client, rows, event, ada, page):
    url = f"/api/v1/events/iris/leaderboard?page={page}"

    assert client.get(url, headers=bearer(rows, ada)).status_code == 422


def test_a_board_as_csv_holds_no_formula(client, rows, event, ada):  # W12
    make_scored_submission(rows, make_event_team(rows, event, make_team(rows, "=cmd()")), "+1")
    rows.commit()

    response = client.get("/api/v1/events/iris/leaderboard.csv", headers=bearer(rows, ada))

    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["team"], row["submission"], row["accuracy"]) == ("'=cmd()", "'+1", "0.9")
    assert "attachment" in response.headers["Content-Disposition"]


def test_an_anonymous_event_names_no_team(client, rows, event, ada):
    event.is_anonymous = True
    make_scored_submission(rows, make_event_team(rows, event, make_team(rows, "rivals")))
    rows.commit()
    stranger = bearer(rows, make_user(rows))

    assert "rivals" not in client.get("/api/v1/events/iris/leaderboard", headers=stranger).text
    assert "rivals" not in client.get("/api/v1/events/iris/leaderboard.csv", headers=stranger).text


def test_an_unknown_board_is_named_wrong(client, rows, ada):
    response = client.get("/api/v1/events/iris/leaderboard?board=' OR 1", headers=bearer(rows, ada))

    assert response.status_code == 422
    assert response.json["error"]["field"] == "board"


def test_a_submission_shows_private_scores_only_when_one_may_see_them(client, rows, event, ada):
    submission = make_scored_submission(rows, make_event_team(rows, event), score=0.9)
    rows.commit()
    header, url = bearer(rows, ada), f"/api/v1/submissions/{submission.hash_}"

    assert "private" not in client.get(url, headers=header).json["scores"]["accuracy"]
    event.closing_at = NOW - timedelta(hours=1)
    rows.commit()
    assert client.get(url, headers=header).json["scores"]["accuracy"]["private"] == 0.9


def test_how_a_submission_failed_is_its_teams_business(client, rows, event, ada):
    failed = make_submission(
        rows,
        make_event_team(rows, event),
        state="training_error",
        fault="team",
        message="ValueError: secret",
    )
    rows.commit()

    response = client.get(f"/api/v1/submissions/{failed.hash_}", headers=bearer(rows, ada))

    assert response.status_code == 404


# ---- submitting ----------------------------------------------------------------------------------


def test_a_program_submits_json(client, rows, ada, settings):
    response = client.post(URL, json=BODY, headers=bearer(rows, ada))

    assert response.status_code == 201
    assert response.json["state"] == "new"
    folder = settings.submissions_dir / f"submission_{response.json['hash']}"
    assert (folder / "classifier.py").read_text() == CODE
    mine = client.get(URL, headers=bearer(rows, ada)).json["submissions"]
    assert [row["name"] for row in mine] == ["forest"]


@pytest.mark.parametrize(
    "more", [{"comment": "\ud800"}, {"files": {"classifier.py": "\ud800"}}], ids=["comment", "file"]
)
def test_half_a_character_is_refused(client, rows, ada, more):
    response = client.post(URL, json=BODY | more, headers=bearer(rows, ada))

    assert response.status_code == 422


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_program_submits_files(client, rows, ada, is_zip):
    content, name = CODE.encode(), "classifier.py"
    if is_zip:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, content)
        content, name = buffer.getvalue(), "all.zip"

    response = client.post(
        URL,
        data={"name": "forest", "files": (io.BytesIO(content), name)},
        headers=bearer(rows, ada),
    )

    assert response.status_code == 201


def test_a_repeated_request_makes_one_submission(client, rows, ada):
    header = bearer(rows, ada) | {"Idempotency-Key": "abc"}

    first = client.post(URL, json=BODY, headers=header)
    again = client.post(URL, json=BODY, headers=header)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["hash"] == again.json["hash"]
    assert rows.scalar(select(func.count(Submission.id))) == 1


def test_a_token_that_may_only_read_does_not_submit(client, rows, ada):
    response = client.post(URL, json=BODY, headers=bearer(rows, ada, "read"))

    assert response.status_code == 403
    assert "may not submit" in response.json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"name": "forest"},
        {"name": 1, "files": {}},
        {"name": "forest", "files": {"classifier.py": 1}},
        {"name": "forest", "files": {"../evil.py": ""}},
        {"name": "forest", "files": {"classifier.py": "def ("}},
        {"name": "", "files": {"classifier.py": CODE}},
    ],
)
def test_a_bad_submission_is_refused_with_what_is_wrong(client, rows, ada, body):
    response = client.post(URL, json=body, headers=bearer(rows, ada))

    assert response.status_code == 422
    assert response.json["error"]["message"]
    assert rows.scalar(select(func.count(Submission.id))) == 0


def test_what_is_no_json_is_refused(client, rows, ada):
    header = bearer(rows, ada) | {"Content-Type": "application/json"}

    response = client.post(URL, data="{", headers=header)

    assert response.status_code == 400
    assert json.loads(response.data)["error"]["status"] == 400


def test_deep_lists_are_no_fault_of_ours(client, rows, ada):
    header = bearer(rows, ada) | {"Content-Type": "application/json"}

    assert client.post(URL, data="[" * 100_000, headers=header).status_code == 422

"""The check of the sandbox: asked for, waited for, answered, with scripts and without."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from databoard.services import jobs as services
from databoard.store.models import Trainer
from databoard.store.queries import jobs
from tests.web.scenes import ago, make_scene

URL = "/events/open/sandbox"
CHECK = f"{URL}/check"
ANSWER = {
    "ok": False,
    "fault": "team",
    "message": "ValueError: no",
    "file": "classifier.py",
    "line": 4,
    "traceback": "Traceback <b>",
    "log": "epoch 1\n",
    "seconds": {"train": 0.25},
    "peak_mb": 101.0,
    "rows": "20 training rows",
}


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root)


@pytest.fixture
def ada(client, log_in, scene):
    return log_in(scene.ada)


def form_of(ada) -> dict[str, str]:
    page = BeautifulSoup(ada.get(URL).data, "html.parser")
    return {
        field["name"]: field.text if field.name == "textarea" else field.get("value", "")
        for field in page.select("form[data-draft] [name]")
        if field.get("type") != "file"
    }


def ask(ada, code: str = "x = 1\n", **headers: str):
    fields = form_of(ada) | {"text-classifier.py": code}
    return ada.post(CHECK, data=fields, headers=headers)


def panel(ada) -> BeautifulSoup:
    return BeautifulSoup(ada.get(URL).data, "html.parser").select_one("#check")


def answered(rows, scene, settings, **changes):
    """Let a trainer answer the newest check."""
    now = datetime.now(UTC)
    job = services.claim(rows, "t", now=now, lane="check")
    services.answer_check(rows, job.id, job.token, ANSWER | changes, now=now)
    rows.commit()


def test_a_check_saves_the_draft_and_waits_for_a_trainer(ada, rows, scene):
    answer = ask(ada, "y = 2\n")

    job = jobs.last_check(rows, scene.ladies.id)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{URL}#check")
    assert (job.state, job.lane) == ("due", "check")
    assert "y = 2" in ada.get(URL).text
    assert "No trainer is running" in panel(ada).text  # nobody waits without a word


def test_a_check_is_no_submission(ada, rows, scene):
    ask(ada)

    assert ada.get("/events/open/my_submissions").text.count("data-key=") == 1


def test_scripts_get_the_panel_and_the_version_that_was_saved(ada, scene):
    answer = ask(ada, **{"HX-Request": "true"})

    section = BeautifulSoup(answer.data, "html.parser").select_one("#check")
    assert section["data-live"] == CHECK
    assert section.select_one("[data-running]")
    version = BeautifulSoup(ada.get(URL).data, "html.parser").select_one("[name=draft_version]")
    assert f'"version": {version["value"]}' in answer.headers["HX-Trigger"]


def test_the_answer_arrives_with_log_times_and_the_failing_line(ada, rows, scene, settings):
    rows.add(Trainer(name="t", started_at=ago(), seen_at=datetime.now(UTC)))
    ask(ada)
    version = panel(ada)["data-version"]
    answered(rows, scene, settings)

    news = ada.get(f"{CHECK}?v={version}")

    shown = BeautifulSoup(news.data, "html.parser")
    assert news.status_code == 200
    assert shown.select_one("[data-checked]")["data-line"] == "4"
    for words in ("ValueError: no", "epoch 1", "fit 0.25 s", "Traceback <b>", "101 MB"):
        assert words in shown.get_text()
    assert ada.get(f"{CHECK}?v={news.headers['X-Version']}").status_code == 204
    editor = BeautifulSoup(ada.get(URL).data, "html.parser").select_one("textarea[data-editor]")
    assert editor["data-error-line"] == "4"


def test_a_line_of_an_earlier_version_is_not_marked(ada, rows, scene, settings):
    ask(ada)
    answered(rows, scene, settings)
    ada.post(f"{URL}/save", data=form_of(ada) | {"text-classifier.py": "other = 1\n"})

    assert "of an earlier version" in panel(ada).text
    assert "data-error-line" not in ada.get(URL).text


def test_a_check_that_passes_says_so(ada, rows, scene, settings):
    ask(ada)
    answered(
        rows,
        scene,
        settings,
        ok=True,
        message="",
        file="",
        line=None,
        traceback="",
        log="",
        fault="",
    )

    assert "it runs" in panel(ada).text
    assert "tried on 20 training rows" in panel(ada).text
    assert "It printed nothing" in panel(ada).text
    french = ada.get(CHECK, headers={"Accept-Language": "fr"})
    assert "essayée sur 20 lignes d’entraînement" in french.text


def test_what_does_not_parse_is_refused_at_its_line(ada, rows, scene):
    plain = ask(ada, "x = 1\ny = (\n")
    live = ask(ada, "x = 1\ny = (\n", **{"HX-Request": "true"})

    field = BeautifulSoup(plain.data, "html.parser").select_one("textarea[data-editor]")
    shown = BeautifulSoup(live.data, "html.parser").select_one("[data-checked]")
    assert plain.status_code == 422
    assert field["data-error-line"] == shown["data-line"] == "2"
    assert jobs.last_check(rows, scene.ladies.id) is None


def test_the_next_check_may_follow_at_once_and_takes_the_place_of_the_last(ada, rows, scene):
    ask(ada)
    first = jobs.last_check(rows, scene.ladies.id)
    rows.commit()

    ask(ada, "z = 3\n")

    assert jobs.last_check(rows, scene.ladies.id).id != first.id
    rows.refresh(first)
    assert first.state == "cancelled"  # one at a time


def test_an_event_that_is_over_checks_nothing(ada, rows, scene):
    fields = form_of(ada)
    scene.event.closing_at = ago(minutes=1)
    rows.commit()

    assert ada.post(CHECK, data=fields).status_code == 403
    assert jobs.last_check(rows, scene.ladies.id) is None


def test_a_team_sees_only_its_own_check(ada, client, log_in, rows, scene):
    ask(ada)

    bob = log_in(scene.bob, ada.application.test_client())

    assert "check queued" not in bob.get(CHECK).text
    assert "check queued" in ada.get(CHECK).text


def test_a_tab_that_is_behind_is_shown_both_versions(ada, scene):
    fields = form_of(ada)
    ada.post(f"{URL}/draft", data=fields | {"text-classifier.py": "first = 1\n"})

    answer = ada.post(f"{URL}/draft", data=fields | {"text-classifier.py": "second = 2\n"})

    assert answer.status_code == 409
    assert answer.json["texts"] == {"text-classifier.py": "first = 1\n"}
    assert answer.json["version"] > int(fields["draft_version"])


def test_the_sandbox_is_compared_with_what_was_submitted_last(ada, rows, scene):
    ada.post(f"{URL}/save", data=form_of(ada) | {"text-classifier.py": "mine = 1\n"})

    page = BeautifulSoup(ada.get(f"{URL}/differences").data, "html.parser")

    assert page.select_one("td.is-added").text == "mine = 1"
    assert page.select_one("td.is-removed")
    hidden = ada.get(f"{URL}/differences?from={scene.other.hash_}")
    assert hidden.status_code == 404  # no code of others before it is public

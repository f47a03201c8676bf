"""Write, upload, import, submit."""

import io
import zipfile

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from databoard.services import sandbox as services
from databoard.store.files import Files
from databoard.store.models import Interaction
from databoard.store.queries import sandbox as queries
from databoard.store.queries import submissions
from tests.builders import make_event_team, make_problem, make_team, make_workflow
from tests.web.scenes import CODE, ago, ahead, make_scene

URL = "/events/open/sandbox"


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root)


@pytest.fixture
def ada(log_in, scene):
    return log_in(scene.ada)


def fields(client, **more):
    """What the browser would send of the page as it is."""
    page = BeautifulSoup(client.get(URL).data, "html.parser")
    form = page.select_one("form[data-draft]")
    sent = {
        one["name"]: one.get("value", "")
        for one in form.select("input[name]")
        if one.get("type") != "file"
    }
    sent |= {one["name"]: one.text.removeprefix("\n") for one in form.select("textarea")}
    return sent | more


def in_sandbox(rows, scene, name="classifier.py"):
    found = queries.file(rows, scene.ladies.id, name)
    rows.refresh(found)
    rows.commit()  # a transaction that stays open would lock the application out
    return found


def test_the_sandbox_shows_the_code_in_an_editor(ada):
    area = BeautifulSoup(ada.get(URL).data, "html.parser").select_one("textarea[data-editor]")

    assert area["data-editor"] == "python"
    assert area.text.removeprefix("\n") == CODE.decode()


def test_who_takes_no_part_has_no_sandbox(client, log_in, scene):
    answer = log_in(scene.eve).get(URL)

    assert answer.status_code == 403
    main = BeautifulSoup(answer.data, "html.parser").select_one("main")
    assert main.select_one("a[href='/events/open']").text == "Open the event"  # where one joins


def test_submitting_makes_a_submission_and_leads_to_its_page(ada, rows, scene, settings):
    code = CODE.decode() + "# new\r\n"

    answer = ada.post(URL, data=fields(ada, name="tree", **{"text-classifier.py": code}))

    made = submissions.named(rows, scene.ladies.id, "tree")
    assert answer.location == f"/{made.hash_}"
    assert made.state == "new"
    assert made.user_id == scene.ada.id
    kept = Files(settings.submissions_dir).read_source(made.folder, "classifier.py")
    assert kept == CODE + b"# new\n"  # browsers end lines with CR LF
    assert in_sandbox(rows, scene).content == CODE + b"# new\n"


def test_a_double_click_submits_once(ada, rows, scene):
    data = fields(ada, name="tree")

    answers = [ada.post(URL, data=data).location for _ in range(3)]  # R7

    assert len(set(answers)) == 1
    assert len(submissions.of_team(rows, scene.ladies.id)) == 2


def test_another_submission_from_the_same_page_is_another_one(ada, rows, scene):
    """A browser that goes back shows the page that was sent, with its key."""
    data = fields(ada, name="tree")
    first = ada.post(URL, data=data).location

    second = ada.post(URL, data=data | {"name": "bush", "text-classifier.py": "bush = 1\n"})

    made = submissions.named(rows, scene.ladies.id, "bush")
    assert second.location == f"/{made.hash_}" != first


def test_a_syntax_error_is_shown_at_its_line(ada, rows, scene):
    code = "class Classifier:\n    def fit(self:\n        pass\n"

    answer = ada.post(URL, data=fields(ada, name="tree", **{"text-classifier.py": code}))

    page = BeautifulSoup(answer.data, "html.parser")
    area = page.select_one("textarea")
    assert answer.status_code == 422
    assert area["data-error-line"] == "2"
    assert area.text.removeprefix("\n") == code  # nothing typed is lost
    assert "line 2" in page.select_one(".alert-danger").text
    assert in_sandbox(rows, scene).content == code.encode()


def test_a_bad_name_is_refused_at_its_field(ada, rows, scene):
    answer = ada.post(URL, data=fields(ada, name="<script>"))

    page = BeautifulSoup(answer.data, "html.parser")
    assert answer.status_code == 422
    assert page.select_one("#name")["aria-invalid"] == "true"
    assert page.select_one("#name")["value"] == "<script>"


def test_a_scored_name_is_taken(ada):
    assert ada.post(URL, data=fields(ada, name="forest")).status_code == 409  # checklist 77


def test_the_pause_is_shown_beside_the_button_and_holds(ada, rows, scene):
    scene.event.pause_s = 3600
    scene.own.submitted_at = ago(minutes=1)
    rows.commit()

    page = BeautifulSoup(ada.get(URL).data, "html.parser")
    answer = ada.post(URL, data=fields(ada, name="tree"))

    assert "submit again" in page.select_one("#allowance").text  # checklist 78
    assert answer.status_code == 429
    assert submissions.named(rows, scene.ladies.id, "tree") is None


def test_organisers_do_not_wait(client, log_in, rows, scene):
    scene.event.pause_s = 3600
    scene.own.submitted_at = ago(minutes=1)
    scene.ada.access_level = "admin"
    rows.commit()
    ada = log_in(scene.ada)

    assert ada.post(URL, data=fields(ada, name="tree")).status_code == 302


def test_a_closed_event_takes_nothing(ada, rows, scene):
    scene.event.closing_at = ago(minutes=1)
    rows.commit()

    assert ada.post(URL, data=fields(ada, name="tree")).status_code == 403


def test_what_is_typed_is_kept_while_it_is_typed(ada, rows, scene):
    data = fields(ada)
    sent = {"text-classifier.py": "x = 1\n", "draft_version": data["draft_version"]}

    answer = ada.post(f"{URL}/draft", data=sent, headers={"X-CSRFToken": data["csrf_token"]})

    assert answer.json == {"version": int(data["draft_version"]) + 1}
    assert in_sandbox(rows, scene).content == b"x = 1\n"


def test_a_second_tab_overwrites_nothing(ada, rows, scene):
    data = fields(ada)
    headers = {"X-CSRFToken": data["csrf_token"], "Accept": "application/json"}
    first = {"text-classifier.py": "first = 1\n", "draft_version": data["draft_version"]}
    ada.post(f"{URL}/draft", data=first, headers=headers)

    second = first | {"text-classifier.py": "second = 2\n"}
    answer = ada.post(f"{URL}/draft", data=second, headers=headers)

    assert answer.status_code == 409
    assert in_sandbox(rows, scene).content == b"first = 1\n"


def test_saving_once_more_after_a_conflict_replaces(ada, rows, scene):
    data = fields(ada, **{"text-classifier.py": "mine = 1\n"})
    services.save(
        rows, scene.ladies, "classifier.py", b"mate = 1\n", base_version=None, user=None,
        now=ago(),
    )  # fmt: skip
    rows.commit()

    refused = ada.post(f"{URL}/save", data=data)
    page = BeautifulSoup(refused.data, "html.parser")
    data["draft_version"] = page.select_one("[name=draft_version]")["value"]
    answer = ada.post(f"{URL}/save", data=data)

    assert refused.status_code == 409
    assert page.select_one("textarea").text.strip() == "mine = 1"
    assert answer.status_code == 302
    assert in_sandbox(rows, scene).content == b"mine = 1\n"


def test_a_submission_leaves_a_team_mates_newer_draft_alone(ada, rows, scene, settings):
    data = fields(ada, name="tree", **{"text-classifier.py": "mine = 1\n"})
    services.save(
        rows, scene.ladies, "classifier.py", b"mate = 1\n", base_version=None, user=None,
        now=ago(),
    )  # fmt: skip
    rows.commit()

    ada.post(URL, data=data)

    made = submissions.named(rows, scene.ladies.id, "tree")
    kept = Files(settings.submissions_dir).read_source(made.folder, "classifier.py")
    assert kept == b"mine = 1\n"
    assert in_sandbox(rows, scene).content == b"mate = 1\n"


def test_a_file_that_nobody_changed_keeps_its_bytes(ada, rows, scene):
    row = in_sandbox(rows, scene)
    row.content = b"x = 1\r\ny = 2\r\n"
    rows.commit()

    ada.post(f"{URL}/save", data=fields(ada))

    assert in_sandbox(rows, scene).content == b"x = 1\r\ny = 2\r\n"


def test_an_uploaded_file_goes_into_the_sandbox(ada, rows, scene):
    data = fields(ada) | {"uploads": (io.BytesIO(b"z = 3\n"), "code/classifier.py")}

    ada.post(f"{URL}/save", data=data)

    assert in_sandbox(rows, scene).content == b"z = 3\n"


def test_a_zip_is_unpacked(ada, rows, scene):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("classifier.py", "zipped = 1\n")

    ada.post(
        f"{URL}/save", data=fields(ada) | {"uploads": (io.BytesIO(buffer.getvalue()), "a.zip")}
    )

    assert in_sandbox(rows, scene).content == b"zipped = 1\n"


@pytest.mark.parametrize("name", ["../../etc/passwd", "other.py", "classifier.py\0.txt", "CON"])
def test_an_unknown_file_is_refused(ada, rows, scene, name):
    answer = ada.post(f"{URL}/save", data=fields(ada) | {"uploads": (io.BytesIO(b"x"), name)})

    assert answer.status_code == 422 or in_sandbox(rows, scene).content == CODE  # W2
    assert {row.filename for row in queries.of_event_team(rows, scene.ladies.id)} == {
        "classifier.py"
    }


def test_a_zip_bomb_is_refused(ada, rows, scene):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("classifier.py", b"\0" * 50_000_000)

    answer = ada.post(
        f"{URL}/save", data=fields(ada) | {"uploads": (io.BytesIO(buffer.getvalue()), "a.zip")}
    )

    assert answer.status_code == 413  # W1
    assert in_sandbox(rows, scene).content == CODE


def test_data_elements_are_files(client, log_in, rows, scene):
    from tests.builders import make_element_type, make_event

    make_element_type(rows, "external_data", "data")
    workflow = make_workflow(rows, "with_data", ("classifier", "external_data"))
    workflow.elements[1].filename = "external_data.csv"
    event = make_event(rows, "data", problem=make_problem(rows, workflow=workflow))
    place = make_event_team(rows, event, make_team(rows, "more", [scene.ada]))
    rows.commit()
    ada = log_in(scene.ada)
    page = BeautifulSoup(ada.get("/events/data/sandbox").data, "html.parser")
    csrf = page.select_one("main [name=csrf_token]")["value"]
    table = io.BytesIO(b"\xff\x00 anything")

    ada.post(
        "/events/data/sandbox/save",
        data={"csrf_token": csrf, "data-external_data.csv": (table, "mine.csv")},
    )

    assert page.select_one("input[type=file][name='data-external_data.csv']")
    assert queries.file(rows, place.id, "external_data.csv").content == b"\xff\x00 anything"
    answer = ada.get("/events/data/sandbox/external_data.csv")
    assert answer.data == b"\xff\x00 anything"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_submission_of_ones_own_is_imported(ada, rows, scene):
    in_sandbox(rows, scene).content = b"x = 1\n"
    rows.commit()
    csrf = fields(ada)["csrf_token"]

    ada.post(f"{URL}/import", data={"csrf_token": csrf, "hash": scene.own.hash_})

    assert in_sandbox(rows, scene).content == CODE


@pytest.mark.parametrize(("is_public", "status"), [(False, 404), (True, 302)])
def test_others_are_imported_once_code_is_public(ada, rows, scene, is_public, status):
    scene.event.public_opening_at = ago(days=1) if is_public else ahead(days=1)
    rows.commit()
    csrf = fields(ada)["csrf_token"]

    answer = ada.post(f"{URL}/import", data={"csrf_token": csrf, "hash": scene.other.hash_})

    assert answer.status_code == status  # checklist 79
    assert (in_sandbox(rows, scene).content == CODE) is not is_public


def test_what_is_withdrawn_comes_into_nobody_else_s_sandbox(ada, rows, scene):
    scene.event.public_opening_at = ago(days=1)
    scene.other.withdrawn_at, scene.other.withdrawal = ago(hours=1), "It holds a key."
    rows.commit()
    csrf = fields(ada)["csrf_token"]

    answer = ada.post(f"{URL}/import", data={"csrf_token": csrf, "hash": scene.other.hash_})

    assert answer.status_code == 404
    assert ada.get(f"{URL}/differences?from={scene.other.hash_}").status_code == 404


def test_whose_code_is_read_beside_one_s_own_is_noted(ada, rows, scene):
    scene.event.public_opening_at = ago(days=1)
    rows.commit()

    assert ada.get(f"{URL}/differences?from={scene.other.hash_}").status_code == 200
    assert ada.get(f"{URL}/differences?from={scene.own.hash_}").status_code == 200

    looks = rows.scalars(select(Interaction.submission_id).where(Interaction.kind == "look"))
    assert list(looks) == [scene.other.id]


def test_my_submissions_are_listed_and_keep_themselves_current(ada, scene):
    page = BeautifulSoup(ada.get("/events/open/my_submissions").data, "html.parser")
    body = page.select_one("tbody[data-live]")

    again = ada.get(f"{body['data-live']}?v={body['data-version']}")
    changed = ada.get(f"{body['data-live']}?v=0")

    assert [row["data-key"] for row in body.select("tr")] == [scene.own.hash_]
    assert again.status_code == 204
    assert changed.status_code == 200
    assert scene.own.hash_.encode() in changed.data


def test_a_page_lists_what_one_did_in_all_events(ada, scene):
    assert scene.own.hash_.encode() in ada.get("/my_submissions").data

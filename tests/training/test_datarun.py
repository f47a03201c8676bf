"""Submissions trained by a datarun server: a real HTTP server on loopback that really trains."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from databoard.cli.actions import submissions as local
from databoard.cli.actions.datarun import (
    get_trained_tested_datarun,
    send_data_datarun,
    train_test_datarun,
)
from databoard.cli.catalogue import ACTIONS
from databoard.cli.tasks import as_tasks
from databoard.cli.translation import Translator
from databoard.errors import (
    BusyError,
    InvalidError,
    KitError,
    NotFoundError,
    SettingsError,
    TrainingError,
)
from databoard.services import events, jobs, submissions
from databoard.settings import Settings
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import problems as problem_queries
from databoard.training import box
from databoard.training.datarun import answers
from databoard.training.datarun.bridge import LEASE, Bridge
from databoard.training.datarun.client import Client, pack, unpack
from databoard.training.datarun.data import Data
from databoard.training.wire import FoldTask, Form
from databoard.web.app import create_app
from databoard.web.extensions import db
from tests.builders import make_user
from tests.invariants import violations
from tests.training.datarun_server import Datarun, datarun_server
from tests.training.world import (
    GOOD,
    ROOT,
    World,
    code,
    desk_in_thread,
    environment,
    installation,
)
from tests.web.conftest import login_cookie

#: What the module of a problem says for datarun, in the names of 2016.
NAMES = """
raw_filename = "data/train.csv"
extra_files = ["data/test.csv", "sides_datarun.py"]
"""
#: The module that datarun runs.
SPECIFIC = """
import os
from importlib import import_module

import numpy as np


def prepare_data(raw_data_path):
    open(os.path.join(raw_data_path, "prepared"), "w").close()


def _read(raw_data_path, name):
    data = np.loadtxt(os.path.join(raw_data_path, name), delimiter=",", ndmin=2)
    assert os.path.exists(os.path.join(raw_data_path, "prepared"))
    return data[:, :2], data[:, 2].astype(int)


def get_train_data(raw_data_path):
    return _read(raw_data_path, "train.csv")


def get_test_data(raw_data_path):
    return _read(raw_data_path, "test.csv")


def train_submission(module_path, X, y, train_is):
    model = import_module(".classifier", module_path).Classifier()
    model.fit(X[train_is], y[train_is])
    return model


def test_submission(model, X, test_is):
    return model.predict_proba(X[list(test_is)])
"""


@pytest.fixture
def datarun() -> Iterator[Datarun]:
    with datarun_server() as server:
        yield server


@pytest.fixture
def world(request, tmp_path, datarun) -> Iterator[World]:
    """An installation that knows the server, and whose problem says what to send."""
    is_postgres = getattr(request, "param", "sqlite") != "sqlite"
    url = request.getfixturevalue("postgres_server") if is_postgres else None
    with installation(url, tmp_path / "world") as world:
        problem = world.kit / "problem.py"
        problem.write_text(problem.read_text() + NAMES)
        (world.kit / "sides_datarun.py").write_text(SPECIFIC)
        world.settings = with_server(world.settings, datarun.url)
        yield world
        with read_only(), world.sessions() as session:
            assert violations(session, strict=True) == []


FOLD = FoldTask(Path("submission"), "sides", "sides", 0)


def kit_info(form: Form) -> SimpleNamespace:
    """What is asked of a problem that has no test rows."""
    return SimpleNamespace(train_form=form, test_form=None)


def with_server(settings: Settings, url: str, password: str = "secret") -> Settings:
    return replace(settings, datarun_url=url, datarun_username="kegl", datarun_password=password)


def send(world: World, content: bytes = GOOD, **options) -> int:
    """Submit and have it sent; the key of the submission."""
    if not options.pop("is_sent", False):
        send_data_datarun(world.settings, "sides")
    key = world.submit("away", content)
    train_test_datarun(world.settings, event="sides", **options)
    return key


def job_of(world: World, key: int):
    with read_only(), world.sessions() as session:
        return next(iter(job_queries.open_of(session, key)), None)


def scores_of(world: World, key: int) -> dict[str, list[float]]:
    return {
        score.event_score_type.name: [score.valid_bag, score.test_bag, score.train_mean]
        for score in world.read(key).scores
    }


def board_of(world: World) -> str:
    """Read the leaderboard's page as an administrator."""
    app = create_app(world.settings)
    with world.sessions.begin() as session:
        admin = make_user(session, "boss", access_level="admin")
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(login_cookie(app, admin))
    page = client.get("/events/sides/leaderboard")
    assert page.status_code == 200
    with app.app_context():
        db.engine.dispose()
    return page.text


# checklist 50
@pytest.mark.parametrize(
    "world", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_submission_is_sent_trained_there_scored_here_and_on_the_board(world, datarun):
    assert "number 1 at datarun" in send_data_datarun(world.settings, "sides")
    assert datarun.calls == [
        "GET /runapp/rawdata/",
        "POST /runapp/rawdata/",
        "POST /runapp/rawdata/customsplit/",
    ]
    key = world.submit("away")
    datarun.asked.clear()

    said = train_test_datarun(world.settings, event="sides", priority="H")

    assert said.endswith("3 folds sent.")
    assert datarun.calls == ["GET /runapp/rawdata/", *["POST /runapp/submissionfold/"] * 3]
    assert {fold["priority"] for fold in datarun.folds.values()} == {"H"}
    assert world.read(key).state == "training"
    assert "0 of 3 folds have ended" in get_trained_tested_datarun(world.settings, event="sides")
    datarun.train(2)
    assert "2 of 3 folds have ended" in get_trained_tested_datarun(world.settings)
    datarun.train()
    datarun.asked.clear()
    assert get_trained_tested_datarun(world.settings).endswith(": scored")
    assert datarun.calls == ["POST /runapp/testpredictions/list/"]
    assert get_trained_tested_datarun(world.settings) == "Nothing is at datarun."

    there = world.read(key)
    assert there.isolation == "datarun"
    assert there.environment_hash == ""
    assert [run.train_s for run in there.fold_runs] == [1.5] * 3
    assert [run.peak_mb for run in there.fold_runs] == [64.0] * 3
    page = board_of(world)
    assert there.name in page
    assert f"{scores_of(world, key)['acc'][0]:.2f}" in page


def test_predictions_and_scores_are_those_of_a_run_on_this_machine(world, datarun):
    if box.detect().tier == "none":
        pytest.skip(box.detect().words)
    key = send(world)
    datarun.train()
    get_trained_tested_datarun(world.settings)

    again = world.submit("here")
    local.train_test(world.settings, "sides", "ours", world.read(again).name)

    away, here = world.read(key), world.read(again)
    assert (away.state, here.state) == ("scored", "scored")
    assert here.message == ""  # it was trained, not taken over from the other
    files = Files(world.settings.submissions_dir)
    for number in range(3):
        for name in ("y_pred_train.npy", "y_pred_test.npy"):
            stored = [files.read_fold(each.folder, number, name) for each in (away, here)]
            assert np.load(files.fold_path(away.folder, number, name)).dtype == np.float64
            assert stored[0] == stored[1]
    assert scores_of(world, key) == scores_of(world, again)


def test_no_trainer_here_takes_what_is_there(world, datarun, tmp_path):
    isolation = box.detect()
    if isolation.tier == "none":
        pytest.skip(isolation.words)
    key = send(world)

    with desk_in_thread(world, isolation):
        other = world.submit("here")
        assert world.await_state(other).state == "scored"
        time.sleep(1.2)  # which has several sweeps

    job = job_of(world, key)
    assert (job.state, job.owner) == ("running", job_queries.DATARUN)
    assert local.train_test(world.settings, "sides", force=False).startswith("Nothing is due")


def test_what_nobody_asks_about_goes_back_after_a_day(world, datarun):
    key = send(world)
    soon, late = world.now() + LEASE / 2, world.now() + LEASE + timedelta(minutes=1)

    with world.sessions.begin() as session:
        assert jobs.sweep(session, now=soon) == []
    with world.sessions.begin() as session:
        assert len(jobs.sweep(session, now=late)) == 1

    assert world.read(key).state == "new"
    assert get_trained_tested_datarun(world.settings) == "Nothing is at datarun."


def test_what_is_there_can_be_taken_back(world, datarun):
    key = send(world)

    said = get_trained_tested_datarun(world.settings, give_back=True)

    assert said.endswith("waits for a trainer here.")
    job = job_of(world, key)
    assert (job.state, job.attempts, world.read(key).state) == ("due", 0, "new")


def test_a_cancelled_submission_is_not_recorded(world, datarun):
    key = send(world)
    world.write(submissions.cancel, key)
    datarun.train()

    assert get_trained_tested_datarun(world.settings).endswith(": cancelled.")
    assert world.read(key).state == "cancelled"


class TestForce:
    def test_without_it_nothing_is_sent_again(self, world, datarun):
        send(world)
        datarun.train()
        get_trained_tested_datarun(world.settings)

        assert train_test_datarun(world.settings, event="sides").startswith("Nothing is due")

    def test_what_was_scored_is_sent_again(self, world, datarun):
        key = send(world)
        datarun.train()
        get_trained_tested_datarun(world.settings)

        train_test_datarun(world.settings, event="sides", force=True)
        assert {fold["state"] for fold in datarun.folds.values()} == {"TODO"}
        datarun.train()
        get_trained_tested_datarun(world.settings)

        again = world.read(key)
        assert (again.state, again.run, again.reproduces) == ("scored", 2, True)

    def test_what_failed_is_sent_again(self, world, datarun):
        key = send(world, code("raise ValueError('seven')"))
        datarun.train()
        get_trained_tested_datarun(world.settings)
        assert world.read(key).state == "training_error"

        assert train_test_datarun(world.settings, force=True).endswith("3 folds sent.")
        assert world.read(key).state == "training"

    def test_what_is_there_is_sent_again(self, world, datarun):
        key = send(world)
        first = job_of(world, key).token
        assert train_test_datarun(world.settings, event="sides").startswith("Nothing is due")

        train_test_datarun(world.settings, event="sides", force=True)

        job = job_of(world, key)
        assert (job.token, job.attempts) == (first + 1, 1)

    def test_what_a_trainer_here_has_stays_there(self, world, datarun):
        send_data_datarun(world.settings, "sides")
        key = world.submit("busy")
        with world.sessions.begin() as session:
            jobs.claim(session, "somebody", now=world.now(), submission_ids=[key])

        with pytest.raises(TrainingError, match="a trainer here has it"):
            train_test_datarun(world.settings, force=True)
        assert job_of(world, key).owner == "somebody"


class TestFailures:
    def test_a_failure_is_the_teams(self, world, datarun):
        endings = {
            code("raise ValueError('seven')"): ("training_error", "ValueError: 'seven'"),
            code(predict="raise KeyError(3)"): ("validating_error", "KeyError: 3"),
            code(predict="if len(X) == 20: raise KeyError('secret row')"): (
                "testing_error",
                "what is said after the test data arrived is not shown",
            ),
            code(predict="return X[:, :1]"): ("validating_error", "not float64 of shape"),
            code(predict="return X * np.nan"): ("validating_error", "NaN"),
            # Whoever writes the server's words into an error is not believed.
            code("raise ValueError('ERROR(split data)')"): ("training_error", "ERROR(split"),
        }
        send_data_datarun(world.settings, "sides")
        keys = [world.submit("away", content) for content in endings]
        train_test_datarun(world.settings, event="sides")
        datarun.train()

        get_trained_tested_datarun(world.settings)

        for key, (state, says) in zip(keys, endings.values(), strict=True):
            failed = world.read(key)
            assert (failed.state, failed.fault) == (state, "team")
            assert says in failed.message
            assert "secret" not in failed.message + failed.error_text

    def test_the_servers_time_limit_is_told(self, world, datarun):
        key = send(world)
        for fold in datarun.folds.values():
            fold.update(state="ERROR", log_messages="\n Soft Time Limit Exceeded")

        get_trained_tested_datarun(world.settings)

        failed = world.read(key)
        assert (failed.state, failed.fault) == ("training_error", "team")
        assert "time limit of the datarun server" in failed.message

    def test_data_that_the_server_cannot_read_are_the_organisers(self, world, datarun):
        key = send(world)
        (data,) = datarun.data.values()
        (data["folder"] / "train.csv").unlink()
        datarun.train()

        get_trained_tested_datarun(world.settings)

        failed = world.read(key)
        assert (failed.state, failed.fault) == ("checking_error", "organiser")

    def test_a_log_that_nobody_can_write_is_recorded_all_the_same(self, world, datarun):
        key = send(world)
        for fold in datarun.folds.values():
            fold |= {"state": "ERROR", "log_messages": "a\0b\udc80 - ERROR(split)"}

        get_trained_tested_datarun(world.settings)

        failed = world.read(key)
        assert (failed.state, failed.fault) == ("checking_error", "organiser")

    def test_predictions_for_other_rows_are_the_organisers(self, world, datarun):
        key = send(world)
        datarun.train()
        for fold in datarun.folds.values():
            fold["full_train_predictions"] = pack(np.full((59, 2), 0.5).tobytes())

        get_trained_tested_datarun(world.settings)

        failed = world.read(key)
        assert (failed.state, failed.fault) == ("checking_error", "organiser")
        assert "fab send_data_datarun" in failed.message

    def test_a_broken_answer_changes_nothing(self, world, datarun):
        key = send(world)
        datarun.train()
        fold = list(datarun.folds.values())[-1]
        whole, fold["full_train_predictions"] = fold["full_train_predictions"], "AAAA"

        with pytest.raises(TrainingError, match=r"broken.*Nothing is lost"):
            get_trained_tested_datarun(world.settings)
        assert {run.state for run in world.read(key).fold_runs} == {"new"}
        assert job_of(world, key).owner == job_queries.DATARUN

        fold["full_train_predictions"] = whole
        assert get_trained_tested_datarun(world.settings).endswith(": scored")

    @pytest.mark.parametrize(
        "broken", [None, 7, "no base64!", "é", "AAAA", "", pack(bytes(range(16)))[:-8]]
    )
    def test_predictions_that_are_none_are_refused(self, broken):
        told = {"state": "TESTED", "full_train_predictions": broken}

        with pytest.raises(TrainingError, match="broken"):
            answers.result_of(told, FOLD, kit_info(Form("array", (2,))))

    def test_lists_of_anything_are_refused(self):
        told = {"state": "TESTED", "full_train_predictions": pack(b"12345678")}

        with pytest.raises(TrainingError, match="arrays only"):
            answers.result_of(told, FOLD, kit_info(Form("any", (1,))))

    def test_answers_about_another_submission_are_not_taken(self, world, datarun):
        key = send(world)
        datarun.train()
        for fold in datarun.folds.values():
            fold["databoard_s"] = key + 1

        with pytest.raises(TrainingError, match=r"only 0 of 3 folds.*force=True"):
            get_trained_tested_datarun(world.settings)
        assert world.read(key).state == "training"

    def test_a_large_answer_is_not_unpacked_whole(self):
        assert len(unpack(pack(b"\0" * 10_000_000), 1000)) == 1001

    def test_a_memory_or_time_that_is_none_is_left_out(self):
        told = {
            "state": "TESTED",
            "full_train_predictions": pack(np.zeros(2).tobytes()),
            "train_time": "long",
            "validation_time": -1,
            "train_memory": float("nan"),
        }

        result = answers.result_of(told, FOLD, kit_info(Form("array", (2,))))

        assert result.verdict.is_ok
        assert (result.train_s, result.valid_s, result.test_s) == (None, None, None)
        assert (result.peak_mb, result.y_pred_test) == (0.0, None)


class TestServer:
    def test_one_that_is_away_changes_nothing(self, world, datarun):
        key = send(world)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            away = with_server(world.settings, f"http://127.0.0.1:{free.getsockname()[1]}")

        with pytest.raises(TrainingError, match="does not answer"):
            get_trained_tested_datarun(away)
        assert job_of(world, key).owner == job_queries.DATARUN
        due = world.submit("due")
        with pytest.raises(TrainingError, match="does not answer"):
            train_test_datarun(away)
        assert world.read(due).state == "new"
        with pytest.raises(BusyError, match="try again"):
            send_data_datarun(away, "sides")

    def test_one_that_stops_while_it_is_sent_something_gives_it_back(self, world, datarun):
        send_data_datarun(world.settings, "sides")
        keys = [world.submit("one"), world.submit("two")]
        names = b'[{"id": 1, "name": "x"}]'
        datarun.replies = [(200, names, {}), (201, b"{}", {}), (500, b"", {})]

        with pytest.raises(TrainingError, match=r"error of its own \(500\)"):
            train_test_datarun(world.settings, data="1")

        assert [world.read(key).state for key in keys] == ["new", "new"]
        assert [job_of(world, key).attempts for key in keys] == [0, 0]
        assert len(datarun.replies) == 0

    def test_a_wrong_password_is_named_and_not_shown(self, world, datarun):
        wrong = with_server(world.settings, datarun.url, "sesame")

        with pytest.raises(SettingsError, match="DATARUN_PASSWORD") as caught:
            send_data_datarun(wrong, "sides")
        assert "sesame" not in str(caught.value) + repr(wrong)

    @pytest.mark.parametrize(
        ("reply", "error", "says"),
        [
            ((500, b"<html>", {}), BusyError, "see its log"),
            ((302, b"", {"Location": "http://elsewhere.example/"}), SettingsError, "elsewhere"),
            ((400, b'{"name": ["too long"]}', {}), TrainingError, "too long"),
            ((200, b"<html>hello</html>", {}), TrainingError, "is DATARUN_URL a datarun server"),
            ((200, b"[3]", {}), TrainingError, "a list of data"),
            ((200, b"[" * 100_000, {}), TrainingError, "JSON"),
        ],
    )
    def test_an_answer_that_is_none_says_whose_fault_it_is(self, datarun, reply, error, says):
        datarun.replies.append(reply)

        with pytest.raises(error, match=says):
            Client(datarun.url, "kegl", "secret").data_sets()
        assert len(datarun.asked) == 1  # no redirect is followed

    def test_one_that_hangs_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(BusyError, match="timed out"):
                Client(url, "kegl", "secret", timeout_s=0.2).data_sets()

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("", "Set DATARUN_URL"),
            ("http://datarun.example/", "ssh -L 8000:localhost:80 datarun.example"),
            ("http://127.0.0.1.example/", "travel readable"),
            ("ftp://127.0.0.1/", "must be https://"),
            ("https://kegl:secret@datarun.example/", "without name and password"),
            ("http://[::1", "is no address"),
        ],
    )
    def test_a_password_travels_to_no_such_address(self, url, says):
        with pytest.raises(SettingsError, match=re.escape(says)):
            Client(url, "kegl", "secret")

    def test_it_may_lie_below_a_folder(self, datarun):
        with pytest.raises(TrainingError, match="404"):
            Client(datarun.url + "datarun/", "kegl", "secret").data_sets()
        assert datarun.calls == ["GET /datarun/runapp/rawdata/"]


class TestData:
    @staticmethod
    def data_of(world: World) -> Data:
        with read_only(), world.sessions() as session:
            problem = problem_queries.by_name(session, "sides")
            return Data.of(problem, world.settings.problems_dir)

    @staticmethod
    def say(world: World, names: str) -> None:
        problem = world.kit / "problem.py"
        problem.write_text(problem.read_text() + names)

    def test_changed_data_are_other_data(self, world, datarun):
        send_data_datarun(world.settings, "sides")
        table = world.kit / "data" / "train.csv"
        table.write_text(table.read_text().replace("1.0", "0.0", 1) + "\n")
        world.submit("late")

        with pytest.raises(TrainingError, match="fab send_data_datarun"):
            train_test_datarun(world.settings)
        assert "number 2" in send_data_datarun(world.settings, "sides")
        assert "3 folds sent" in train_test_datarun(world.settings)

    def test_sent_again_they_are_only_cut_again(self, world, datarun):
        send_data_datarun(world.settings, "sides")
        datarun.asked.clear()

        assert "number 1" in send_data_datarun(world.settings, "sides")

        assert datarun.calls == ["GET /runapp/rawdata/", "POST /runapp/rawdata/customsplit/"]

    def test_a_table_is_cut_by_the_server(self, world, datarun):
        self.say(
            world,
            "\nextra_files = None\nheld_out_test_size = 0.25\nrandom_state = 57\n"
            'target_column_name = "side"\n',
        )

        send_data_datarun(world.settings, "sides")

        _, sent, cut = [body for _, _, body in datarun.asked]
        assert (sent["target_column"], sent["workflow_elements"]) == ("side", "classifier")
        assert list(sent["files"]) == ["train.csv"]
        assert datarun.calls[-1] == "POST /runapp/rawdata/split/"
        assert cut == {"raw_data_id": 1, "held_out_test": 0.25, "random_state": 57}

    @pytest.mark.parametrize(
        ("names", "says"),
        [
            ("\nextra_files = None\n", "does not say"),
            ('\nextra_files = ["data/test.csv"]\n', "one Python module"),
            ('\nextra_files = ["nowhere.py"]\n', "names nowhere.py"),
        ],
    )
    def test_a_problem_that_says_too_little_is_not_sent(self, world, datarun, names, says):
        self.say(world, names)

        with pytest.raises(KitError, match=says):
            send_data_datarun(world.settings, "sides")
        assert datarun.asked == []

    def test_a_number_that_the_server_does_not_know_is_refused(self, world, datarun):
        key = world.submit("due")

        with pytest.raises(TrainingError, match="has not got the problem's data"):
            train_test_datarun(world.settings, data="9")
        assert world.read(key).state == "new"

    def test_a_problem_that_is_not_there_says_so(self, world):
        with pytest.raises(NotFoundError, match="fab list_problems"):
            send_data_datarun(world.settings, "nowhere")


def test_one_command_at_a_time_speaks_to_the_server(world, datarun):
    client = Client(datarun.url, "kegl", "secret")

    with (
        Bridge(world.settings, world.sessions, client),
        pytest.raises(BusyError, match="Another command"),
    ):
        get_trained_tested_datarun(world.settings)
    assert get_trained_tested_datarun(world.settings) == "Nothing is at datarun."


def test_a_strict_event_is_not_sent_to_a_server_that_isolates_nothing(world, datarun):
    send_data_datarun(world.settings, "sides")
    with world.sessions.begin() as session:
        events.update(session, event_queries.by_id(session, world.event_id), is_strict=True)
    world.submit("due")

    with pytest.raises(TrainingError, match="is strict"):
        train_test_datarun(world.settings)
    assert datarun.folds == {}


@pytest.mark.parametrize(
    ("options", "says"),
    [({"data": "sides"}, "name an event by e=sides"), ({"priority": "M"}, "L or H")],
)
def test_what_is_typed_wrong_is_refused(world, options, says):
    with pytest.raises(InvalidError, match=says):
        train_test_datarun(world.settings, **options)


THERE = "--url=http://127.0.0.1:8000/ --login=kegl --password=secret"
RF = "--event=iris_test --team=kegl --submission=rf"


# checklist 50
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            "send_data_datarun:iris,http://127.0.0.1:8000/,kegl,secret",
            f"send-data-datarun --problem=iris {THERE}",
        ),
        ("send_data_datarun:iris", "send-data-datarun --problem=iris"),
        (
            "train_test_datarun:1,http://127.0.0.1:8000/,kegl,secret,iris_test,kegl,rf,force=True",
            f"train-test-datarun --data=1 {THERE} {RF} --force",
        ),
        (
            "train_test_datarun:e=iris_test,t=kegl,s=rf,priority=H",
            f"train-test-datarun {RF} --priority=H",
        ),
        (
            "get_trained_tested_datarun:http://127.0.0.1:8000/,kegl,secret,iris_test,kegl,rf",
            f"get-trained-tested-datarun {THERE} {RF}",
        ),
        ("get_trained_tested_datarun:e=iris_test,t=kegl,s=rf", f"get-trained-tested-datarun {RF}"),
    ],
)
def test_the_lines_of_2016_are_understood(typed, meant):
    assert " ".join(Translator([typed], as_tasks(ACTIONS).values()).translate()) == meant


# checklist 50
@pytest.mark.slow
def test_the_lines_run_in_a_shell(world, datarun):
    env = {
        **os.environ,
        **environment(world.settings.database_url, world.settings.root),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATARUN_URL": datarun.url,
        "DATARUN_USERNAME": "kegl",
        "DATARUN_PASSWORD": "secret",
    }
    name = world.read(world.submit("away")).name

    def run(script: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-e", "-c", script]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)

    there = run(f"fab send_data_datarun:sides\nfab train_test_datarun:e=sides,t=ours,s={name}\n")
    assert there.returncode == 0, there.stderr
    datarun.train()
    back = run("python manage.py get-trained-tested-datarun --event sides")
    assert (back.returncode, back.stderr) == (0, "")
    assert back.stdout == f"sides ours {name}: scored\n"

    refused = run(f"fab send_data_datarun:sides,{datarun.url},kegl,sesame")
    assert refused.returncode == 1
    assert "DATARUN_PASSWORD" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_variables_are_read():
    env = {
        "DATABOARD_DB_URL": "sqlite://",
        "DATABOARD_SECRET_KEY": "a key for tests only, thirty-two bytes long",
        "DATARUN_URL": "https://datarun.example/",
        "DATARUN_USERNAME": "kegl",
        "DATARUN_PASSWORD": "secret",
    }

    settings = Settings.from_env(env)

    assert settings.datarun_url == "https://datarun.example/"
    assert (settings.datarun_username, settings.datarun_password) == ("kegl", "secret")
    assert "secret" not in repr(settings)

"""Every shipped problem, from its data to the scores of its example submission."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from databoard.kits import bundling, leaks
from databoard.kits.checking import check
from databoard.kits.deposits import example_submissions, starting_files
from databoard.kits.loading import event_spec, load_kit, load_workflow

KINDS = {"diabetes": "regression", "air_passengers": "regression", "drug_spectra": "mixed"}


@pytest.fixture
def kit(shipped, event):
    name, problem = event
    kit = load_kit(problem, shipped, name)
    if not (kit.path / "data" / "private" / "train.csv").is_file():
        kit.prepare_data()
    return kit


def hashes(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.suffix in (".csv", ".md")
    }


def train(kit, files, tmp_path):
    """Train on every fold as ramp-test does; give the mean validation score of each score."""
    folder = tmp_path / f"submission_{hashlib.sha256(repr(files).encode()).hexdigest()[:8]}"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    workflow = load_workflow(kit.code_dir, kit.workflow_name)
    X, y = kit.train_data()
    X_test, y_test = kit.test_data()
    scores = {score.name: [] for score in kit.score_types}
    for train_is, valid_is in kit.folds(X, y):
        model = workflow.train_submission(str(folder), X, y, train_is)
        predicted = kit.Predictions(y_pred=workflow.test_submission(model, X), fold_is=valid_is)
        truth = kit.Predictions(y_true=y, fold_is=valid_is)
        tested = kit.Predictions(y_pred=workflow.test_submission(model, X_test))
        for score in kit.score_types:
            scores[score.name].append(float(score.score_function(truth, predicted)))
            score.score_function(kit.Predictions(y_true=y_test), tested)
    return {name: np.mean(values) for name, values in scores.items()}


def test_it_is_described(kit, event):
    assert kit.title
    assert kit.official_score_name in [score.name for score in kit.score_types]
    assert kit.prediction_kind == KINDS.get(event[1], "multiclass")
    assert event_spec(event[0], None, kit.path.parent).problem_name == event[1]


def test_its_data_come_out_the_same_each_time(kit):  # checklist 17, 19
    first = hashes(kit.path)

    kit.prepare_data()

    assert hashes(kit.path) == first
    assert {"train.csv", "test.csv", "public_train.csv"} <= set(first)


def test_no_test_row_is_public(kit):  # checklist 14
    assert list(leaks.public_test_rows(kit.path)) == []


def test_it_is_in_order(kit, event):
    assert check(event[1], kit.path.parent, event[0]) == []


def test_its_example_is_clearly_better_than_its_starting_kit(kit, tmp_path):
    ((team, _), better) = next(iter(example_submissions(kit).items()))
    first, second = (train(kit, files, tmp_path) for files in (starting_files(kit), better))

    assert team == "kegl"
    for score in kit.score_types:
        ratio = second[score.name] / first[score.name]
        assert ratio < 0.8 if score.is_lower_the_better else ratio > 1.15


def test_its_kit_runs_alone_and_prints_every_score(kit, tmp_path):  # checklist 16
    with zipfile.ZipFile(io.BytesIO(bundling.build_starting_kit(kit))) as archive:
        for name in archive.namelist():
            (tmp_path / name).write_bytes(archive.read(name))

    run = subprocess.run(
        [sys.executable, "user_test_submission.py"],
        cwd=tmp_path,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    printed = re.findall(r"^ *(\w+) \d+\.\d+ \+-", run.stdout, re.MULTILINE)
    assert printed == [score.name for score in kit.score_types]
    assert "databoard" not in (tmp_path / "user_test_submission.py").read_text()


def test_its_kit_scores_as_the_server_does(kit, tmp_path, monkeypatch):
    """The scores that participants compute themselves are those of the event."""
    for name, content in starting_files(kit).items():
        (tmp_path / name).write_bytes(content)
    source = (kit.path / "starting_kit" / "user_test_submission.py").read_text()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in starting_files(kit):
        sys.modules.pop(name.removesuffix(".py"), None)
    module = {"__name__": "user_test_submission", "__file__": str(tmp_path / "x.py")}
    exec(compile(source, "user_test_submission.py", "exec"), module)
    X, y = kit.train_data()
    ((train_is, valid_is), *_) = kit.folds(X, y)
    model = module["train_submission"](X, y, train_is)
    y_pred = module["test_submission"](model, X, valid_is)
    for name in starting_files(kit):
        sys.modules.pop(name.removesuffix(".py"), None)

    truth = kit.Predictions(y_true=y, fold_is=valid_is)
    for score in kit.score_types:
        ours = score.score_function(truth, kit.Predictions(y_pred=y_pred))
        assert module["SCORES"][score.name](y[valid_is], y_pred) == pytest.approx(ours)


def test_its_notebook_is_found_and_shows_its_title_and_a_picture(kit, event):  # checklist 13
    notebook = bundling.find_notebook(kit.path, event[0])

    markup = bundling.render_notebook(notebook)

    assert notebook.name == f"{event[0]}_ramp_starting_kit.ipynb"
    assert "<h1>" in markup
    assert "data:image/png" in markup


def test_its_box_sees_no_data_and_no_recipe_of_them(kit):
    for path in kit.code_dir.rglob("*"):
        assert path.suffix == ".py"
        assert "prepare_data" not in path.read_text()

"""Real public kits are tried by hand and by the journeys; CI cannot fetch them."""

import pickle
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from databoard.errors import KitError
from databoard.kits.loading import PIECES, event_spec, list_problems, load_kit, load_workflow
from databoard.kits.plugins import find_score_type, find_workflow, score_types_of
from databoard.kits.workflows import ModuleWorkflow
from tests.kits import small_kits

SHARED = Path(__file__).parents[3] / "shared" / "data"


def test_a_ramp_kit_loads_unmodified(problems_dir):
    kit = load_kit("flowers", problems_dir)

    assert kit.title == "Flowers"
    assert kit.workflow_name == "Estimator"
    assert [element.filename for element in kit.elements] == ["estimator.py"]
    assert [score.name for score in kit.score_types] == ["acc", "nll"]
    assert kit.official_score_name == "acc"
    assert kit.prediction_kind == "multiclass"
    assert kit.label_names == ["a", "b"]
    assert kit.n_columns == 2


def test_a_ramp_kit_reads_data_and_folds(problems_dir):
    kit = load_kit("flowers", problems_dir)

    X, y = kit.train_data()
    folds = kit.folds(X, y)

    assert X.shape == (60, 2)
    assert kit.test_data()[1].shape == (20,)
    expected = list(kit.module.get_cv(X, y))
    assert len(folds) == 3
    for (train, valid), (train_0, valid_0) in zip(folds, expected, strict=True):
        assert train.dtype == valid.dtype == np.int64
        assert (train == train_0).all()
        assert (valid == valid_0).all()


@pytest.mark.parametrize("piece", PIECES)
def test_a_missing_piece_is_named_with_its_fix(problems_dir, piece):  # checklist 12
    text = f"{small_kits.PROBLEM}\ndel {piece}\n"
    small_kits.ramp_kit(problems_dir, problem=text)

    with pytest.raises(KitError, match=f"problem.py has no {piece}") as refusal:
        load_kit("flowers", problems_dir)

    assert "Define" in refusal.value.fix


def test_all_missing_pieces_are_told_at_once(problems_dir):
    small_kits.ramp_kit(problems_dir, problem="problem_title = 'Empty'\n")

    with pytest.raises(KitError) as refusal:
        load_kit("flowers", problems_dir)

    assert all(piece in str(refusal.value) for piece in PIECES if piece != "problem_title")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import no_such_package", "the package no_such_package is not installed"),
        ("1 / 0", r"ZeroDivisionError: division by zero \(line \d+ of problem.py\)"),
        ("exit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_problem_that_stops_is_an_error_of_the_organiser(problems_dir, line, said):
    small_kits.ramp_kit(problems_dir, problem=f"{small_kits.PROBLEM}\n{line}\n")

    with pytest.raises(KitError, match=said) as refusal:
        load_kit("flowers", problems_dir)

    assert refusal.value.status == 422
    assert refusal.value.fault == "organiser"
    assert "\n" not in str(refusal.value)


def test_a_missing_folder_is_told_with_the_known_problems(problems_dir):
    with pytest.raises(KitError, match="known are: flowers"):
        load_kit("trees", problems_dir)


def test_a_folder_without_code_says_where_to_write_it(problems_dir):
    (problems_dir / "trees").mkdir()

    with pytest.raises(KitError, match="has no problem"):
        load_kit("trees", problems_dir)


@pytest.mark.parametrize("name", ["../flowers", "flowers/../flowers", "", "a b", "1st", "a.b"])
def test_a_name_that_is_no_module_name_is_refused(problems_dir, name):
    with pytest.raises(KitError, match="cannot be the name"):
        load_kit(name, problems_dir)


def test_data_that_cannot_be_read_name_the_function(problems_dir):
    (problems_dir / "flowers" / "data" / "train.csv").unlink()

    with pytest.raises(KitError, match="get_train_data of flowers cannot read") as refusal:
        load_kit("flowers", problems_dir).train_data()

    assert "download" in refusal.value.fix


def test_a_reader_that_is_older_than_the_packages_says_where_to_name_them(problems_dir):
    text = small_kits.PROBLEM.replace("return table.drop", "return table.gone.drop")
    small_kits.ramp_kit(problems_dir, problem=text)

    with pytest.raises(KitError, match=r"line 22 of problem\.py") as refusal:
        load_kit("flowers", problems_dir).train_data()

    assert "requirements.txt, such as pandas<2" in refusal.value.fix
    assert "download" not in refusal.value.fix


def test_a_kit_may_have_no_test_data(problems_dir):
    none = small_kits.PROBLEM.replace('return _read(path, "test.csv")', "return None, None")
    small_kits.ramp_kit(problems_dir, problem=none)

    assert load_kit("flowers", problems_dir).test_data() == (None, None)


def test_a_kit_may_read_files_beside_it(problems_dir):
    text = f"{small_kits.PROBLEM}\nlabels = open('labels.txt').read()\n"
    small_kits.write(problems_dir / "flowers", {"labels.txt": "a b", "problem.py": text})

    kit = load_kit("flowers", problems_dir)

    assert kit.module.labels == "a b"
    assert sorted(kit.code_files()) == ["labels.txt", "problem.py"], "its box reads them, too"


def test_a_box_sees_what_helpers_read_when_they_are_imported_but_no_table(problems_dir):
    text = f"import colours\ncolours.read()\n{small_kits.PROBLEM}"
    small_kits.write(
        problems_dir / "flowers",
        {
            "problem.py": f"from shades.light import SHADES\n{text}",
            "external_imports/colours.py": "def read():\n    open('data/train.csv').close()\n",
            "shades/light.py": "SHADES = open(__file__[:-8] + 'all.json').read()\n",
            "shades/all.json": "[1]",
            "all_rows.csv": "height,kind\n1,a\n",
        },
    )
    seen = {"problem.py", "external_imports/colours.py", "shades/light.py", "shades/all.json"}

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(problems_dir / "flowers"))
        assert set(load_kit("flowers", problems_dir).code_files()) == seen
        assert set(load_kit("flowers", problems_dir).code_files()) == seen, "and again"


def test_a_box_sees_no_data_and_no_keys_though_problem_py_reads_them_when_it_is_imported(
    problems_dir,
):
    reads = "\n".join(
        f"open({name!r}).close()"
        for name in (
            "labels_of_all.csv",
            "tools/test.csv",
            "private/answers.txt",
            "tools/raw/rows.txt",
            ".env",
            "names.txt",
            "link.txt",
        )
    )
    text = small_kits.PROBLEM.replace(
        "    table =", '    open(os.path.join(path, "labels_of_all.csv")).close()\n    table ='
    ).replace(
        'def get_test_data(path="."):',
        'def get_test_data(path="."):\n    open("tools/test.csv").close()',
    )
    path = problems_dir / "flowers"
    small_kits.write(
        path,
        {
            "problem.py": f"{reads}\n{text}",
            "labels_of_all.csv": "a",
            "tools/test.csv": "a",
            "private/answers.txt": "a",
            "tools/raw/rows.txt": "a",
            ".env": "PASSWORD=secret",
            "names.txt": "a b",
        },
    )
    (path / "link.txt").symlink_to("data/train.csv")
    kit = load_kit("flowers", problems_dir)
    kit.train_data()
    kit.test_data()

    assert sorted(kit.code_files()) == ["names.txt", "problem.py"]


def test_a_kit_behind_a_link_may_read_files_beside_it(problems_dir, tmp_path):
    text = f"open('labels.txt').close()\n{small_kits.PROBLEM}"
    small_kits.write(problems_dir / "flowers", {"labels.txt": "a b", "problem.py": text})
    (problems_dir / "flowers").rename(tmp_path / "elsewhere")
    (problems_dir / "flowers").symlink_to(tmp_path / "elsewhere")

    assert sorted(load_kit("flowers", problems_dir).code_files()) == ["labels.txt", "problem.py"]


def test_two_kits_may_call_their_helpers_alike(problems_dir):
    for name, colour in (("roses", "red"), ("violets", "blue")):
        small_kits.ramp_kit(problems_dir, name, problem=f"import hue\n{small_kits.PROBLEM}")
        small_kits.write(
            problems_dir / name, {"external_imports/hue/__init__.py": f"HUE = {colour!r}"}
        )

    loaded = [load_kit(name, problems_dir) for name in ("roses", "violets", "roses")]

    assert [kit.module.hue.HUE for kit in loaded] == ["red", "blue", "red"]


def test_a_kit_may_import_from_external_imports(problems_dir):
    text = f"from flower_tools.colours import RED\n{small_kits.PROBLEM}"
    helper = {"external_imports/flower_tools/colours.py": "RED = 3\n", "problem.py": text}
    small_kits.write(problems_dir / "flowers", helper)

    kit = load_kit("flowers", problems_dir)

    assert kit.module.RED == 3
    assert "external_imports/flower_tools/colours.py" in kit.code_files()


def test_text_columns_are_objects_as_old_kits_expect(problems_dir):  # stack.md, fact 3
    _, y = load_kit("flowers", problems_dir).train_data()

    assert y.dtype == object


def test_names_that_pandas_and_numpy_dropped_work_in_kits(problems_dir):
    text = f"{small_kits.PROBLEM}\nimport numpy as np\nassert np.in1d([1], [1]).all()\n"
    text += "assert pd.DataFrame({'a': [1]}).applymap(str).iloc[0, 0] == '1'\n"
    small_kits.ramp_kit(problems_dir, problem=text)

    assert load_kit("flowers", problems_dir).title == "Flowers"


def test_a_type_with_a_column_beside_the_probabilities_is_the_kit_s_own(problems_dir):
    text = f"{small_kits.PROBLEM}\nclass Predictions(Predictions):\n    n_columns = 3\n"
    small_kits.ramp_kit(problems_dir, problem=text)

    kit = load_kit("flowers", problems_dir)

    assert (kit.prediction_kind, kit.label_names) == ("other", ["a", "b"])


def test_boolean_folds_become_row_numbers(problems_dir):
    text = small_kits.PROBLEM + (
        "\ndef get_cv(X, y):\n    import numpy as np\n"
        "    first = np.arange(len(y)) < 40\n    return [(first, ~first)]\n"
    )
    small_kits.ramp_kit(problems_dir, problem=text)
    kit = load_kit("flowers", problems_dir)

    ((train, valid),) = kit.folds(*kit.train_data())

    assert train.tolist() == list(range(40))
    assert valid.tolist() == list(range(40, 60))


def test_objects_of_a_problem_s_own_classes_can_be_pickled(problems_dir):
    text = f"{small_kits.PROBLEM}\nclass Container(list):\n    pass\n"
    small_kits.ramp_kit(problems_dir, problem=text)
    kit = load_kit("flowers", problems_dir)

    assert pickle.loads(pickle.dumps(kit.module.Container([1]))) == [1]


def test_the_data_hash_follows_names_and_bytes_but_not_raw_data(problems_dir):
    kit = load_kit("flowers", problems_dir)
    first = kit.data_hash()

    small_kits.write(kit.path, {"data/raw/x.csv": "1"})
    assert kit.data_hash() == first
    small_kits.write(kit.path, {"data/test.csv": small_kits.table(20, 4)})
    assert kit.data_hash() != first


def test_a_box_sees_code_and_never_data(problems_dir):
    small_kits.write(
        problems_dir / "flowers",
        {
            "helpers/__init__.py": "",
            "helpers/shapes.py": "",
            "data/labels.py": "LABELS = 'secret'",
            "submissions/starting_kit/secret.py": "",
            "external_imports/table.csv": "1",
        },
    )
    kit = load_kit("flowers", problems_dir)

    seen = sorted(
        path.relative_to(kit.code_dir).as_posix()
        for path in kit.code_dir.rglob("*")
        if path.is_file()
    )

    assert seen == ["helpers/__init__.py", "helpers/shapes.py", "problem.py"]
    assert kit.code_dir.stat().st_mode & 0o777 == 0o755
    assert not any(path.is_symlink() for path in kit.code_dir.rglob("*"))


def test_the_workflow_of_a_ramp_kit_trains_from_its_code_alone(problems_dir):
    kit = load_kit("flowers", problems_dir)
    X, y = kit.train_data()
    workflow = load_workflow(kit.code_dir, kit.workflow_name)
    folder = str(kit.path / "submissions" / "starting_kit")

    model = workflow.train_submission(folder, X, y, kit.folds(X, y)[0][0])

    assert workflow.test_submission(model, X).shape == (60, 2)


def test_problems_are_listed_without_running_them(problems_dir):
    small_kits.ramp_kit(problems_dir, "broken", problem="1 / 0")
    (problems_dir / "empty").mkdir()

    assert list_problems(problems_dir) == ["broken", "flowers"]
    assert list_problems(problems_dir / "nowhere") == []


@pytest.mark.parametrize(("name", "target"), [("titanic", "Survived"), ("boston_housing", "medv")])
def test_public_tables_make_kits_of_the_same_shape(tmp_path, name, target):
    if not (SHARED / name).is_dir():
        pytest.skip("the public tables beside the repository are not here")
    text = small_kits.PROBLEM.replace('"kind"', repr(target)).replace('["a", "b"]', "[0, 1]")
    if target == "medv":
        text = text.replace("make_multiclass(label_names=[0, 1])", "make_regression()")
        text = text.replace("StratifiedShuffleSplit", "ShuffleSplit")
        text = text.replace('Accuracy(name="acc")', "RMSE()")
        text = text.replace('NegativeLogLikelihood(name="nll", precision=4)', "RelativeRMSE()")
    small_kits.write(tmp_path / name, {"problem.py": text})
    shutil.copytree(SHARED / name, tmp_path / name / "data")

    kit = load_kit(name, tmp_path)
    X, y = kit.train_data()

    assert len(X) == len(y) > 300
    assert len(kit.folds(X, y)) == 3
    assert kit.prediction_kind == ("regression" if target == "medv" else "multiclass")


# The 2016 convention


def test_a_module_of_2016_loads_as_it_was_written(problems_dir, irises):  # checklist 34
    kit = load_kit("irises", problems_dir, "irises_test")
    kit.prepare_data()

    X, y = kit.train_data()

    assert X.shape == (64, 4 - 2)
    assert kit.title == "Iris classification (test)"
    assert [score.name for score in kit.score_types] == ["acc", "error", "nll"]
    assert kit.score_types[0].precision == 1
    assert kit.official_score_name == "acc"
    assert [element.filename for element in kit.elements] == ["classifier.py"]
    expected = list(kit.get_cv(y))  # checklist 35
    assert all(
        (mine[0] == theirs[0]).all() and (mine[1] == theirs[1]).all()
        for mine, theirs in zip(kit.folds(X, y), expected, strict=True)
    )


def test_without_its_event_a_2016_problem_has_no_scores_and_no_folds(problems_dir, irises):
    kit = load_kit("irises", problems_dir)
    kit.prepare_data()

    assert kit.score_types == ()
    with pytest.raises(KitError, match="Nothing cuts the data of irises"):
        kit.folds(*kit.train_data())


def test_a_box_never_sees_the_module_that_knows_how_data_are_made(problems_dir, irises):
    assert load_kit("irises", problems_dir).code_files() == {}


def test_an_event_module_gives_the_settings_of_an_event(problems_dir, irises):
    spec = event_spec("irises_test", None, problems_dir)

    assert spec.problem_name == "irises"
    assert spec.event_title == "Iris classification (test)"
    assert spec.max_members_per_team == 2
    assert spec.public_opening_timestamp == datetime(2001, 1, 1, tzinfo=UTC)
    assert (spec.is_send_trained_mails, spec.is_send_submitted_mails) == (False, True)


def test_a_bare_kit_s_event_has_the_defaults(problems_dir):
    spec = event_spec("flowers_2026", "flowers", problems_dir)

    assert spec.problem_name == "flowers"
    assert spec.is_public
    assert spec.opening_timestamp.tzinfo is UTC
    assert event_spec("flowers", None, problems_dir).problem_name == "flowers"


def test_an_event_without_a_problem_says_how_to_name_it(problems_dir):
    with pytest.raises(KitError, match="add_event:spring,problem="):
        event_spec("spring", None, problems_dir)


def test_a_bare_kit_keeps_its_scores_in_an_event_of_its_name(problems_dir, add_plugin):
    add_plugin("events", "flowers", "event_title = 'Another'\nscore_type_descriptors = ['error']\n")

    assert load_kit("flowers", problems_dir, "flowers").title == "Flowers"


def test_an_event_module_of_another_name_refines_a_ramp_kit(problems_dir, add_plugin):
    add_plugin(
        "events",
        "spring",
        "problem_name = 'flowers'\nevent_title = 'Spring'\nscore_type_descriptors = ['error']\n",
    )

    kit = load_kit("flowers", problems_dir, "spring")

    assert (kit.title, kit.official_score_name) == ("Spring", "error")
    assert len(kit.folds(*kit.train_data())) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("problem_name = 'trees'", "is for the problem trees"),
        ("score_type_descriptors = ['no_such_score']", "no score type called no_such_score"),
        ("score_type_descriptors = ['error', 'error']", "Two scores are called error"),
        ("official_score_name = 'auc'", "none of acc, nll"),
        ("import no_such_package", "ModuleNotFoundError"),
    ],
)
def test_a_wrong_event_module_is_an_error(problems_dir, add_plugin, text, said):  # checklist 35
    add_plugin("events", "spring", text)

    with pytest.raises(KitError, match=said):
        load_kit("flowers", problems_dir, "spring")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opening_timestamp = 'tomorrow'", "opening_timestamp"),
        ("max_members_per_team = 'many'", "max_members_per_team"),
    ],
)
def test_wrong_settings_of_an_event_are_errors(problems_dir, add_plugin, text, said):
    add_plugin("events", "spring", text)

    with pytest.raises(KitError, match=said):
        event_spec("spring", "flowers", problems_dir)


def test_a_2016_module_that_lacks_a_piece_names_it(problems_dir, irises, add_plugin):
    text = small_kits.PROBLEM_2016.replace("workflow_name =", "other_name =")
    add_plugin("problems", "irises", text)

    with pytest.raises(KitError, match="has no workflow_name"):
        load_kit("irises", problems_dir)


# Plug-ins


def test_a_workflow_module_gets_the_submission_as_a_package(add_plugin, tmp_path):
    add_plugin(
        "workflows",
        "echo_workflow",
        "from importlib import import_module\n"
        "def train_submission(module_path, X, y, train_is):\n"
        "    return import_module('.parrot', module_path).NAME, list(train_is)\n"
        "def test_submission(model, X, test_is):\n"
        "    return [*model, list(test_is)]\n",
    )
    small_kits.write(tmp_path / "submission_1", {"parrot.py": "NAME = __file__\n"})
    workflow = find_workflow("echo_workflow")

    model = workflow.train_submission(str(tmp_path / "submission_1"), [5, 6], [1, 2], [1])

    assert workflow.element_names == ["parrot"]
    path, train_is, test_is = workflow.test_submission(model, [5, 6, 7])
    assert path == str(tmp_path / "submission_1" / "parrot.py")
    assert (train_is, test_is) == ([1], [0, 1, 2])


def test_two_submissions_of_the_same_name_are_not_mixed_up(add_plugin, tmp_path):
    add_plugin(
        "workflows",
        "echo_workflow",
        "from importlib import import_module\n"
        "def train_submission(module_path, X, y, train_is):\n"
        "    return import_module('.parrot', module_path).NAME\n"
        "def test_submission(model, X, test_is):\n    return model\n",
    )
    workflow = find_workflow("echo_workflow")

    names = []
    for team in ("one", "two"):
        folder = small_kits.write(tmp_path / team / "sub", {"parrot.py": f"NAME = {team!r}\n"})
        names.append(workflow.train_submission(str(folder), [], [], []))

    assert names == ["one", "two"]


def test_declared_elements_replace_those_of_the_module():
    module = sys.modules[__name__]

    assert ModuleWorkflow(module, ["a", "b.csv"]).element_names == ["a", "b.csv"]


@pytest.mark.parametrize("name", ["no_such_workflow", "image_classifier_workflow"])
def test_a_workflow_that_cannot_be_made_is_an_error(name):
    with pytest.raises(KitError):
        find_workflow(name)


def test_a_workflow_module_needs_both_functions(add_plugin):
    add_plugin("workflows", "half_workflow", "def train_submission(*args): pass\n")

    with pytest.raises(KitError, match="has no test_submission"):
        find_workflow("half_workflow")


@pytest.mark.parametrize(
    ("name", "is_lower_the_better"),
    [("accuracy", False), ("error", True), ("auc", False), ("rmse", True), ("ROCAUC", False)],
)
def test_scores_of_ramp_workflow_are_found_by_name(name, is_lower_the_better):
    assert find_score_type(name).is_lower_the_better is is_lower_the_better


def test_a_score_takes_name_digits_and_bounds():  # checklist 30
    score = find_score_type(
        "mare", new_name="relative", precision=4, bounds=(False, -1.0, float("inf"))
    )

    assert (score.name, score.precision) == ("relative", 4)
    assert (score.is_lower_the_better, score.minimum, score.maximum) == (False, -1.0, np.inf)


def test_a_descriptor_passes_arguments_to_the_score():
    (score,) = score_types_of([{"name": "f1_above", "threshold": 0.7, "new_name": "f1"}])

    assert (score.name, score.threshold) == ("f1", 0.7)


def test_a_score_module_without_bounds_says_what_to_do(add_plugin):
    add_plugin("score_types", "plain", "def score_function(t, p, valid_indexes=None): return 1\n")

    with pytest.raises(KitError, match="fab add_score_type:plain"):
        find_score_type("plain")
    assert find_score_type("plain", bounds=(True, 0.0, 1.0)).worst == 1.0


def test_a_score_module_without_its_function_is_an_error(add_plugin):
    add_plugin("score_types", "plain", "precision = 2\n")

    with pytest.raises(KitError, match="no score_function"):
        find_score_type("plain")


def test_a_score_that_lacks_an_argument_is_an_error():
    with pytest.raises(KitError, match="cannot be made"):
        find_score_type("soft_accuracy")

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from databoard.errors import TrainingError
from databoard.kits import leaks
from databoard.kits.checking import check, measure
from tests.kits import small_kits


def codes(findings, level=None):
    return {finding.code for finding in findings if level in (None, finding.level)}


@pytest.fixture
def flowers(problems_dir):
    """A kit that is in order, with all its texts."""
    return small_kits.write(
        problems_dir / "flowers",
        {
            "references/data_dictionary.md": "# Columns",
            "flowers_starting_kit.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, '
            '"nbformat_minor": 4}',
        },
    )


def with_problem(path, old, new):
    text = (path / "problem.py").read_text()
    assert old in text
    small_kits.write(path, {"problem.py": text.replace(old, new)})


def test_a_kit_in_order_has_no_findings(problems_dir, flowers):
    assert check("flowers", problems_dir) == []


def test_everything_wrong_is_told_in_one_run(problems_dir, flowers):
    row = "0.5,0.25,a\n"
    small_kits.write(
        flowers,
        {
            "data/train.csv": "height,width,kind\n" + "1,2,a\n" * 9,
            "data/test.csv": "height,width,kind\n1,1,b\n2,3,a\n" + row,
            "data/public/public.csv": "height,width,kind\n3,3,b\n" + row,
            "submissions/starting_kit/estimator.py": "def (",
            "flowers_starting_kit.ipynb": "broken",
        },
    )
    (flowers / "references" / "data_dictionary.md").unlink()
    with_problem(flowers, "def get_cv(X, y):", "def get_cv(X, y):\n    return [([0, 1], [1, 2])]\n")
    with_problem(flowers, 'Accuracy(name="acc")', 'SoftAccuracy([[3, 0], [0, 3]], name="acc")')

    findings = check("flowers", problems_dir)

    assert codes(findings) >= {
        "starting_kit",
        "constant_target",
        "fold_overlap",
        "public_test_rows",
        "bad_notebook",
        "no_dictionary",
    }
    assert all(finding.what and finding.where and finding.fix for finding in findings)
    levels = [finding.level for finding in findings]
    assert levels == sorted(levels, key=("error", "warning", "note").index)


def test_a_kit_that_does_not_load_still_gets_its_texts_checked(problems_dir, flowers):
    (flowers / "problem.py").write_text("1 / 0")
    (flowers / "flowers_starting_kit.ipynb").unlink()

    findings = check("flowers", problems_dir)

    assert codes(findings, "error") == {"load"}
    assert codes(findings, "note") == {"no_notebook"}


def test_a_problem_without_a_folder_is_one_error(problems_dir):
    assert codes(check("trees", problems_dir)) == {"load"}


@pytest.mark.parametrize("name", ["train", "test"])
def test_data_that_do_not_read_are_an_error(problems_dir, flowers, name):
    (flowers / "data" / f"{name}.csv").write_text("")

    (finding,) = check("flowers", problems_dir)

    assert (finding.level, finding.code) == ("error", f"{name}_data")


@pytest.mark.parametrize(
    ("folds", "code"),
    [
        ("[]", "no_folds"),
        ("[([], [1])]", "fold_empty"),
        ("[([0, 2], [99])]", "fold_range"),
        ("[(range(50), [55, 55])]", "fold_twice"),
        ("[(range(50), range(40, 60))]", "fold_overlap"),
        ("1 / 0", "folds"),
        ("[(np.flatnonzero(y == 'a'), np.flatnonzero(y == 'b'))]", "fold_labels"),
    ],
)
def test_wrong_folds_are_found(problems_dir, flowers, folds, code):
    text = f"def get_cv(X, y):\n    import numpy as np\n    return {folds}\n"
    with_problem(flowers, "def get_cv(X, y):", text + "\n\ndef other_cv(X, y):")

    assert code in codes(check("flowers", problems_dir))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('label_names=["a", "b"]', 'label_names=["a", "c"]', "unknown_label"),
        ('table["kind"].values', 'table["kind"].values[:-1]', "lengths"),
        ('table["kind"].values', 'table["kind"].where(table.index > 0).values', "missing_target"),
        ('_read(path, "test.csv")', "(None, None)", "no_test"),
        ('_read(path, "test.csv")', '_read(path, "train.csv")', "train_test_rows"),
        (
            'return _read(path, "test.csv")',
            'X, y = _read(path, "test.csv")\n    return X + 100, y',
            "train_test_differ",
        ),
        ('rw.score_types.Accuracy(name="acc")', "Strange(1, 0)", "blind_score"),
        ('rw.score_types.Accuracy(name="acc")', "Strange()", "score_range"),
        ('rw.score_types.Accuracy(name="acc")', "Strange(0, 0)", "score_bounds"),
        ('rw.score_types.Accuracy(name="acc")', "Strange(0, 'x')", "score_fails"),
    ],
)
def test_each_fault_has_its_code(problems_dir, flowers, old, new, code):
    strange = (
        "class Strange(rw.score_types.BaseScoreType):\n"
        "    name, precision, is_lower_the_better, minimum = 'odd', 2, True, 0\n"
        "    def __init__(self, maximum=1, value=7):\n"
        "        self.maximum, self.value = (maximum if value != 'x' else 1), value\n"
        "    def __call__(self, t, p):\n        return self.value / 1\n"
    ).replace("rw.score_types.BaseScoreType", "rw.score_types.base.BaseScoreType")
    with_problem(flowers, "score_types = [", f"{strange}\n\nscore_types = [")
    with_problem(flowers, old, new)

    assert code in codes(check("flowers", problems_dir))


def test_clusters_may_repeat_the_event_that_x_has_too(problems_dir, flowers):
    text = small_kits.PROBLEM.replace(
        'make_multiclass(label_names=["a", "b"])', "make_clustering()"
    )
    text = text[: text.index("score_types = [")] + CLUSTERS
    small_kits.ramp_kit(problems_dir, problem=text)

    found = {finding.code: finding.level for finding in check("flowers", problems_dir)}

    assert found["leak"] == "warning"
    assert "error" not in found.values()


CLUSTERS = """
import numpy as np

score_types = [rw.score_types.ClusteringEfficiency()]
get_cv = rw.cvs.Clustering(n_cv=1, cv_test_size=0.5, random_state=57).get_cv


def _make(n_events, seed):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 3, 8 * n_events)
    events = np.arange(n_events).repeat(8)
    noisy = clusters + rng.normal(size=len(events))
    return np.stack([events, noisy], 1), np.stack([events, clusters], 1)


def get_train_data(path="."):
    return _make(6, 1)


def get_test_data(path="."):
    return _make(3, 2)
"""


def test_folds_that_are_others_each_time_are_noticed(problems_dir, flowers):
    text = small_kits.PROBLEM.replace(", random_state=57", "")
    small_kits.ramp_kit(problems_dir, problem=text)

    assert "unseeded_folds" in codes(check("flowers", problems_dir), "warning")


def test_an_environment_of_conda_is_told_to_be_left_unread(problems_dir, flowers):
    small_kits.write(flowers, {"environment.yml": "name: flowers\n"})

    (finding,) = check("flowers", problems_dir)

    assert (finding.level, finding.code) == ("note", "conda")
    assert "requirements.txt" in finding.fix
    small_kits.write(flowers, {"requirements.txt": "numpy\n"})
    assert check("flowers", problems_dir) == []


def test_sparse_features_are_checked(problems_dir, flowers):
    text = small_kits.PROBLEM.replace("return table.drop(", "return csr_matrix(table.drop(")
    text = text.replace('columns="kind"), ', 'columns="kind").to_numpy()), ')
    small_kits.ramp_kit(problems_dir, problem=f"from scipy.sparse import csr_matrix\n{text}")

    assert codes(check("flowers", problems_dir), "error") == set()


def test_a_truth_without_probabilities_is_no_prediction(problems_dir, flowers):
    text = small_kits.PROBLEM.replace('make_multiclass(label_names=["a", "b"])', "make_detection()")
    text = text[: text.index("score_types = [")] + DETECTION
    small_kits.ramp_kit(problems_dir, problem=text)

    assert codes(check("flowers", problems_dir), "error") == set()


DETECTION = """
import numpy as np
from sklearn.model_selection import KFold


class Sure(rw.score_types.BaseScoreType):
    name, precision, is_lower_the_better, minimum, maximum = "sure", 3, False, 0.0, 1.0

    def __call__(self, y_true, y_pred):
        return float(np.mean([box["proba"] for boxes in y_pred for box in boxes]))


score_types = [Sure()]


def get_cv(X, y):
    return KFold(2).split(X)


def get_train_data(path="."):
    return np.arange(8), np.array([[{"class": "a", "bbox": (1, 2, 3, 4)}]] * 8)


def get_test_data(path="."):
    X, y = get_train_data()
    return X + 8, y
"""


def test_files_that_boxes_see_beside_code_are_named(problems_dir, flowers):
    small_kits.write(
        flowers,
        {"names.txt": "a b", "copy.csv": "1,2,a", "data/private/test.csv": "1,2,a"},
    )
    with_problem(
        flowers, "import os", "import os\nopen('names.txt').close()\nopen('copy.csv').close()"
    )

    findings = [
        f for f in check("flowers", problems_dir) if f.code in ("shown_file", "private_file")
    ]

    assert [(f.level, f.what.split(" ")[f.code == "shown_file" and 2]) for f in findings] == [
        ("error", "copy.csv,"),
        ("note", "names.txt,"),
    ]


def test_a_private_file_in_the_starting_kit_is_found(problems_dir, irises):
    path = problems_dir / "irises"
    small_kits.write(path, {"starting_kit/x.csv": (path / "data/raw/iris.csv").read_bytes()})

    assert "private_file" in codes(check("irises", problems_dir, "irises_test"), "error")


def test_data_of_a_2016_problem_are_prepared_when_they_are_missing(problems_dir, irises):
    findings = check("irises", problems_dir, "irises_test")

    assert codes(findings, "error") == set()
    assert (problems_dir / "irises" / "data" / "private" / "test.csv").is_file()


def test_data_that_are_there_are_never_prepared_anew(problems_dir, irises):
    check("irises", problems_dir, "irises_test")
    test = problems_dir / "irises" / "data" / "private" / "test.csv"
    before = test.stat().st_mtime_ns

    check("irises", problems_dir, "irises_test")

    assert test.stat().st_mtime_ns == before


def test_data_that_come_out_otherwise_each_time_are_an_error(problems_dir, irises, add_plugin):
    text = small_kits.PROBLEM_2016.replace("random_state=random_state", "random_state=None")
    add_plugin("problems", "irises", text)

    findings = check("irises", problems_dir, "irises_test")  # checklist 19

    assert any("other data each time" in finding.what for finding in findings)


def test_a_2016_problem_is_best_checked_with_its_event(problems_dir, irises):
    assert "no_scores" in codes(check("irises", problems_dir), "note")


# Training is the engine's business: it hands in a function.


def test_a_starting_kit_that_fails_is_an_error(problems_dir, flowers):
    def train(kit, files, fold):
        raise TrainingError("ValueError: no", "team")

    (finding,) = check("flowers", problems_dir, train=train)

    assert (finding.level, finding.code) == ("error", "starting_kit_fails")
    assert "ValueError: no" in finding.what
    assert finding.what.endswith("no.")


def test_the_starting_kit_is_trained_on_its_first_fold(problems_dir, flowers):
    calls = []

    def train(kit, files, fold):
        calls.append((kit.name, list(files), fold))
        return {"valid": {"acc": 0.5, "nll": 0.1}, "test": {"acc": 1.5}}

    findings = check("flowers", problems_dir, train=train)

    assert calls == [("flowers", ["estimator.py"], 0)]
    assert codes(findings) == {"score_range"}
    assert "test step" in findings[0].what


# Leaks

RNG = np.random.default_rng(57)
NUMBER = RNG.normal(size=200)
KIND = np.where(RNG.uniform(size=200) < 0.5, "a", "b").astype(object)


@pytest.mark.parametrize(  # L18
    ("column", "y", "told"),
    [
        (NUMBER, NUMBER, "equal"),
        (3 - 2 * NUMBER**3, NUMBER, "equal"),
        (np.digitize(NUMBER, [-1, 0, 1]), NUMBER, "order"),
        (-np.digitize(NUMBER, [-1, 0, 1]), NUMBER, "order"),
        (np.where(KIND == "a", "x", "y").astype(object), KIND, "equal"),
        (RNG.uniform(size=200) + 2 * (KIND == "b"), KIND, "order"),
        (NUMBER + RNG.normal(size=200), NUMBER, None),
        (RNG.permutation(200), KIND, None),
        (np.arange(200) == np.flatnonzero(KIND == "b")[0], KIND, None),
        (np.ones(200), KIND, None),
        (np.full(200, np.nan), NUMBER, None),
    ],
)
@pytest.mark.parametrize("as_frame", [True, False])
def test_a_planted_column_is_found(column, y, told, as_frame):
    noise = RNG.normal(size=200)
    X = pd.DataFrame({"noise": noise, "planted": column})
    if not as_frame:
        X = X.to_numpy()

    found = dict(leaks.telling_columns(X, y))

    expected = {} if told is None else {"planted" if as_frame else "1": told == "equal"}
    assert found == expected


def test_a_planted_column_is_found_among_very_many_rows():
    y = np.random.default_rng(57).normal(size=20_000)
    X = np.column_stack([y[::-1], 2 * y, np.where(np.arange(20_000) == 7, 1, 0)])

    assert list(leaks.telling_columns(X, y)) == [("1", True)]


def test_every_target_of_two_is_looked_at():
    y = np.column_stack([KIND, NUMBER.astype(object)])

    assert dict(leaks.telling_columns(pd.DataFrame({"x": NUMBER}), y)) == {"x": True}


@pytest.mark.parametrize(
    ("y", "expected"),
    [(np.sort(NUMBER), True), (np.sort(NUMBER)[::-1], True), (NUMBER, False), (np.ones(9), False)],
)
def test_rows_in_the_order_of_the_target_are_noticed(y, expected):
    assert leaks.is_sorted(y) is expected


@pytest.mark.parametrize(
    "X",
    [[{"a": 1}], np.zeros((2, 3, 4)), None, "text", pd.DataFrame(), csr_matrix(np.eye(2))],
)
def test_other_kinds_of_x_have_no_columns_to_tell(X):
    assert list(leaks.telling_columns(X, np.array([1, 2]))) == []


def test_ragged_targets_have_no_columns():
    assert leaks.target_columns([[1, 2], [3]]) == []
    assert leaks.target_columns(np.array([[1], [2, 3]], dtype=object)) == []
    assert leaks.target_columns([[{"class": 1}], [{"class": 2}]]) == []


def test_row_numbers_do_not_hide_common_rows(tmp_path):  # checklist 14
    small_kits.write(
        tmp_path,
        {
            "starting_kit/public_train.csv": "id,x,y\n1,0.5,a\n2,0.7,b\n",
            "data/private/test.csv": "id,x,y\n7,0.7,b\n8,0.9,b\n",
            "data/private/train.csv": "id,x,y\n9,0.5,a\n",
        },
    )

    assert list(leaks.public_test_rows(tmp_path)) == [
        ("starting_kit/public_train.csv", "data/private/test.csv", 1)
    ]


def test_a_table_with_other_columns_is_not_compared(tmp_path):
    small_kits.write(
        tmp_path,
        {"starting_kit/weather.csv": "x\n1\n", "data/private/test.csv": "x,y\n1,2\n"},
    )

    assert list(leaks.public_test_rows(tmp_path)) == []


@pytest.mark.parametrize("kind", [float, str])
def test_test_rows_that_are_training_rows_are_counted(kind):
    X = np.arange(60).reshape(20, 3).astype(kind)
    X[1] = X[0]

    n_common, expected = leaks.common_rows(X, np.concatenate([X[5:9], X[:1]]))

    assert (n_common, expected) == (5, 0.5)


@pytest.mark.parametrize("X", [None, [1, 2], [[1], [2, 3]], np.zeros((0, 2))])
def test_rows_that_cannot_be_compared_are_not(X):
    assert leaks.common_rows(X, X) is None


def test_what_a_board_resolves_and_who_knows_nothing_gets_is_told(problems_dir, flowers):
    public, *others = measure("flowers", problems_dir)

    assert public.startswith("The public board resolves differences of acc from about 0.")
    told = " ".join(others)
    assert "Predictions by constant get acc" in told
    assert "Predictions by shuffled labels get acc" in told

"""Scores must be those of ramp-workflow to the last digit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pytest

from databoard.errors import KitError, TrainingError
from databoard.training import predictions, scorer
from databoard.training.engine import Engine
from databoard.training.wire import FoldResult, Verdict, npy_header
from tests.training.conftest import FLOAT32, FOREST, RIDGE, train

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def _ramp_test(problems: Path, name: str, folder: Path) -> tuple[list[object], dict[str, object]]:
    """Train and score as ``ramp-test`` does, in this process."""
    from rampwf.utils import get_score_cv_bags
    from rampwf.utils.importing import import_module_from_source
    from rampwf.utils.submission import run_submission_on_cv_fold

    problem = import_module_from_source(str(problems / name / "problem.py"), "problem")
    X, y = problem.get_train_data(str(problems / name))
    X_test, y_test = problem.get_test_data(str(problems / name))
    cv = list(problem.get_cv(X, y))
    folds = [
        run_submission_on_cv_fold(problem, str(folder), fold, X, y, X_test, y_test) for fold in cv
    ]
    scores = [
        {
            step: {s.name: float(frame.loc[step, s.name]) for s in problem.score_types}
            for step in ("train", "valid", "test")
        }
        for _, _, frame in folds
    ]
    bagged: dict[str, object] = {}
    for step, y_true, rows, column in (
        ("valid", y, [valid for _, valid in cv], 0),
        ("test", y_test, None, 1),
    ):
        curves = {}
        for s in problem.score_types:
            truth = problem.Predictions(y_true=y_true)
            _, curve = get_score_cv_bags(s, [fold[column] for fold in folds], truth, rows)
            curves[s.name] = curve
        bagged[step] = [
            {name: float(curve[k]) for name, curve in curves.items()} for k in range(len(cv))
        ]
    return scores, bagged


def _ours(engine: Engine, name: str, folder: Path) -> tuple[list[object], dict[str, object]]:
    kit = engine.kit(name)
    results = [train(engine, folder, name, fold) for fold in range(kit.info.n_folds)]
    assert all(result.verdict.is_ok for result in results), results[0].verdict
    scores = [kit.score(fold, result) for fold, result in enumerate(results)]
    bagged = kit.bag(
        [result.y_pred_train or b"" for result in results],
        [result.y_pred_test for result in results],
    )
    return scores, bagged


@pytest.mark.parametrize(
    ("name", "plot"), [("flowers", "confusion"), ("diabetes_kit", "agreement")]
)
def test_plots_count_each_held_out_row_once(problems: Path, name: str, plot: str) -> None:
    kit = scorer.Scorer(name, None, problems)
    held_out = sum(len(valid_is) for _, valid_is in kit.folds)
    truth = kit._truth("all", -1).y_pred
    drawn = kit.plots([truth for _ in kit.folds])
    counts = drawn[plot] if plot == "confusion" else drawn[plot]["counts"]
    assert np.sum(counts) == held_out == np.trace(counts)


@pytest.mark.parametrize(
    ("name", "code"),
    [("flowers", FOREST), ("diabetes_kit", RIDGE), ("flowers", FLOAT32)],
    ids=["classification", "regression", "single precision"],
)
def test_scores_and_bags_equal_those_of_ramp_test(
    engine: Engine, problems: Path, submission: Callable[..., Path], name: str, code: str
) -> None:
    folder = submission(code)

    assert _ours(engine, name, folder) == _ramp_test(problems, name, folder)


def test_a_bag_of_a_type_of_its_own_equals_the_closed_form(problems: Path) -> None:
    """The way through the kit's own ``combine`` and the fast one must not differ in a bit."""
    kit = scorer.Scorer("flowers", None, problems)
    rng = np.random.default_rng(3)
    raw = rng.dirichlet([1, 1, 1], size=(3, len(kit.y_train)))
    fast = kit.bag(list(raw), [])

    stock = kit.kit.Predictions
    kit.kit.Predictions = type(
        "Own", (stock,), {"combine": classmethod(lambda cls, many: stock.combine(many))}
    )
    kit._truths.clear()

    assert kit.bag(list(raw), []) == fast


def test_labels_of_other_rows_are_overwritten() -> None:  # L2
    y = np.array(["a", "b", "c", "d"], dtype=object)
    rows = np.array([1, 2])

    assert scorer.mask(y, rows).tolist() == ["b", "b", "c", "b"]
    assert y.tolist() == ["a", "b", "c", "d"]


def test_masks_keep_the_type_of_the_labels() -> None:
    rows = np.array([2, 0])

    series = scorer.mask(pd.Series([1.0, 2.0, 3.0], index=[7, 8, 9]), rows)
    frame = pd.DataFrame({"a": [1, 2, 3]})
    frame.attrs["source"] = [1, 2, 3]
    frame = scorer.mask(frame, rows)
    lists = scorer.mask([[1], [2, 2], [3]], rows)

    assert series.tolist() == [1.0, 3.0, 3.0]
    assert series.index.tolist() == [7, 8, 9]
    assert frame["a"].tolist() == [1, 3, 3]
    assert frame.attrs == {}
    assert lists == [[1], [3], [3]]


def test_a_kit_that_stops_is_the_organisers_fault(engine: Engine, problems: Path) -> None:
    shutil.copytree(problems / "flowers", problems / "broken")
    (problems / "broken" / "problem.py").write_text("raise RuntimeError('no data today')")

    with pytest.raises(KitError, match="no data today") as refusal:
        engine.kit("broken")

    assert refusal.value.fault == "organiser"


def _scorer_with(problems: Path, name: str, body: str) -> scorer.Scorer:
    """A scorer of a kit whose one score type does ``body``."""
    folder = problems / name
    if not folder.exists():
        shutil.copytree(problems / "flowers", folder)
    code = (folder / "problem.py").read_text().partition("score_types = [")[0]
    code += (
        f"""
class Own(rw.score_types.Accuracy):
    def __call__(self, y_true, y_pred):
        {body}


score_types = [Own(name="own")]
"""
        "def get_cv" + (problems / "flowers" / "problem.py").read_text().partition("def get_cv")[2]
    )
    (folder / "problem.py").write_text(code)
    return scorer.Scorer(name, None, problems)


@pytest.mark.parametrize(
    "body",
    [
        "return float('nan')",
        "return float('inf')",
        "return 1.001",
        "return -0.001",
        "raise ZeroDivisionError('oh')",
    ],
)
def test_a_score_that_fails_on_good_predictions_is_the_organisers(  # X9
    problems: Path, body: str
) -> None:
    kit = _scorer_with(problems, "organisers", body)
    y = np.full((len(kit.y_train), 3), 1 / 3)

    with pytest.raises(TrainingError) as refusal:
        kit.score(0, y, None)

    assert refusal.value.fault == "organiser"
    assert refusal.value.message.startswith("Fold 1: the score own ")


def test_what_a_score_says_of_test_rows_is_not_told(problems: Path) -> None:
    body = "if len(y_pred) == 37: raise ValueError(f'the label is {y_true[0]}')\n        return 1"
    kit = _scorer_with(problems, "talks", body)
    train, test = np.full((len(kit.y_train), 3), 1 / 3), np.full((37, 3), 1 / 3)

    with pytest.raises(TrainingError) as refusal:
        kit.score(0, train, test)

    assert refusal.value.message.endswith("stops on the test predictions with ValueError")


@pytest.mark.parametrize("error", ["ValueError", "SystemExit"])
def test_nor_is_it_where_predictions_are_strange(problems: Path, error: str) -> None:
    body = f"raise {error}('the label is SECRET')"
    kit = _scorer_with(problems, "rags", body)
    y = np.full((len(kit.y_train), 3), 1 / 3)
    ragged = kit._wrap(y, None)
    ragged.y_pred = [[1], [1, 2]]

    with pytest.raises(TrainingError) as refusal:
        kit._score(None, ragged, "bagged test", "Fold 1")

    assert (refusal.value.fault, "SECRET" in refusal.value.message) == ("team", False)


def test_what_an_unforeseen_error_says_is_for_the_log(problems: Path) -> None:
    def stop() -> NoReturn:
        raise KeyError("the label is SECRET")

    answer, _ = scorer._guarded(stop, is_for_teams=True)

    assert "SECRET" not in answer["error"]
    assert "SECRET" in answer["log"]


def test_what_a_dying_scorer_prints_is_for_the_log(
    engine: Engine,
    problems: Path,
    submission: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    _scorer_with(problems, "dies", "return 0.5")
    result = train(engine, submission(FOREST), "dies")
    code = problems / "dies" / "problem.py"
    last_words = "print('the label is SECRET', flush=True); __import__('os')._exit(3)"
    code.write_text(code.read_text().replace("return 0.5", last_words))
    engine.forget("dies")

    with pytest.raises(TrainingError, match="ended") as refusal:
        engine.kit("dies").score(0, result)

    assert "SECRET" not in refusal.value.message
    assert "SECRET" in caplog.text


def test_a_score_that_fails_on_a_bag_names_its_folds(problems: Path) -> None:
    kit = _scorer_with(problems, "bags", "return 2 if len(y_pred) == 37 and y_pred[0] == 1 else 0")
    first, second = (np.full((len(kit.y_train), 3), [p, 1 - p, 0]) for p in (0.6, 0.1))

    with pytest.raises(TrainingError, match="Folds 1 to 2: the score own of the bagged test"):
        kit.bag([first, second], [first[:37], second[:37]])


def test_rounding_is_within_the_range_of_a_score(problems: Path) -> None:
    kit = _scorer_with(problems, "rounding", "return 1 + 4e-16")

    scores = kit.score(0, np.full((len(kit.y_train), 3), 1 / 3), None)

    assert scores["valid"]["own"] == 1 + 4e-16


@pytest.mark.parametrize("name", ["BalancedAccuracy", "BrierSkillScore"])
def test_worse_than_chance_is_a_score_like_any_other(problems: Path, name: str) -> None:
    """Of two of ramp-workflow's score types the range is wider than they say."""
    import rampwf

    score_type = getattr(rampwf.score_types, name)()
    y_true = np.tile([0, 1], 20)
    predictions = rampwf.prediction_types.make_multiclass(label_names=[0, 1])
    value = score_type.score_function(
        predictions(y_true=y_true), predictions(y_pred=np.eye(2)[1 - y_true])
    )

    assert value < score_type.minimum
    assert scorer._cannot_rank(score_type, float(value)) == ""


def test_a_score_that_fails_on_strange_predictions_is_the_teams(problems: Path) -> None:
    kit = _scorer_with(problems, "teams", "return float('inf')")
    y = np.full((len(kit.y_train), 3), -1e200)

    with pytest.raises(TrainingError) as refusal:
        kit.score(0, y, None)

    assert refusal.value.fault == "team"


def test_predictions_are_rescored_from_what_is_stored(  # R14
    engine: Engine, submission: Callable[..., Path], tmp_path: Path
) -> None:
    kit = engine.kit("flowers")
    result = train(engine, submission(FOREST))
    stored = tmp_path / "y_pred_train.npy"
    stored.write_bytes(result.y_pred_train or b"")

    again = FoldResult(
        Verdict("tested"), y_pred_train=stored.read_bytes(), y_pred_test=result.y_pred_test
    )

    assert kit.score(0, again) == kit.score(0, result)
    assert np.load(stored).shape == kit.info.train_form.shape


def test_no_test_score_without_test_labels(problems: Path) -> None:
    kit = scorer.Scorer("flowers", None, problems)
    kit.y_test = None

    scores = kit.score(0, np.full((len(kit.y_train), 3), 1 / 3), None)

    assert set(scores) == {"train", "valid"}


@pytest.mark.parametrize("name", ["boston_housing", "titanic"])
def test_public_kits_score_as_ramp_test_does(
    engine: Engine, problems: Path, submission: Callable[..., Path], name: str
) -> None:
    if not (DATA / name / "train.csv").is_file():
        pytest.skip("the data of public kits are not on this machine")
    target = problems / f"{name}_kit"
    if not target.exists():
        (target / "data").mkdir(parents=True)
        for part in ("train.csv", "test.csv"):
            shutil.copyfile(DATA / name / part, target / "data" / part)
    column, kind = ("medv", "regression") if name == "boston_housing" else ("Survived", "class")
    source = (problems / ("diabetes_kit" if kind == "regression" else "flowers")).joinpath(
        "problem.py"
    )
    code = source.read_text().replace('"target"', f'"{column}"')
    code = code.replace('["setosa", "versicolor", "virginica"]', "[0, 1]")
    code = code.replace(
        'data.drop(columns="', 'data.select_dtypes("number").fillna(0).drop(columns="'
    )
    (target / "problem.py").write_text(code)
    folder = submission(RIDGE if kind == "regression" else FOREST)

    assert _ours(engine, target.name, folder) == _ramp_test(problems, target.name, folder)


def test_stored_predictions_come_back_in_their_own_type() -> None:
    values = np.array([[0.1, 0.9]], dtype=np.float32)
    stored = npy_header((1, 2)) + values.astype("<f8").tobytes()

    assert predictions.load(stored, "float32").dtype == np.float32
    assert (predictions.load(stored, "float32") == values).all()
    assert predictions.load(stored, "something else").dtype == np.float64


@pytest.mark.parametrize(("kind", "fault"), [("multiclass", "organiser"), ("other", "team")])
def test_a_score_that_never_ends_is_stopped(  # X9; free predictions may be why
    engine: Engine,
    problems: Path,
    submission: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fault: str,
) -> None:
    name = f"endless_{kind}"
    _scorer_with(problems, name, "return 0.5")
    result = train(engine, submission(FOREST), name)
    code = problems / name / "problem.py"
    code.write_text(code.read_text().replace("return 0.5", "\n        while True: pass"))
    engine.forget(name)
    kit = engine.kit(name)
    kit.info = replace(kit.info, prediction_kind=kind)
    monkeypatch.setattr("databoard.training.scoring.SCORE_S", 0.5)

    with pytest.raises(TrainingError, match="did not answer") as refusal:
        kit.score(0, result)

    assert refusal.value.fault == fault
    assert not kit.is_alive


def test_a_score_that_cannot_rank_tells_no_number_of_test_rows(problems: Path) -> None:  # L2
    body = "return 7.25 if len(y_pred) == 37 else 0.5"
    kit = _scorer_with(problems, "told", body)
    assert len(kit.y_test) == 37 not in {len(rows) for fold in kit.folds for rows in fold}

    with pytest.raises(TrainingError) as refusal:
        kit.score(0, np.full((len(kit.y_train), 3), 1 / 3), np.full((37, 3), 1 / 3))

    assert refusal.value.message.endswith("test predictions is out of its range from 0 to 1")


def test_nor_does_it_tell_one_of_held_out_rows(problems: Path) -> None:  # L15
    """A score with an end, and predictions far beyond it: its digits are the labels of a fold."""
    body = "return 10 + (y_true * 2.0 ** __import__('numpy').arange(len(y_true))[:, None]).sum()"
    kit = _scorer_with(problems, "digits_told", f"if len(y_pred) > 45: return 0.5\n        {body}")
    assert len(kit.folds[0][1]) <= 45 < len(kit.folds[0][0])

    with pytest.raises(TrainingError) as refusal:
        kit.score(0, np.full((len(kit.y_train), 3), 1 / 3), None)

    assert refusal.value.message.endswith("valid predictions is out of its range from 0 to 1")

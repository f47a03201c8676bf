"""Tell an organiser everything that is wrong with a problem in one run, each with its fix."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from databoard.errors import DataboardError, KitError
from databoard.kits import bundling, leaks, resolving
from databoard.kits.deposits import example_submissions, starting_files
from databoard.kits.loading import Kit, load_kit
from databoard.kits.protocol import Fold, ScoreType

CONDA = ("environment.yml", "environment.yaml", "ami_environment.yml")

Level = Literal["error", "warning", "note"]
Scores = Mapping[str, Mapping[str, float]]
# Trains files on a fold in a box; gives scores by step ("train", "valid", "test") and score name.
Train = Callable[[Kit, Mapping[str, bytes], int], Scores]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a problem.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        An error must be mended, a warning be looked at; a note is something that participants
        would miss.
    code : str
        Short and stable, for programs.
    what, where, fix : str
        For the organiser.
    """

    level: Level
    code: str
    what: str
    where: str
    fix: str


def check(
    name: str, problems_dir: Path, event: str | None = None, *, train: Train | None = None
) -> list[Finding]:
    """Check a problem as far as it can be read.

    Parameters
    ----------
    name : str
        The problem.
    problems_dir : Path
        Where problem folders lie.
    event : str, optional
        The event whose folds and scores are checked.
    train : callable, optional
        Trains the starting kit on a fold, outside this process; without it that is left out.

    Returns
    -------
    list of Finding
        Errors first; empty if all is well.
    """
    findings = list(_check_texts(problems_dir / name, event or name))
    try:
        kit = load_kit(name, problems_dir, event)
    except KitError as error:
        findings.append(_of_error("load", error, f"problems/{name}"))
    else:
        findings += _check_loaded(kit, train)
    order = ("error", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.level))


def _of_error(code: str, error: DataboardError, where: str, level: Level = "error") -> Finding:
    fix = error.fix if isinstance(error, KitError) else ""
    return Finding(level, code, error.message.removesuffix(fix).strip(), where, fix)


def _check_texts(path: Path, event: str) -> Iterator[Finding]:
    """Check what participants read and download, which needs no code of the problem."""
    if not path.is_dir():
        return
    notebook = bundling.find_notebook(path, event)
    where = f"problems/{path.name}"
    if notebook is None:
        yield Finding(
            "note",
            "no_notebook",
            "There is no notebook to introduce the problem.",
            where,
            f"Write starting_kit/{event}_ramp_starting_kit.ipynb.",
        )
    else:
        try:
            bundling.render_notebook(notebook)
        except KitError as error:
            yield _of_error("bad_notebook", error, where, "warning")
    if not (path / "references" / "data_dictionary.md").is_file():
        yield Finding(
            "note",
            "no_dictionary",
            "There is no data dictionary.",
            where,
            "Say in references/data_dictionary.md what each column is, with its unit.",
        )
    conda = next((path / n for n in CONDA if (path / n).is_file()), None)
    if conda is not None and not (path / bundling.REQUIREMENTS).is_file():
        yield Finding(
            "note",
            "conda",
            f"{conda.name} is for conda and not read here: submissions run in the server's Python.",
            where,
            f"Name what they need beyond its packages in {bundling.REQUIREMENTS}.",
        )
    for name in leaks.private_files_in(bundling.kit_files(path), path):
        yield Finding(
            "error",
            "private_file",
            f"{name} of the starting kit is a file of the private data.",
            where,
            "Take it out of the starting kit.",
        )


def _check_loaded(kit: Kit, train: Train | None) -> Iterator[Finding]:
    where = f"problems/{kit.name}"
    files: dict[str, bytes] = {}
    for code, read in (("starting_kit", starting_files), ("examples", example_submissions)):
        try:
            found: Any = read(kit)
            files = found if read is starting_files else files
        except KitError as error:
            yield _of_error(code, error, where)
    if not kit.score_types:
        yield Finding(
            "note",
            "no_scores",
            "The problem has no scores of its own.",
            where,
            "Check it with one of its events.",
        )
    yield from _check_bounds(kit.score_types, where)
    try:
        X, y = _read_or_prepare(kit)
    except KitError as error:
        yield _of_error("train_data", error, where)
        return
    yield from _check_target(kit, X, y, "training")
    yield from _check_truth_scores(kit, y, where)
    yield from _check_leaks(kit, X, y)
    yield from _check_test(kit)
    yield from _check_blindness(kit, X, y)
    yield from _check_shown(kit, where)
    if kit.get_cv is not None:
        yield from _check_folds(kit, X, y)
        yield from _check_training(kit, files, train)


def _check_shown(kit: Kit, where: str) -> Iterator[Finding]:
    """Name what boxes see beside code, once the data were read, which they never see."""
    files = kit.code_files()
    private = set(leaks.private_files_in(files, kit.path))
    for name in sorted(files):
        if name in private:
            yield Finding(
                "error",
                "private_file",
                f"{name}, which boxes see, is a file of the private data.",
                where,
                "Take it away, or read it in get_train_data and get_test_data only.",
            )
        elif not name.endswith(".py"):
            yield Finding(
                "note",
                "shown_file",
                f"Boxes see {name}, which problem.py reads while it is imported.",
                where,
                "If it tells labels, move it into data/ and read it in get_train_data and "
                "get_test_data only.",
            )


def _read_or_prepare(kit: Kit) -> tuple[Any, Any]:
    """Read the training data; if that fails, prepare them, twice, and read them again.

    Data that are there already are never prepared anew: events may be running on them.
    """
    with contextlib.suppress(KitError):
        return kit.train_data()
    kit.prepare_data()
    first = kit.data_hash()
    kit.prepare_data()
    if kit.data_hash() != first:
        raise KitError(
            f"prepare_data of {kit.name} writes other data each time.",
            "Give every random choice a fixed random_state.",
        )
    return kit.train_data()


def _check_bounds(score_types: tuple[ScoreType, ...], where: str) -> Iterator[Finding]:
    for score in score_types:
        if not score.minimum < score.maximum:
            yield Finding(
                "error",
                "score_bounds",
                f"The score {score.name} lies between {score.minimum} and {score.maximum}.",
                where,
                "Its minimum must be smaller than its maximum.",
            )


def _check_target(kit: Kit, X: Any, y: Any, what: str) -> Iterator[Finding]:
    where = f"{what} data of {kit.name}"
    if len(y) == 0:
        yield Finding("error", "no_rows", "There are no rows.", where, "Put data in.")
        return
    n_rows = leaks.n_rows(X)
    if n_rows is not None and n_rows != len(y):
        yield Finding(
            "warning",
            "lengths",
            f"X has {n_rows} rows and y has {len(y)}.",
            where,
            "They must be as long, unless the workflow knows better.",
        )
    for i, column in enumerate(leaks.target_columns(y)):
        if leaks.has_missing(column):
            yield Finding(
                "error",
                "missing_target",
                f"Target {i} has missing values.",
                where,
                "Leave out the rows whose target is unknown.",
            )
        elif len(set(column.tolist())) == 1:
            yield Finding(
                "error",
                "constant_target",
                f"Target {i} is {column[0]!r} in every row.",
                where,
                "There is nothing to predict: see how the data are read and cut.",
            )
    yield from _check_labels(kit, y, where)


def _check_labels(kit: Kit, y: Any, where: str) -> Iterator[Finding]:
    columns = leaks.target_columns(y)
    if not kit.label_names or not columns:
        return
    kind = type(kit.label_names[0])
    known = set(kit.label_names)
    try:
        strange = {label for label in set(columns[0].tolist()) if kind(label) not in known}
    except (TypeError, ValueError):
        strange = set(columns[0].tolist()) - known
    if strange:
        shown = ", ".join(sorted(repr(label) for label in strange)[:5])
        yield Finding(
            "error",
            "unknown_label",
            f"The target has labels that the predictions have not: {shown}.",
            where,
            "List every label where the predictions are made (label_names).",
        )


def _check_truth_scores(kit: Kit, y: Any, where: str) -> Iterator[Finding]:
    """Score the truth against itself: it must work and stay in the range."""
    for score in kit.score_types:
        try:
            value = float(
                score.score_function(kit.Predictions(y_true=y), kit.Predictions(y_true=y))
            )
        except Exception as error:  # the score is the organiser's code
            if kit.prediction_kind == "other":
                continue  # a predicted object has a probability, a true one has none
            yield Finding(
                "error",
                "score_fails",
                f"{score.name} of a perfect prediction stops with {type(error).__name__}: {error}.",
                where,
                "Mend the score, or the labels and shapes it gets.",
            )
            continue
        if math.isfinite(value) or score.name == kit.official_score_name:
            yield from _check_range(score, value, "of a perfect prediction", where)


def _check_range(score: ScoreType, value: float, whose: str, where: str) -> Iterator[Finding]:
    slack = 1e-9
    if not score.minimum - slack <= value <= score.maximum + slack:
        yield Finding(
            "error",
            "score_range",
            f"{score.name} {whose} is {value}, not between {score.minimum} and {score.maximum}.",
            where,
            "Correct the score's minimum and maximum, or the score.",
        )


def _check_leaks(kit: Kit, X: Any, y: Any) -> Iterator[Finding]:
    where = f"training data of {kit.name}"
    for name, is_equal in leaks.telling_columns(X, y):
        what = "is the target in other words" if is_equal else "puts the rows in the target's order"
        # A kit's own kind of predictions may repeat a known column: the event that a hit is of.
        is_wrong = is_equal and kit.prediction_kind != "other"
        yield Finding(
            "error" if is_wrong else "warning",
            "leak",
            f"Column {name} {what}.",
            where,
            "Leave it out of X, unless the problem is meant to be as easy.",
        )
    if leaks.is_sorted(y):
        yield Finding(
            "warning",
            "row_order",
            "The rows lie in the order of the target.",
            where,
            "Shuffle them in prepare_data: the place of a row tells its target.",
        )


def _check_test(kit: Kit) -> Iterator[Finding]:
    where = f"test data of {kit.name}"
    try:
        X, y = kit.test_data()
    except KitError as error:
        yield _of_error("test_data", error, where)
        return
    if X is None or y is None:
        yield Finding(
            "warning",
            "no_test",
            "There is no test data, so there are no private scores.",
            where,
            "Let get_test_data return X and y.",
        )
        return
    yield from _check_target(kit, X, y, "test")
    common = leaks.common_rows(kit.train_data()[0], X)
    if common is not None and common[0] > max(2, 2 * common[1]):
        yield Finding(
            "warning",
            "train_test_rows",
            f"{common[0]} test rows are training rows too.",
            where,
            "Drop duplicates before the rows are split: who remembers them is right.",
        )
    for public, test, n_common in leaks.public_test_rows(kit.path):
        yield Finding(
            "error",
            "public_test_rows",
            f"{n_common} rows of {test} are also in {public}, which participants get.",
            where,
            "Cut the public rows off before the rest is split, and drop duplicates first.",
        )


def _check_blindness(kit: Kit, X: Any, y: Any) -> Iterator[Finding]:
    """Predictions that know nothing must not look perfect; nor may test rows look different."""
    for baseline, name, value in resolving.baselines(kit, y, np.random.default_rng(0)):
        score = next(s for s in kit.score_types if s.name == name)
        best = score.minimum if score.is_lower_the_better else score.maximum
        if np.isfinite(best) and abs(value - best) < 1e-9 and not _is_constant(y):
            yield Finding(
                "error",
                "blind_score",
                f"{name} is perfect for predictions by {baseline}.",
                f"scores of {kit.name}",
                "The score does not see whether a prediction is right.",
            )
    with contextlib.suppress(DataboardError):
        auc = resolving.adversarial_auc(X, kit.test_data()[0], np.random.default_rng(0))
        if auc is not None and auc > resolving.SUSPICIOUS_AUC:
            yield Finding(
                "warning",
                "train_test_differ",
                f"A forest tells training from test rows (area under the curve {auc:.2f}).",
                f"test data of {kit.name}",
                "If that is not meant, cut both from the same shuffled rows.",
            )


def _is_constant(y: Any) -> bool:
    return any(len(set(column.tolist())) == 1 for column in leaks.target_columns(y))


def measure(name: str, problems_dir: Path, event: str | None = None) -> list[str]:
    """Tell what a problem's boards can resolve, and what there is to beat, one line each.

    Parameters
    ----------
    name, problems_dir, event
        As for `check`.

    Returns
    -------
    list of str
        Empty where the problem does not let itself be read.
    """
    try:
        kit = load_kit(name, problems_dir, event)
        X, y = kit.train_data()
        folds = kit.folds(X, y) if kit.get_cv is not None else []
        return resolving.measures(kit, y, folds, kit.test_data()[1])
    except (DataboardError, ValueError, TypeError, IndexError):
        return []  # `check` says why


def _check_folds(kit: Kit, X: Any, y: Any) -> Iterator[Finding]:
    where = f"folds of {kit.name}"
    try:
        folds = kit.folds(X, y)
    except KitError as error:
        yield _of_error("folds", error, where)
        return
    if not _are_alike(folds, kit.folds(X, y)):
        yield Finding(
            "warning",
            "unseeded_folds",
            "get_cv gives other folds each time; an event keeps those that it opens with.",
            where,
            "Give get_cv a fixed random_state, so that participants see the same folds.",
        )
    if not folds:
        yield Finding("error", "no_folds", "get_cv gives no fold.", where, "Give at least one.")
    for i, fold in enumerate(folds):
        for code, what, fix in _faults_of_fold(fold, len(y)):
            yield Finding("error", code, f"Fold {i} {what}.", where, fix)
    if folds and kit.label_names:
        yield from _check_fold_labels(folds, y, where)


def _are_alike(first: list[Fold], second: list[Fold]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(one, other)
        for pair, again in zip(first, second, strict=True)
        for one, other in zip(pair, again, strict=True)
    )


def _faults_of_fold(fold: Fold, n_rows: int) -> Iterator[tuple[str, str, str]]:
    train_is, valid_is = fold
    n_common = len(np.intersect1d(train_is, valid_is))
    if n_common:
        yield (
            "fold_overlap",
            f"trains on {n_common} of the rows that it validates",
            "No row may be in both parts.",
        )
    for part, rows in (("training", train_is), ("validation", valid_is)):
        if len(rows) == 0:
            yield "fold_empty", f"has no {part} rows", "Change the sizes of the parts."
        elif rows.min() < 0 or rows.max() >= n_rows:
            yield (
                "fold_range",
                f"has {part} rows beyond the {n_rows} of the data",
                "get_cv must give row numbers from 0.",
            )
    if len(np.unique(valid_is)) != len(valid_is):
        yield "fold_twice", "validates a row twice", "Give each validation row once."


def _check_fold_labels(folds: list[Fold], y: Any, where: str) -> Iterator[Finding]:
    columns = leaks.target_columns(y)
    if not columns:
        return
    labels = columns[0].astype(str)
    for i, (train_is, _) in enumerate(folds):
        inside = train_is[(train_is >= 0) & (train_is < len(labels))]
        missing = set(labels) - set(labels[inside])
        if missing:
            yield Finding(
                "warning",
                "fold_labels",
                f"Fold {i} trains on no row of {', '.join(sorted(missing)[:5])}.",
                where,
                "Use stratified folds: classifiers give no column for a label they never saw.",
            )


def _check_training(kit: Kit, files: Mapping[str, bytes], train: Train | None) -> Iterator[Finding]:
    """Train the starting kit on the first fold and look at its scores."""
    if train is None or not files:
        return
    where = f"starting kit of {kit.name}"
    try:
        scores = train(kit, files, 0)
    except DataboardError as error:
        yield Finding(
            "error",
            "starting_kit_fails",
            f"The starting kit fails on fold 0: {error.message.rstrip('.')}.",
            where,
            "Mend its files: every team begins with them. A kit that is older than the server's "
            "packages may name older ones in requirements.txt.",
        )
        return
    for step, values in scores.items():
        for score in kit.score_types:
            if score.name in values:
                whose = f"of the starting kit in the {step} step"
                yield from _check_range(score, float(values[score.name]), whose, where)

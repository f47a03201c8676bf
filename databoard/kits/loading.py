"""Load a problem: an unmodified ramp-kit, or a problem of the 2016 convention.

``problems/<name>/problem.py`` makes a ramp-kit. Without it the problem's code is
``databoard/specific/problems/<name>.py``, and folds and scores are those of an event module.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from databoard import config
from databoard.errors import KitError
from databoard.kits import siblings
from databoard.kits.compat import revive_old_names
from databoard.kits.events import EventSpec, event_module, event_spec
from databoard.kits.kit import Kit, running
from databoard.kits.plugins import Bounds, check_name, find_workflow, has_plugin, score_types_of
from databoard.kits.protocol import Element
from databoard.kits.workflows import PROBLEM_FILE, add_import_root, import_file, load_workflow

__all__ = ["EventSpec", "Kit", "event_spec", "list_problems", "load_kit", "load_workflow"]

PIECES = {
    "problem_title": 'problem_title = "What is predicted"',
    "Predictions": "Predictions = rampwf.prediction_types.make_multiclass(label_names=[...])",
    "workflow": "workflow = rampwf.workflows.Estimator()",
    "score_types": "score_types = [rampwf.score_types.Accuracy()]",
    "get_cv": "def get_cv(X, y): return ShuffleSplit(n_splits=8, random_state=57).split(X)",
    "get_train_data": 'def get_train_data(path="."): return X, y',
    "get_test_data": 'def get_test_data(path="."): return X, y',
}
PIECES_2016 = {
    "workflow_name": 'workflow_name = "classifier_workflow"',
    "prediction": "import databoard.multiclass_prediction as prediction",
    "prediction_labels": 'prediction_labels = ["a", "b"], or None for regression',
    "get_train_data": "def get_train_data(): return X, y",
    "get_test_data": "def get_test_data(): return X, y",
}


def list_problems(problems_dir: Path) -> list[str]:
    """Name the problems that could be loaded, without running any of their code."""
    if not problems_dir.is_dir():
        return []
    return sorted(
        folder.name
        for folder in problems_dir.iterdir()
        if (folder / PROBLEM_FILE).is_file() or has_plugin("problems", folder.name)
    )


def load_kit(
    name: str,
    problems_dir: Path,
    event: str | None = None,
    *,
    element_names: Sequence[str] = (),
    score_bounds: Mapping[str, Bounds] | None = None,
) -> Kit:
    """Load a problem, with the folds and scores of an event.

    A ramp-kit has its own. An event module that is called otherwise than the problem replaces
    them; one of the same name does not, so that a public kit is scored as ``ramp-test`` does.

    Parameters
    ----------
    name : str
        The problem: a folder of ``problems_dir``.
    problems_dir : Path
        Where problem folders lie.
    event : str, optional
        An event, which may have a module in ``databoard/specific/events``.
    element_names : sequence of str, optional
        The files of a 2016 workflow as ``fab add_workflow`` listed them.
    score_bounds : mapping, optional
        By score name, as ``fab add_score_type`` said: whether lower is better, minimum, maximum.

    Raises
    ------
    KitError
        Saying which piece is missing or wrong, and what to do.
    """
    check_name(name)
    # Problem modules of 2016 compute their paths from these when they are imported.
    config.problems_path = str(problems_dir.resolve())
    config.submissions_path = str(problems_dir.resolve().parent / config.submissions_d_name)
    path = problems_dir.resolve() / name
    if not path.is_dir():
        known = ", ".join(list_problems(problems_dir)) or "none"
        raise KitError(
            f"There is no folder problems/{name}.", f"Put the problem there; known are: {known}."
        )
    revive_old_names()
    if (path / PROBLEM_FILE).is_file():
        kit = _load_ramp_kit(name, path)
    else:
        kit = _load_2016(name, path, element_names)
    _apply_event(kit, event, score_bounds)
    return kit


def _check_pieces(module: ModuleType, where: str, pieces: Mapping[str, str]) -> None:
    missing = [piece for piece in pieces if not hasattr(module, piece)]
    if missing:
        fixes = " ".join(f"Define {pieces[piece]}." for piece in missing)
        raise KitError(f"{where} has no {' and no '.join(missing)}.", fixes)


def _load_ramp_kit(name: str, path: Path) -> Kit:
    where = f"problems/{name}/{PROBLEM_FILE}"
    siblings.forget_others(path)
    add_import_root(path / "external_imports")
    fix = "Mend it; python problem.py shows the whole error."
    with running(f"{where} stops", path, fix), siblings.watching(path):
        module = import_file(path / PROBLEM_FILE, "problem")
    _check_pieces(module, where, PIECES)
    scores = tuple(module.score_types)
    if not scores:
        raise KitError(f"{where} lists no score types.", PIECES["score_types"])
    return Kit(
        name=name,
        path=path,
        title=str(module.problem_title),
        workflow_name=type(module.workflow).__name__,
        workflow=module.workflow,
        elements=tuple(Element.from_name(element) for element in module.workflow.element_names),
        score_types=scores,
        official_score_name=scores[0].name,
        Predictions=module.Predictions,
        module=module,
        get_cv=module.get_cv,
    )


def _load_2016(name: str, path: Path, element_names: Sequence[str]) -> Kit:
    where = f"databoard/specific/problems/{name}.py"
    if not has_plugin("problems", name):
        raise KitError(
            f"problems/{name} has no {PROBLEM_FILE}, and there is no {where}.",
            f"Write {PROBLEM_FILE} as a ramp-kit has it, or {where}.",
        )
    spec = importlib.util.find_spec(f"databoard.specific.problems.{name}")
    source = Path(str(spec.origin if spec else where))
    with running(f"{where} stops", path, "Mend it and try again."):
        module = import_file(source, f"databoard.specific.problems.{name}")
    _check_pieces(module, where, PIECES_2016)
    make = getattr(module.prediction, "make_predictions", None)
    if make is None:
        raise KitError(
            f"The prediction module of {where} has no make_predictions(labels).",
            f"Use a module of databoard: {PIECES_2016['prediction']}.",
        )
    workflow = find_workflow(str(module.workflow_name), element_names)
    return Kit(
        name=name,
        path=path,
        title=str(getattr(module, "problem_title", name.replace("_", " ").capitalize())),
        workflow_name=str(module.workflow_name),
        workflow=workflow,
        elements=tuple(Element.from_name(element) for element in workflow.element_names),
        score_types=(),
        official_score_name="",
        Predictions=make(module.prediction_labels),
        module=module,
        get_cv=getattr(module, "get_cv", None),
    )


def _apply_event(kit: Kit, event: str | None, bounds: Mapping[str, Bounds] | None) -> None:
    """Give the kit the folds and scores of its event's module, where it has one."""
    module = event_module(event, kit.name, is_ramp_kit=kit.is_ramp_kit)
    if module is None:
        return
    kit.title = str(getattr(module, "event_title", kit.title))
    kit.get_cv = getattr(module, "get_cv", kit.get_cv)
    if hasattr(module, "score_type_descriptors"):
        kit.score_types = score_types_of(module.score_type_descriptors, bounds)
        kit.official_score_name = kit.score_types[0].name if kit.score_types else ""
    official = getattr(module, "official_score_name", None)
    names = [score.name for score in kit.score_types]
    if official is not None and official not in names:
        raise KitError(
            f"The official score {official} of event {event} is none of {', '.join(names)}.",
            "Name one of them in official_score_name.",
        )
    kit.official_score_name = official or kit.official_score_name

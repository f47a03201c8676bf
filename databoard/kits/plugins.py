"""Plug-ins of ``databoard.specific``, found by name: no list to edit."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

from databoard.errors import KitError
from databoard.kits.protocol import ScoreType, Workflow
from databoard.kits.workflows import ModuleWorkflow, ramp_workflow

PluginKind = Literal["problems", "events", "workflows", "score_types"]
Bounds = tuple[bool, float, float]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# The names of 2016 for scores that ramp-workflow calls otherwise.
SCORE_ALIASES = {"error": "classification_error", "auc": "roc_auc"}


def check_name(name: str, what: str = "problem") -> None:
    """Refuse a name that could not be the name of a Python file.

    Raises
    ------
    KitError
        If the name has other characters than letters, digits and underscores.
    """
    if not NAME.fullmatch(name):
        raise KitError(
            f"{name!r} cannot be the name of a {what}.",
            "Use letters, digits and underscores, and begin with a letter.",
        )


def has_plugin(kind: PluginKind, name: str) -> bool:
    """Tell whether ``databoard/specific/<kind>/<name>.py`` exists, without running it."""
    if not NAME.fullmatch(name):
        return False
    return importlib.util.find_spec(f"databoard.specific.{kind}.{name}") is not None


def import_plugin(kind: PluginKind, name: str) -> ModuleType:
    """Import ``databoard/specific/<kind>/<name>.py``.

    Raises
    ------
    KitError
        If it does not exist or stops with an error.
    """
    where = f"databoard/specific/{kind}/{name}.py"
    if not has_plugin(kind, name):
        raise KitError(f"There is no {where}.", "Write it, or check the spelling.")
    try:
        return importlib.import_module(f"databoard.specific.{kind}.{name}")
    except KitError:
        raise
    except Exception as error:
        raise KitError(
            f"{where} stops with {type(error).__name__}: {error}.", "Mend it and try again."
        ) from error


class ModuleScore:
    """A score module of the 2016 convention as a score type."""

    def __init__(self, module: ModuleType, name: str, precision: int, bounds: Bounds) -> None:
        self.module = module
        self.name = name
        self.precision = precision
        self.is_lower_the_better, self.minimum, self.maximum = bounds

    @property
    def worst(self) -> float:
        """The score of a submission that could not be worse."""
        return self.maximum if self.is_lower_the_better else self.minimum

    def score_function(self, ground_truths: Any, predictions: Any) -> float:
        """Score predictions against the ground truth of the same rows."""
        return float(self.module.score_function(ground_truths, predictions))


def _module_bounds(module: ModuleType, name: str) -> Bounds:
    try:
        return bool(module.is_lower_the_better), float(module.minimum), float(module.maximum)
    except AttributeError as error:
        raise KitError(
            f"Nothing says whether a lower {name} is better, and between which bounds it lies.",
            f"Run fab add_score_type:{name},True,0.0,inf with what is right, or write "
            f"is_lower_the_better, minimum and maximum into the score's module.",
        ) from error


def _ramp_scores() -> dict[str, type]:
    """Index the score types of ramp-workflow by class name and by module name."""
    library = importlib.import_module("rampwf.score_types")
    classes = [found for found in vars(library).values() if isinstance(found, type)]
    by_module = {found.__module__.rpartition(".")[2]: found for found in reversed(classes)}
    return by_module | {found.__name__: found for found in classes}


def find_score_type(
    name: str,
    *,
    new_name: str | None = None,
    precision: int | None = None,
    bounds: Bounds | None = None,
    **arguments: Any,
) -> ScoreType:
    """Find a score type by its name.

    A module ``databoard/specific/score_types/<name>.py`` comes first, then ramp-workflow's class
    or module of that name (``accuracy`` or ``Accuracy``).

    Parameters
    ----------
    name : str
        The score's name, as ``fab add_score_type`` knows it.
    new_name : str, optional
        What an event calls it.
    precision : int, optional
        Digits shown after the point; default is the score's own.
    bounds : tuple of bool, float, float, optional
        Whether lower is better, minimum, maximum; default is the score's own.
    **arguments
        What ramp-workflow's class takes beside, such as ``threshold``.

    Raises
    ------
    KitError
        If there is no such score, or it does not load.
    """
    check_name(name, "score type")
    if has_plugin("score_types", name):
        module = import_plugin("score_types", name)
        if not callable(getattr(module, "score_function", None)):
            raise KitError(
                f"databoard/specific/score_types/{name}.py has no score_function.",
                "Define score_function(true_predictions, predictions, valid_indexes=None).",
            )
        digits = getattr(module, "precision", 2) if precision is None else precision
        own_bounds = bounds or _module_bounds(module, name)
        return ModuleScore(module, new_name or name, int(digits), own_bounds)
    found = _ramp_scores().get(SCORE_ALIASES.get(name, name))
    if found is None:
        raise KitError(
            f"There is no score type called {name}.",
            f"Write databoard/specific/score_types/{name}.py, or use a score of ramp-workflow.",
        )
    if precision is not None:
        arguments["precision"] = precision
    try:
        score: ScoreType = found(name=new_name or name, **arguments)
    except TypeError as error:
        raise KitError(f"The score type {name} cannot be made: {error}.") from error
    if bounds is not None:
        score.is_lower_the_better, score.minimum, score.maximum = bounds
    return score


def score_types_of(
    descriptors: Sequence[str | Mapping[str, Any]], bounds: Mapping[str, Bounds] | None = None
) -> tuple[ScoreType, ...]:
    """Make the scores that an event module lists in ``score_type_descriptors``.

    Parameters
    ----------
    descriptors : sequence of str or dict
        A name, or a dict with ``name`` and perhaps ``new_name`` and ``precision``.
    bounds : mapping, optional
        By score name: whether lower is better, minimum, maximum.

    Raises
    ------
    KitError
        If a score is unknown or two have the same name.
    """
    scores = []
    for descriptor in descriptors:
        entry = {"name": descriptor} if isinstance(descriptor, str) else dict(descriptor)
        name = str(entry.pop("name"))
        scores.append(find_score_type(name, bounds=(bounds or {}).get(name), **entry))
    names = [score.name for score in scores]
    for name in names:
        if names.count(name) > 1:
            raise KitError(f"Two scores are called {name}.", "Give one of them a new_name.")
    return tuple(scores)


def find_workflow(name: str, element_names: Sequence[str] = ()) -> Workflow:
    """Find a workflow by its name, in ``databoard.specific`` first, then in ramp-workflow.

    Raises
    ------
    KitError
        If there is none, or its module lacks a function.
    """
    check_name(name, "workflow")
    if not has_plugin("workflows", name):
        found = ramp_workflow(name)
        if found is None:
            raise KitError(
                f"There is no workflow called {name}.",
                f"Write databoard/specific/workflows/{name}.py, or use one of ramp-workflow.",
            )
        return found
    module = import_plugin("workflows", name)
    for function in ("train_submission", "test_submission"):
        if not callable(getattr(module, function, None)):
            raise KitError(
                f"databoard/specific/workflows/{name}.py has no {function}.",
                "Define train_submission(module_path, X, y, train_is) and "
                "test_submission(trained_model, X, test_is).",
            )
    return ModuleWorkflow(module, element_names)


def n_required(function: Any) -> int:
    """Count the arguments that a function must be given."""
    parameters = inspect.signature(function).parameters.values()
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in parameters
    )

"""Orders to other machines and their answers: plain values and bytes, none of our objects.

A scheduler and its workers may run another moment's code than the trainer; what they exchange is
therefore dictionaries, and data are named by what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from databoard.training import environments
from databoard.training.box import Environment
from databoard.training.host import FoldData
from databoard.training.wire import FoldEvent, FoldResult, FoldTask, Form, Limits, Verdict

PARCELS = ("X_train", "y", "X_test")


def resource(name: str) -> str:
    """Name the cores, or the places for checks, of workers with the packages that are here.

    A worker with other packages offers another resource, and so never gets what is not for it.
    """
    return f"databoard-{name}-{environments.sum_up()[:12]}"


def order(
    task: FoldTask,
    data: FoldData,
    environment: Environment,
    name_of: Callable[[int], tuple[str, int]],
) -> dict[str, Any]:
    """Write down a fold.

    Parameters
    ----------
    name_of : callable
        Tells the sha256 and the size of the parcel behind a descriptor.
    """
    return {
        "task": {**asdict(task), "submission": str(task.submission)},
        "workflow": data.workflow,
        "files": dict(data.files),
        "parcels": {
            name: list(name_of(descriptor))
            for name in PARCELS
            if (descriptor := getattr(data, name)) is not None
        },
        "train_form": asdict(data.train_form),
        "test_form": data.test_form and asdict(data.test_form),
        "are_probabilities": data.are_probabilities,
        "environment": asdict(environment),
    }


def read_task(told: Mapping[str, Any]) -> FoldTask:
    """Read the task of an order."""
    given = {**told["task"], "limits": Limits(**told["task"]["limits"])}
    return FoldTask(**{**given, "submission": Path(given["submission"])})


def read_data(told: Mapping[str, Any], descriptors: Mapping[str, int]) -> FoldData:
    """Put an order's data together, with the parcels that this process holds."""
    return FoldData(
        workflow=told["workflow"],
        files=told["files"],
        X_train=descriptors["X_train"],
        y=descriptors["y"],
        X_test=descriptors.get("X_test"),
        train_form=_form(told["train_form"]),
        test_form=told["test_form"] and _form(told["test_form"]),
        are_probabilities=told["are_probabilities"],
    )


def read_environment(told: Mapping[str, Any]) -> Environment:
    """Read where a box finds its interpreter and the folders of X."""
    return Environment(**{name: _frozen(value) for name, value in told["environment"].items()})


def answer(result: FoldResult) -> dict[str, Any]:
    """Write down what came of a fold."""
    return {**asdict(result), "dtypes": dict(result.dtypes)}


def read_answer(told: Mapping[str, Any]) -> FoldResult:
    """Read what came of a fold."""
    return FoldResult(**{**told, "verdict": Verdict(**told["verdict"])})


def news(key: str, event: FoldEvent) -> dict[str, Any]:
    """Write down how far a fold is."""
    return {"key": key, **asdict(event)}


def read_news(told: Mapping[str, Any]) -> FoldEvent:
    """Read how far a fold is."""
    return FoldEvent(told["kind"], told["seconds"], told["log"])


def _form(told: Mapping[str, Any]) -> Form:
    return Form(told["kind"], tuple(told["shape"]))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

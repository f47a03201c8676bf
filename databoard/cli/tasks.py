"""Actions as tasks of Fabric."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any, get_args, get_origin

from fabric import task
from invoke.exceptions import Exit
from invoke.tasks import Task

from databoard.errors import DataboardError
from databoard.settings import Settings

Action = Callable[..., str]


def parameters(action: Action) -> list[inspect.Parameter]:
    """List what is typed for an action: all its parameters but the settings."""
    return list(inspect.signature(action, eval_str=True).parameters.values())[1:]


def describe(parameter: inspect.Parameter) -> tuple[type, str]:
    """Tell type and meaning of a parameter."""
    if get_origin(parameter.annotation) is Annotated:
        kind, meaning, *_ = get_args(parameter.annotation)
    else:
        kind, meaning = parameter.annotation, ""
    return get_origin(kind) or kind, meaning


def as_task(action: Action) -> Task[Any]:
    """Make a task of an action, with the same name, arguments and docstring."""
    typed = parameters(action)

    def body(_context: Any, **arguments: Any) -> None:
        try:
            line = action(Settings.from_env(), **arguments)
        except DataboardError as error:
            raise Exit(error.message, code=1) from None
        if line:
            print(line, flush=True)

    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_ONLY)
    body.__name__ = body.__qualname__ = action.__name__
    body.__doc__ = action.__doc__
    body.__signature__ = inspect.Signature([context, *typed])  # type: ignore[attr-defined]
    made: Task[Any] = task(
        body,
        iterable=[p.name for p in typed if describe(p)[0] is list],
        help={p.name: describe(p)[1] for p in typed if describe(p)[1]},
    )
    return made


def as_tasks(actions: Iterable[Action]) -> dict[str, Task[Any]]:
    """Make tasks of actions, by name."""
    return {action.__name__: as_task(action) for action in actions}

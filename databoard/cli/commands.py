"""Actions as commands of click."""

from __future__ import annotations

import inspect
from typing import Any

import click

from databoard.cli.tasks import Action, describe, parameters
from databoard.settings import Settings


def as_command(action: Action) -> click.Command:
    """Make a command of an action, with the same name, arguments and docstring."""
    typed = parameters(action)

    def callback(**arguments: Any) -> None:
        lists = {name: list(value) for name, value in arguments.items() if type(value) is tuple}
        line = action(Settings.from_env(), **{**arguments, **lists})
        if line:
            click.echo(line)

    taken = {"h"}
    return click.Command(
        action.__name__.replace("_", "-"),
        params=[_parameter(parameter, taken) for parameter in typed],
        callback=callback,
        help=_help(action),
        short_help=inspect.getdoc(action),
    )


def _parameter(parameter: inspect.Parameter, taken: set[str]) -> click.Parameter:
    """Make an argument of what must be typed, and an option of what may be."""
    kind, meaning = describe(parameter)
    if parameter.default is inspect.Parameter.empty:
        return click.Argument([parameter.name], nargs=-1 if kind is list else 1, required=True)
    names = [parameter.name, f"--{parameter.name.replace('_', '-')}"]
    if parameter.name[0] not in taken:
        taken.add(parameter.name[0])
        names.append(f"-{parameter.name[0]}")
    return click.Option(
        names,
        type=None if kind is bool else kind,
        is_flag=kind is bool,
        default=parameter.default,
        show_default=kind is int,
        help=meaning,
    )


def _help(action: Action) -> str:
    """Write the docstring and what its arguments mean; click documents options only."""
    required = [p for p in parameters(action) if p.default is inspect.Parameter.empty]
    lines = [f"{p.name.upper()}: {describe(p)[1]}" for p in required]
    return "\n\n".join([inspect.getdoc(action) or "", *lines])

"""Environments of problems at the command line: built in sight, and imported from."""

from __future__ import annotations

import contextlib
import shutil
import site
import sys
from collections.abc import Iterable
from pathlib import Path

from databoard.errors import KitError
from databoard.settings import Settings
from databoard.training.environments import building
from databoard.training.environments.building import Made
from databoard.training.environments.recipe import FILE, read


def build(settings: Settings, problem: str, *, again: bool = False) -> Made | None:
    """Return the environment of a problem, built now if need be; None where it has none.

    Raises
    ------
    KitError
        If there is no such problem, or its environment cannot be made.
    """
    folder = settings.problems_dir / problem
    if not folder.is_dir():
        raise KitError(f"There is no folder problems/{problem}.", "Put the problem there.")
    recipe = read(folder)
    if recipe is None:
        return None
    made = building.find(settings.environments_dir, recipe.key)
    if made is not None:
        return made
    if again:
        building.forgive(settings.environments_dir, recipe.key)
    print(f"Building the environment of problems/{problem}/{FILE} …", file=sys.stderr)
    return building.make(recipe, settings.environments_dir, problem, say=_say)


def _say(line: str) -> None:
    width = max(20, shutil.get_terminal_size().columns - 4)
    print(f"  {line[:width]}", file=sys.stderr, flush=True)


def enter(settings: Settings, problem: str) -> str:
    """Let this process import what a problem's environment has beyond the server's packages.

    Returns
    -------
    str
        A sentence about the environment; "" where the problem has none of its own.
    """
    if not (settings.problems_dir / problem / FILE).is_file():
        return ""
    made = build(settings, problem)
    if made is None:
        return ""
    site.addsitedir(made.site)
    return f"It runs in an environment of its own: {len(made.packages) - 1} packages of its {FILE}."


def unused(settings: Settings, before: float) -> list[Path]:
    """List what lies among the environments, is no problem's, and was not used lately."""
    recipes = []
    for path in sorted(settings.problems_dir.glob(f"*/{FILE}")):
        with contextlib.suppress(KitError):  # a broken file has no environment
            recipes.append(read(path.parent))
    keys = {recipe.key for recipe in recipes if recipe is not None}
    return building.unused(settings.environments_dir, keys, before)


def remove(paths: Iterable[Path]) -> None:
    """Remove environments, and what their making left."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

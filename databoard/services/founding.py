"""A first event on a problem, made by a process of its own: the web runs no problem's code."""

from __future__ import annotations

import os
import subprocess
import sys

from databoard.domain import rules
from databoard.errors import InvalidError
from databoard.phrases import phrase
from databoard.settings import Settings

TIMEOUT_S = 120
MAIN = "from databoard.cli.main import main; main()"


def add_event(settings: Settings, name: str, problem: str) -> None:
    """Add an event as ``fab add_event`` does; no transaction of the caller may be open.

    Raises
    ------
    InvalidError
        With what the command said was wrong.
    """
    rules.check_identifier(name, "name")
    rules.check_identifier(problem, "problem")
    command = [sys.executable, "-c", MAIN, "add-event", name, "--problem", problem]
    try:
        done = subprocess.run(
            command,
            # Where this package is, which need not be installed.
            env={**settings.environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=settings.root,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidError(
            phrase("The problem's kit did not load within %(seconds)s s.", seconds=TIMEOUT_S)
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = lines[-1].removeprefix("Error: ") if lines else "The command failed without a word."
        raise InvalidError(why[:500])

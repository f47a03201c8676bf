"""What actions share: their arguments by name, their clock, their questions, their tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from databoard.errors import InvalidError, NotFoundError, SettingsError
from databoard.settings import parse_bool

EventName = Annotated[str, "name of the event"]
ProblemName = Annotated[str, "name of the problem, as its folder in problems/"]
TeamName = Annotated[str, "name of the team"]
UserName = Annotated[str, "name of the user"]
SubmissionName = Annotated[str, "name of the submission"]
Force = Annotated[bool, "delete what is there first, with all that hangs on it"]
Yes = Annotated[bool, "do not ask"]

Thing = TypeVar("Thing")


def clock() -> datetime:
    """Tell the time; services get it as an argument."""
    return datetime.now(UTC)


def found(thing: Thing | None, what: str, name: str, hint: str) -> Thing:
    """Return a thing that was looked for.

    Raises
    ------
    NotFoundError
        If it is None; ``hint`` says what to run.
    """
    if thing is None:
        raise NotFoundError(f"There is no {what} {name!r}; {hint}")
    return thing


def read_bool(text: str, name: str) -> bool:
    """Read a typed boolean.

    Raises
    ------
    InvalidError
        If it is neither a yes nor a no.
    """
    try:
        return parse_bool(text, name)
    except SettingsError as error:
        raise InvalidError(error.message, name) from None


def read_float(text: str, name: str) -> float:
    """Read a typed number; ``inf`` and ``-inf`` are numbers.

    Raises
    ------
    InvalidError
        If it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise InvalidError(f"{name} must be a number, inf or -inf, not {text!r}.", name) from None


def confirm(loss: str, *, yes: bool) -> None:
    """Say what will go, and ask whether it may.

    Raises
    ------
    InvalidError
        If nobody says yes.
    """
    if yes:
        return
    print(f"{loss} Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        print(file=sys.stderr)
    if answer.strip().lower() not in ("y", "yes"):
        raise InvalidError("Nothing was changed; answer y, or say yes=True or --yes.")


def table(rows: Iterable[Sequence[object]], empty: str) -> str:
    """Lay rows out in columns."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return empty
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )

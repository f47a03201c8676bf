"""The seam: what a place where folds run must offer, after ``concurrent.futures``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from databoard.training.box import Environment
from databoard.training.wire import FoldEvent, FoldResult, FoldTask

OnEvent = Callable[[FoldEvent], None]


def ignore(_: FoldEvent) -> None:
    """Take no notice of a fold's news."""


class Executor(Protocol):
    """Trains folds, several at a time.

    ``submit`` returns at once. ``Future.cancel`` reaches a running box: all its processes end
    within two seconds and the result's verdict is ``cancelled``; it never raises
    ``CancelledError``. A future's result is always a `FoldResult`: what goes wrong is its verdict.
    """

    @property
    def slots(self) -> int:
        """How many folds of one core run at once; 0 where there is nobody to run them now."""
        ...

    def submit(self, task: FoldTask, on_event: OnEvent = ignore) -> Future[FoldResult]:
        """Train a fold as soon as there is room."""
        ...

    def warm(self, environment: Environment) -> None:
        """Do now what the first fold in an environment would have to wait for."""
        ...

    def rest(self) -> None:
        """End what has been idle for long."""
        ...

    def shutdown(self) -> None:
        """Cancel what runs or waits, and end all processes."""
        ...

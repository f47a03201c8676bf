"""Which interpreter each problem has: the server's own, or one that is built meanwhile."""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from databoard.errors import BusyError, RequirementsError
from databoard.training.environments import building
from databoard.training.environments.recipe import FILE, Recipe, read

logger = logging.getLogger(__name__)

#: A build that could not reach the package index is tried again after so long.
AGAIN_S = 60.0
_NEWS_S = 1.0


@dataclass(frozen=True)
class Standing:
    """How the environment of a problem stands.

    Attributes
    ----------
    state : {"", "waiting", "building", "ready", "failed"}
        "" where the problem runs in the server's own Python.
    key : str
        Of the recipe.
    note : str
        The last line of pip while it is building; why it waits or has failed.
    line : int or None
        The line of ``requirements.txt`` that is to blame.
    made : Made or None
    """

    state: Literal["", "waiting", "building", "ready", "failed"] = ""
    key: str = ""
    note: str = ""
    line: int | None = None
    made: building.Made | None = None

    @property
    def is_pending(self) -> bool:
        """Whether submissions of the problem have to wait."""
        return self.state in ("waiting", "building")


class Keeper:
    """The environments of an installation; builds what is missing, one after the other.

    Safe to use from several threads; `look` never waits.

    Parameters
    ----------
    problems_dir, root : Path
        Where problems lie, and where their environments do.
    """

    def __init__(self, problems_dir: Path, root: Path) -> None:
        self.problems_dir, self.root = problems_dir, root
        #: Called, from another thread, when something has changed.
        self.on_news: Callable[[], None] = lambda: None
        self._read: dict[str, tuple[object, Recipe | RequirementsError | None]] = {}
        self._known: dict[str, Standing] = {}
        self._again_at: dict[str, float] = {}
        self._wanted: queue.SimpleQueue[tuple[str, Recipe] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._builder: threading.Thread | None = None
        self._told_at = 0.0

    # -------------------------------------------------------------- questions
    def python_of(self, problem: str) -> str:
        """Return the interpreter of a problem.

        Raises
        ------
        BusyError
            If its environment is being built.
        RequirementsError
            If it cannot be built.
        """
        found = self.look(problem)
        if found.made is not None:
            os.utime(self.root / found.key)  # in use: retention leaves it alone
            return found.made.python
        if found.state == "failed":
            raise RequirementsError(found.note, line=found.line)
        if found.state:
            raise BusyError(f"The environment of {problem} is being built.")
        return sys.executable

    def look(self, problem: str) -> Standing:
        """Tell how the environment of a problem stands; what is missing will be built."""
        recipe = self._recipe(problem)
        if recipe is None:
            return Standing()
        if isinstance(recipe, RequirementsError):
            return Standing("failed", note=recipe.message, line=recipe.line)
        key = recipe.key
        with self._lock:
            known = self._known.get(key)
            if known is not None and not self._is_due(known):
                return known
            made = building.find(self.root, key)
            failed = building.failure(self.root, key)
            if made is not None:
                return self._know(Standing("ready", key, made=made))
            if failed is not None:
                # Not kept: an organiser may have it forgiven by another process.
                self._known.pop(key, None)
                return Standing("failed", key, failed.message, failed.line)
            self._want(problem, recipe)
            return self._know(Standing("waiting", key, "for its turn to be built"))

    def wait(self, problem: str, seconds: float = building.BUILD_S) -> Standing:
        """Wait until the environment of a problem is no longer being built."""
        end = time.monotonic() + seconds
        while (found := self.look(problem)).is_pending and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def _recipe(self, problem: str) -> Recipe | RequirementsError | None:
        """Read a problem's file again when it has changed."""
        folder = self.problems_dir / problem
        try:
            status = (folder / FILE).stat()
        except OSError:
            return None
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._read.get(problem)
        if known is None or known[0] != seen:
            found: Recipe | RequirementsError | None
            try:
                found = read(folder)
            except RequirementsError as error:
                found = error
            known = self._read[problem] = (seen, found)
        return known[1]

    def _is_due(self, known: Standing) -> bool:
        """Whether what is known is to be looked at again."""
        if known.made is not None:
            return not Path(known.made.python).exists()
        again_at = self._again_at.get(known.key)
        return again_at is not None and time.monotonic() >= again_at

    # -------------------------------------------------------------- building
    def _know(self, standing: Standing) -> Standing:
        self._known[standing.key] = standing
        return standing

    def _want(self, problem: str, recipe: Recipe) -> None:
        self._again_at.pop(recipe.key, None)
        self._wanted.put((problem, recipe))
        if self._builder is None:
            self._builder = threading.Thread(target=self._work, name="environments", daemon=True)
            self._builder.start()

    def _work(self) -> None:
        while (item := self._wanted.get()) is not None:
            self._make(*item)

    def _make(self, problem: str, recipe: Recipe) -> None:
        key = recipe.key

        def say(line: str) -> None:
            self._tell(Standing("building", key, line))

        self._tell(Standing("building", key), at_once=True)
        again_at = None
        try:
            made = building.make(recipe, self.root, problem, say=say, stop=self._stop)
            ended = Standing("ready", key, made=made)
        except RequirementsError as error:
            logger.warning("%s", error.message)
            # Forgotten at once: what stands in the folder counts, and an organiser may remove it.
            ended = None
        except Exception as error:  # whatever it is: other problems wait for this thread
            is_known = isinstance(error, BusyError | OSError)
            logger.warning("the environment of %s: %s", problem, error, exc_info=not is_known)
            again_at = time.monotonic() + AGAIN_S
            ended = Standing("waiting", key, f"{error} It is tried again every minute.")
        with self._lock:
            if again_at is not None:
                self._again_at[key] = again_at
            if ended is None:
                self._known.pop(key, None)
        self._tell(ended, at_once=True)

    def _tell(self, standing: Standing | None, *, at_once: bool = False) -> None:
        """Keep how it stands; whoever listens hears of it once a second at most."""
        if standing is not None:
            with self._lock:
                self._know(standing)
        now = time.monotonic()
        if at_once or now >= self._told_at + _NEWS_S:
            self._told_at = now
            self.on_news()

    def close(self) -> None:
        """Stop building."""
        self._stop.set()
        self._wanted.put(None)
        if self._builder is not None:
            self._builder.join(10)

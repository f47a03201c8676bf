"""The engine: problems prepared, folds trained in boxes, predictions scored.

>>> engine = Engine(Path("problems"), slots=2)                        # doctest: +SKIP
>>> engine.isolation.words                                            # doctest: +SKIP
'isolation: full'
>>> kit = engine.kit("iris", "iris_test")                             # doctest: +SKIP
>>> tasks = [FoldTask(folder, "iris", "iris_test", i) for i in range(kit.info.n_folds)]
...                                                                   # doctest: +SKIP
>>> results = [engine.train_fold(task).result() for task in tasks]    # doctest: +SKIP
>>> [kit.score(i, result) for i, result in enumerate(results)]        # doctest: +SKIP
[{'train': {'acc': 0.98...}, 'valid': {...}, 'test': {...}}, ...]
>>> kit.bag([r.y_pred_train for r in results], [r.y_pred_test for r in results])
...                                                                   # doctest: +SKIP
{'valid': [{'acc': ...}, {'acc': ...}], 'test': [...]}
>>> engine.close()                                                    # doctest: +SKIP

An engine is made in the process that trains, never in the web's. It is safe to use from several
threads.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import Future
from pathlib import Path
from weakref import WeakSet

from databoard.errors import BusyError, SettingsError, UnsafeError
from databoard.settings import Settings
from databoard.training import box, cgroups, staging
from databoard.training.box import Confined, Environment, Isolation
from databoard.training.changes import Fingerprint, fingerprint
from databoard.training.environments.keeper import Keeper
from databoard.training.executors.base import OnEvent, ignore
from databoard.training.executors.local import Connect, LocalExecutor
from databoard.training.scoring import PreparedKit
from databoard.training.terms import Terms
from databoard.training.wire import FoldResult, FoldTask

logger = logging.getLogger(__name__)

# Scorers, each with the data of a problem, that are kept warm.
MAX_KITS = 8
_NO_TERMS = Terms()


def _connect(settings: Settings) -> Connect:
    """Return what makes the executor that the settings name."""
    if settings.executor == "local":
        return LocalExecutor
    try:
        from databoard.training.executors import clusters, dask
    except ImportError as error:
        raise SettingsError(
            f"DATABOARD_EXECUTOR={settings.executor} needs Dask: pip install databoard[dask]"
        ) from error
    private = settings.root / "db"
    return dask.connect_to(
        clusters.of_setting(settings.executor, settings.workers, private / "dask"),
        private / "parcels",
        min_tier=settings.min_isolation,
        allow_unsafe=settings.allow_unsafe,
    )


class Engine:
    """What trains and scores on this machine.

    Parameters
    ----------
    problems_dir : Path
    slots : int
        Cores that folds may use together.
    min_isolation : {"full", "ns", "landlock"}
        Less than this and no submission runs.
    allow_unsafe : bool
        Run submissions unprotected where the machine can promise nothing.
    environments : Path, optional
        Where the problems' own environments lie; by default beside the problems.
    isolation : Isolation, optional
        Instead of what `databoard.training.box.detect` finds.
    connect : callable
        Makes the executor: by default one that runs folds on this machine.
    """

    def __init__(
        self,
        problems_dir: Path,
        slots: int = 2,
        *,
        min_isolation: str = "ns",
        allow_unsafe: bool = False,
        environments: Path | None = None,
        isolation: Isolation | None = None,
        connect: Connect = LocalExecutor,
    ) -> None:
        self.problems_dir = problems_dir
        self.min_isolation = min_isolation
        self.allow_unsafe = allow_unsafe
        root = environments or problems_dir.resolve().parent / "environments"
        self.environments = Keeper(problems_dir, root)
        self.refusal: UnsafeError | None = None
        self._is_weakened = False
        self.isolation = isolation or box.detect()
        try:
            self.isolation = box.require(
                self.isolation, min_tier=min_isolation, allow_unsafe=allow_unsafe
            )
        except UnsafeError as error:
            self.refusal = error
            logger.error("%s", error.message)
        self._kits: dict[tuple[str, str | None], PreparedKit] = {}
        self._terms: dict[tuple[str, str | None], Terms] = {}
        self._seen: dict[tuple[str, str | None], Fingerprint] = {}
        self._locks: dict[tuple[str, str | None], threading.Lock] = {}
        self._lock = threading.Lock()
        self._environments_met: set[str] = set()
        self._scorers: WeakSet[Confined] = WeakSet()
        self.is_closed = False
        self.executor = connect(self.isolation, self.kit, slots)

    @classmethod
    def from_settings(cls, settings: Settings) -> Engine:
        """Make the engine of an installation.

        Raises
        ------
        SettingsError
            If folds are to run on other machines and it is not said how.
        """
        return cls(
            settings.problems_dir,
            settings.workers,
            min_isolation=settings.min_isolation,
            allow_unsafe=settings.allow_unsafe,
            environments=settings.environments_dir,
            connect=_connect(settings),
        )

    @property
    def slots(self) -> int:
        """Cores that folds may use together, on this machine or on all."""
        return self.executor.slots

    @property
    def can_train(self) -> bool:
        """Whether the machine promises enough to run submissions."""
        return self.refusal is None

    def warm(self) -> None:
        """Start the zygote now, so that the first fold does not wait for imports."""
        if self.can_train:
            self.executor.warm(Environment(hidden=box.hidden_folders(self.problems_dir)))

    def kit(
        self, problem: str, event: str | None = None, terms: Terms | None = None
    ) -> PreparedKit:
        """Return a problem with the folds and scores of an event; slow the first time.

        Parameters
        ----------
        terms : Terms, optional
            What the event has fixed; a kit that was prepared with other terms, or whose code or
            data have changed since, is prepared anew. None: as it was asked for last.

        Raises
        ------
        KitError
            If the problem does not load; the fault is the organiser's.
        BusyError
            If the problem's environment is being built, or the engine is closed.
        """
        key = (problem, event)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if self.is_closed:
                raise BusyError("The trainer is being stopped.")
            kit = self._kits.get(key)
            if kit is not None and kit.is_alive and (terms is None or self._is_fresh(kit, terms)):
                with self._lock:
                    self._kits[key] = self._kits.pop(key, kit)
                return kit
            if terms is not None:
                self._terms[key] = terms
            # Before the files are read: what changes meanwhile is noticed the next time.
            seen = fingerprint(self.problems_dir / problem)
            fresh = PreparedKit(
                self.isolation,
                problem,
                event,
                self.problems_dir,
                self.environments.python_of(problem),
                self._terms.get(key, _NO_TERMS),
                self._begin,
            )
            gone = []
            with self._lock:
                self._seen[key] = seen
                self._kits[key] = fresh
                # What is let go ends with the last fold that uses it, here and in `forget`; not
                # under the lock, for that takes a moment.
                while len(self._kits) > MAX_KITS:
                    gone.append(self._kits.pop(next(iter(self._kits))))
            return fresh

    def _begin(self, scorer: Confined) -> None:
        """Know a scorer from its start, so that nobody waits for it once the engine closes."""
        with self._lock:
            self._scorers.add(scorer)
            if self.is_closed:
                scorer.kill()

    def _is_fresh(self, kit: PreparedKit, terms: Terms) -> bool:
        seen = self._seen.get((kit.problem, kit.event))
        return kit.terms == terms and fingerprint(self.problems_dir / kit.problem) == seen

    def is_new_environment(self, hash_: str) -> bool:
        """Tell once of every environment that nobody has asked for it before."""
        with self._lock:
            is_new = hash_ not in self._environments_met
            self._environments_met.add(hash_)
            return is_new

    def forget(self, problem: str) -> None:
        """Let go of a problem whose code or data have changed."""
        with self._lock:
            gone = [key for key in self._kits if key[0] == problem]
            kits = [self._kits.pop(key) for key in gone]
        del kits  # which ends those that no fold uses, and takes a moment

    def train_fold(self, task: FoldTask, on_event: OnEvent = ignore) -> Future[FoldResult]:
        """Train one fold; ``Future.cancel`` ends it, and the result is always a `FoldResult`.

        Raises
        ------
        UnsafeError
            If the machine promises less than it must.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.executor.submit(task, on_event)

    def probe(self) -> bool:
        """Look again whether the machine keeps its promise; False stops all training.

        What was lost at run time may come back, and then training goes on.
        """
        found = box.detect()
        is_weaker = box.TIERS.index(found.tier) > box.TIERS.index(self.isolation.tier)
        if is_weaker:
            self.refusal = UnsafeError(f"The isolation has become weaker: {found.words}")
            if not self._is_weakened:
                logger.error("%s", self.refusal.message)
        elif self._is_weakened:
            self.refusal = None
            logger.warning("back again: %s", found.words)
        self._is_weakened = is_weaker
        return self.can_train

    def sweep(self, *, own: bool = False) -> None:
        """Remove what killed trainers of this machine have left, and end idle zygotes."""
        self.executor.rest()
        staging.sweep()
        if self.isolation.cgroups is not None:
            with contextlib.suppress(OSError):
                cgroups.sweep(self.isolation.cgroups, own=own)

    def close(self) -> None:
        """End every box, zygote and scorer, whatever they do: who waits for one is told."""
        with self._lock:
            self.is_closed = True
            for scorer in self._scorers:
                scorer.kill()
        self.environments.close()
        self.executor.shutdown()
        with self._lock:  # runs may still be asking for some
            kits, self._kits = list(self._kits.values()), {}
        for kit in kits:
            kit.close()

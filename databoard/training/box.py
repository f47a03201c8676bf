"""How a box is made, and what this machine can promise about it.

A tier is believed after a real job has run in it and found no hole (`detect`), never because of a
version number, and never lowered silently: the words of the tier in force go into the log, onto
the organisers' pages and into every result.

==========  ==================================================  ==================================
tier        needs                                               does not promise
==========  ==================================================  ==================================
full        user namespaces and a writable control group        kernel bugs, timing channels
ns          user namespaces                                     an exact memory limit
landlock    Landlock and seccomp (a plain Docker container)     namespaces: one process, no fork,
                                                                no temporary files
none        nothing                                             anything
==========  ==================================================  ==================================
"""

from __future__ import annotations

import functools
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from databoard.errors import UnsafeError
from databoard.training import cgroups, staging, wire, zygote
from databoard.training.processes import Confined as Confined
from databoard.training.wall import SCRATCH, View, outermost, system_folders

logger = logging.getLogger(__name__)

TIERS = ("full", "ns", "landlock", "none")
BOX_UID = 60_100
HARNESS = "/harness"
_PACKAGE = Path(__file__).resolve().parents[1]
# What a box needs of databoard: no other problem's code, no page, no query.
_HARNESS_PARTS = (
    "__init__.py",
    "errors.py",
    "phrases.py",
    "config.py",
    "kits",
    "training",
    "specific/__init__.py",
    "specific/workflows",
)
_NO_NAMESPACES_HINT = (
    "for full isolation run with --security-opt seccomp=unconfined "
    "--security-opt systempaths=unconfined, or on a VM"
)


@dataclass(frozen=True)
class Isolation:
    """What this machine promises.

    Attributes
    ----------
    tier : {"full", "ns", "landlock", "none"}
    words : str
        One line for logs, pages and results.
    notes : tuple of str
        Why it is not a better tier.
    bwrap : str
        Path of bubblewrap, "" where the namespaces are made without it.
    uid : int or None
        Whom boxes run as, where the server is root.
    cgroups : Hierarchy or None
    """

    tier: str
    words: str
    notes: tuple[str, ...] = ()
    bwrap: str = ""
    uid: int | None = None
    cgroups: cgroups.Hierarchy | None = None


@dataclass(frozen=True)
class Environment:
    """The interpreter of a problem's boxes and what they may read beside its libraries.

    Attributes
    ----------
    python : str
        The server's own interpreter, or that of the problem's virtual environment.
    shown : tuple of str
        Folders of X (images), read-only; never one that holds labels.
    hidden : tuple of str
        Folders that stay empty inside even if they lie below a shown one.
    preload : tuple of str
        Modules that the zygote imports beside its own.
    """

    python: str = sys.executable
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()


@functools.cache
def _prefixes(python: str) -> tuple[str, ...]:
    """Return the folders of an interpreter, its links followed."""
    code = "import sys, json; print(json.dumps([sys.prefix, sys.base_prefix]))"
    result = subprocess.run(
        [python, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    found = json.loads(result.stdout)
    found.append(str(Path(python).resolve().parents[1]))
    return tuple(dict.fromkeys([*found, *(str(Path(path).resolve()) for path in found)]))


def readable_folders(environment: Environment) -> list[str]:
    """Return what a box may read beside the system's folders and its own job."""
    prefixes = [path for path in _prefixes(environment.python) if path != "/"]
    inside_usr = [path for path in prefixes if not path.startswith("/usr/") and path != "/usr"]
    return outermost([*inside_usr, *environment.shown])


def box_environment(cores: int, home: str = SCRATCH) -> dict[str, str]:
    """Return all environment variables of a box."""
    names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB", "BLIS")
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "USER": "box",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PANDAS_FUTURE_INFER_STRING": "0",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": home,
        # torch makes this folder whenever it loads an optimiser.
        "TORCHINDUCTOR_CACHE_DIR": home,
        "LOKY_MAX_CPU_COUNT": str(cores),
        "PYTHON_CPU_COUNT": str(cores),
        **{f"{name}_NUM_THREADS": str(cores) for name in names},
    }


def harness_command(
    entry: str, *, walled: bool, options: Mapping[str, Any], python: str
) -> list[str]:
    """Return the command of a process that runs ``entry``, a module's ``main``."""
    place = HARNESS if walled else str(_PACKAGE.parent)
    code = (
        f"import sys; sys.path[0] = {place!r}; from {entry} import main; "
        "main(int(sys.argv[1]), sys.argv[2])"
    )
    return [python, "-s", "-B", "-c", code, "{channel}", json.dumps(options)]


def harness_parts(parts: Sequence[str] = _HARNESS_PARTS) -> list[tuple[str, str]]:
    """Return where the parts of databoard lie and where they are seen from inside."""
    return [
        (str(_PACKAGE / part), f"{HARNESS}/databoard/{part}")
        for part in parts
        if (_PACKAGE / part).exists()
    ]


class Zygote(Confined):
    """The trusted side of a zygote; see `databoard.training.zygote`."""

    def __init__(
        self,
        isolation: Isolation,
        environment: Environment,
        preload: Sequence[str] = zygote.PRELOADED,
    ) -> None:
        walled = isolation.tier in ("full", "ns")
        self.isolation = isolation
        self.n_forks = 0
        self._sending = threading.Lock()
        self.shown = readable_folders(environment)
        self.readable = [*system_folders()[0], *self.shown]
        self.readable += [source for source, _ in harness_parts()]
        options: dict[str, Any] = {
            "tier": isolation.tier,
            "preload": preload,
            "also": environment.preload,
        }
        if not walled:
            options |= {"uid": isolation.uid, "gid": isolation.uid}
        command = harness_command(
            "databoard.training.zygote", walled=walled, options=options, python=environment.python
        )
        shown = [(path, path) for path in self.shown]
        # A box that cannot fork has no semaphores either: joblib works in its own process then.
        no_processes = {"JOBLIB_MULTIPROCESSING": "0"} if isolation.tier == "landlock" else {}
        view = View(
            command=command,
            environment={**box_environment(1), "PYTHONNOUSERSITE": "1", **no_processes},
            shown=[*shown, *harness_parts()],
            hidden=_hidden(environment, [path for path, _ in shown], walled=walled),
            uid=isolation.uid,
            gid=isolation.uid,
            bwrap=isolation.bwrap,
        )
        super().__init__(view, walled=walled)
        self.ready = self.wait_ready()

    def fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Ask for a box.

        Raises
        ------
        OSError
            If the zygote has died.
        """
        with self._sending:
            self.n_forks += 1
            wire.send(self.channel, request, descriptors)


def _hidden(environment: Environment, shown: Sequence[str], *, walled: bool) -> list[str]:
    """Return the folders to cover: those to hide that a shown folder would reveal."""
    revealed = [
        path
        for path in environment.hidden
        if Path(path).is_dir()
        and any(path.startswith(f"{top}/") for top in ["/usr", *shown])
        and not any(top == path or top.startswith(f"{path}/") for top in shown)
    ]
    if revealed and not walled:
        raise UnsafeError(
            f"{revealed[0]} lies below a folder that boxes read. Move it elsewhere, or use a "
            "machine with namespaces."
        )
    return revealed


# ------------------------------------------------------------------ detection
def _probe(isolation: Isolation) -> str:
    """Run the probe job in a tier; return "" or what is wrong."""
    from databoard.training import probing

    try:
        walled = Zygote(isolation, Environment(), preload=())
    except (OSError, subprocess.SubprocessError, UnsafeError) as error:
        return str(error)
    try:
        # Anybody may read it by its rights, so that nothing but the wall stands before it.
        with staging.staged({"submission/canary": b"canary"}) as folder:
            return probing.run_probe(walled, isolation, f"{folder}/submission/canary")
    except OSError as error:
        return str(error)
    finally:
        walled.close()


def _detect_namespaces(tiers: Sequence[str], notes: list[str]) -> Isolation | None:
    """Try walls of namespaces: with bubblewrap and without, with a control group and without."""
    uid = BOX_UID if os.geteuid() == 0 else None
    hierarchy, no_cgroup = None, "not asked for"
    if "full" in tiers:
        try:
            hierarchy = cgroups.find()
        except OSError as error:
            no_cgroup = str(error)
    for bwrap in dict.fromkeys((shutil.which("bwrap") or "", "")):
        isolation = Isolation("ns", "", bwrap=bwrap, uid=uid)
        if hierarchy is not None:
            full = replace(isolation, tier="full", words="isolation: full", cgroups=hierarchy)
            why = _probe(full)
            if not why:
                cgroups.sweep(hierarchy)
                return replace(full, notes=tuple(notes))
            no_cgroup = why
        why = _probe(isolation) if "ns" in tiers else no_cgroup
        if not why:
            reason = f"no writable cgroup ({_short(no_cgroup)})"
            words = f"isolation: ns - memory limit is approximate: {reason}"
            return replace(isolation, words=words, notes=(*notes, reason))
        notes.append(f"{'bubblewrap' if bwrap else 'namespaces'}: {_short(why)}")
    return None


def _detect_landlock(notes: list[str]) -> Isolation | None:
    why = ""
    for uid in dict.fromkeys((BOX_UID if os.geteuid() == 0 else None, None)):
        isolation = Isolation("landlock", "", uid=uid)
        why = _probe(isolation)
        if not why:
            reason = notes[-1] if notes else "namespaces were not asked for"
            words = f"isolation: REDUCED (landlock) - {reason}; {_NO_NAMESPACES_HINT}"
            return replace(isolation, words=words, notes=tuple(notes))
    notes.append(f"Landlock: {_short(why)}")
    return None


def detect(tiers: Sequence[str] = TIERS) -> Isolation:
    """Find the best tier that this machine can keep, by running a real job in each.

    Parameters
    ----------
    tiers : sequence of str
        Those to try; the result is ``none``, with the reasons, if there is no other.
    """
    notes: list[str] = []
    found = None
    if "full" in tiers or "ns" in tiers:
        found = _detect_namespaces(tiers, notes)
    if found is None and "landlock" in tiers:
        found = _detect_landlock(notes)
    return found or refusal(notes)


def refusal(reasons: Sequence[str]) -> Isolation:
    """Return the tier of a machine that can promise nothing."""
    words = (
        f"isolation: NONE - refusing to run submissions ({'; '.join(reasons)}); "
        "uploads are accepted and stay queued"
    )
    return Isolation("none", words, tuple(reasons))


def require(isolation: Isolation, *, min_tier: str, allow_unsafe: bool) -> Isolation:
    """Return the isolation that boxes will have, or refuse to run any.

    Raises
    ------
    UnsafeError
        If the machine promises less than ``min_tier`` and nobody has named the risk.
    """
    if TIERS.index(isolation.tier) <= TIERS.index(min_tier) and isolation.tier != "none":
        return isolation
    if allow_unsafe:
        words = (
            "isolation: NONE - submissions run unprotected, because "
            f"DATABOARD_ALLOW_UNSAFE=i-trust-every-participant ({'; '.join(isolation.notes)})"
        )
        return isolation if isolation.tier != "none" else replace(isolation, words=words)
    if isolation.tier == "none":
        raise UnsafeError(isolation.words)
    raise UnsafeError(
        f"{isolation.words}. This is less than DATABOARD_MIN_ISOLATION={min_tier}; "
        "uploads are accepted and stay queued."
    )


def _short(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else text)[:200]


def hidden_folders(problems_dir: Path) -> tuple[str, ...]:
    """Return the folders of an installation that no box may see, whatever else is shown."""
    problems = problems_dir.resolve()
    return (str(problems), str(problems.parent / "submissions"), str(problems.parent / "db"))

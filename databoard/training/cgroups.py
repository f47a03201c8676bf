"""Control groups: the kernel's count of a box's memory, processes and CPU time.

Version 2 where the memory and pids controllers are delegated to us (a systemd unit with
``Delegate=yes``, or root), version 1 where it is still mounted. The trusted side makes the group
and opens its door; the box walks in through the open descriptor, for which it needs no right.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from databoard.training.wire import Limits

_PREFIX = "databoard"
_OURS = re.compile(rf"{_PREFIX}-(\d+)-\d+")
_PERIOD_US = 100_000
_POLL_S = 0.001
MB = 1 << 20


class NoCgroupError(OSError):
    """There is no control group that we may write; the message says why."""


@dataclass(frozen=True)
class Hierarchy:
    """Where groups can be made.

    Attributes
    ----------
    version : int
    parents : tuple of Path
        Folders in which a group is a new folder: one in version 2; memory, pids and, if it may
        be written, cpu in version 1.
    """

    version: int
    parents: tuple[Path, ...]


def _own_groups() -> dict[str, str]:
    groups = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    return groups


def _mounts() -> dict[str, Path]:
    places: dict[str, Path] = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup2":
            places[""] = Path(place)
        elif kind == "cgroup":
            for controller in options.split(","):
                places[controller] = Path(place)
    return places


def _below(place: Path, group: str) -> Path:
    return place / group.lstrip("/")


def find() -> Hierarchy:
    """Find where groups can be made, by making one.

    Raises
    ------
    NoCgroupError
        Saying what is missing.
    """
    mounts, own = _mounts(), _own_groups()
    reasons = []
    if "" in mounts:
        try:
            return _version_2(_below(mounts[""], own.get("", "/")))
        except OSError as error:
            reasons.append(f"version 2: {error}")
    if "memory" in mounts and "pids" in mounts:
        try:
            return _version_1(mounts, own)
        except OSError as error:
            reasons.append(f"version 1: {error}")
    raise NoCgroupError("; ".join(reasons) or "no memory and pids controllers")


def _version_2(group: Path) -> Hierarchy:
    # A group that holds processes cannot hand controllers to its children, so a trainer that was
    # given a group of its own (Delegate=yes) moves itself one step down first.
    if group.name == f"{_PREFIX}-trainer":
        group = group.parent
    available = set((group / "cgroup.controllers").read_text().split())
    if not {"memory", "pids"} <= available:
        raise NoCgroupError("the memory and pids controllers are not delegated to us")
    wanted = {"memory", "pids"} | ({"cpu"} & available)
    enabled = set((group / "cgroup.subtree_control").read_text().split())
    if not wanted <= enabled:
        trainer = group / f"{_PREFIX}-trainer"
        trainer.mkdir(exist_ok=True)
        for pid in (group / "cgroup.procs").read_text().split():
            (trainer / "cgroup.procs").write_text(pid)
        (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
    hierarchy = Hierarchy(2, (group,))
    _try(hierarchy)
    return hierarchy


def _version_1(mounts: dict[str, Path], own: dict[str, str]) -> Hierarchy:
    parents = [_below(mounts[name], own.get(name, "/")) for name in ("memory", "pids")]
    hierarchy = Hierarchy(1, tuple(parents))
    _try(hierarchy)
    if "cpu" in mounts:
        cpu = _below(mounts["cpu"], own.get("cpu", "/"))
        if os.access(cpu, os.W_OK):
            hierarchy = Hierarchy(1, (*parents, cpu))
    return hierarchy


def _try(hierarchy: Hierarchy) -> None:
    with Cgroup(hierarchy, 0, Limits()):
        pass


def sweep(hierarchy: Hierarchy, *, own: bool = False) -> int:
    """Remove the empty groups that killed trainers have left; return how many.

    With ``own`` those of this process too, which has closed its boxes.
    """
    ended = str(os.getpid()) if own else ""
    removed = 0
    for parent in hierarchy.parents:
        for folder in list(parent.iterdir()):
            match = _OURS.fullmatch(folder.name)
            if match and (match[1] == ended or not Path("/proc", match[1]).exists()):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    removed += 1
    return removed


class Cgroup:
    """The group of one fold; a context manager that removes it, and all that is in it.

    Parameters
    ----------
    hierarchy : Hierarchy
    number : int
        Makes the name unique in this process.
    limits : Limits
    """

    def __init__(self, hierarchy: Hierarchy, number: int, limits: Limits) -> None:
        name = f"{_PREFIX}-{os.getpid()}-{number}"
        self.folders = [parent / name for parent in hierarchy.parents]
        self.memory = self.folders[0]
        self._door = "tasks" if hierarchy.version == 1 else "cgroup.procs"
        try:
            for folder in self.folders:
                folder.mkdir()
            if hierarchy.version == 2:
                self._limit_2(limits)
            else:
                self._limit_1(limits)
        except OSError:
            self.close()
            raise

    def _limit_2(self, limits: Limits) -> None:
        (self.memory / "memory.max").write_text(str(limits.memory_mb * MB))
        (self.memory / "pids.max").write_text(str(limits.pids))
        with contextlib.suppress(OSError):
            (self.memory / "memory.swap.max").write_text("0")
        with contextlib.suppress(OSError):
            quota = limits.cores * _PERIOD_US
            (self.memory / "cpu.max").write_text(f"{quota} {_PERIOD_US}")

    def _limit_1(self, limits: Limits) -> None:
        memory = str(limits.memory_mb * MB)
        (self.memory / "memory.limit_in_bytes").write_text(memory)
        with contextlib.suppress(OSError):
            (self.memory / "memory.memsw.limit_in_bytes").write_text(memory)
        (self.folders[1] / "pids.max").write_text(str(limits.pids))
        for cpu in self.folders[2:]:
            with contextlib.suppress(OSError):
                (cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
                (cpu / "cpu.cfs_quota_us").write_text(str(limits.cores * _PERIOD_US))

    def doors(self) -> list[int]:
        """Open the files through which a process enters; the caller closes them.

        Those of version 1 take a process of one thread by its thread: to move whole processes,
        the kernel waits until no other one forks, which takes tens of milliseconds.
        """
        return [os.open(folder / self._door, os.O_WRONLY | os.O_CLOEXEC) for folder in self.folders]

    def peak_bytes(self) -> int:
        """Return the most memory that the group has had, 0 if the kernel does not say."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            with contextlib.suppress(OSError):
                return int((self.memory / name).read_text())
        return 0

    def is_out_of_memory(self) -> bool:
        """Whether the kernel has killed something here because memory was full."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                for line in (self.memory / name).read_text().splitlines():
                    key, _, value = line.partition(" ")
                    if key == "oom_kill":
                        return int(value) > 0
        return False

    def pids(self) -> Iterator[int]:
        """Name the processes inside."""
        with contextlib.suppress(OSError):
            for line in (self.memory / "cgroup.procs").read_text().split():
                yield int(line)

    def kill(self) -> None:
        """End every process inside."""
        with contextlib.suppress(OSError):
            (self.memory / "cgroup.kill").write_text("1")
            return
        for _ in range(250):
            inside = list(self.pids())
            if not inside:
                return
            for pid in inside:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Remove the group; a folder that stays busy is left to the next sweep."""
        self.kill()
        for folder in self.folders:
            for _ in range(500):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(_POLL_S)
                else:
                    break

    def __enter__(self) -> Cgroup:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

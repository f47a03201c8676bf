"""Counting and ending the descendants of a process, by /proc."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

_COUNTED = ("Private_Clean:", "Private_Dirty:", "Pss_Shmem:", "Swap:")
_PAGE = os.sysconf("SC_PAGESIZE")


def children(pid: int) -> list[int]:
    """Return the children of a process, those of all its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def descendants(pid: int) -> Iterator[int]:
    """Name the descendants of a process."""
    waiting = children(pid)
    while waiting:
        child = waiting.pop()
        yield child
        waiting += children(child)


def _private(pid: int) -> int:
    """Return the bytes that are a process's own: not those still shared with the zygote."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return 0
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_COUNTED))


def private_bytes(pid: int) -> int:
    """Return the memory of the descendants of a process.

    Pages of the zygote that are still shared count for nobody; shared memory counts once.
    """
    return sum(_private(child) for child in descendants(pid))


def n_threads(pid: int) -> int:
    """Count the threads of the descendants of a process."""
    n_found = 0
    for child in descendants(pid):
        with contextlib.suppress(OSError):
            n_found += Path(f"/proc/{child}/task").stat().st_nlink - 2
    return n_found


def kill_below(pid: int) -> None:
    """End the descendants of a process, again and again until there are none."""
    for _ in range(20):
        found = list(descendants(pid))
        if not found:
            return
        for child in found:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)

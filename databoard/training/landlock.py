"""Landlock: file rights that a process takes from itself, without namespaces and without root."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from databoard.training import linux

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE, _READ, _READ_DIR, _TRUNCATE, _IOCTL = 1, 2, 4, 8, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
# Rights that exist since each version of the interface.
_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_HANDLED_LATEST = (1 << 16) - 1
_TCP, _SCOPES = 3, 3


def version() -> int:
    """Return the version of the kernel's Landlock, 0 where there is none."""
    return max(0, linux.syscall(_CREATE_RULESET, None, 0, 1))


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        linux.check(linux.syscall(_ADD_RULE, ruleset, 1, rule, 0), f"Landlock rule for {path}")
    finally:
        os.close(descriptor)


def restrict(readable: Iterable[str], devices: Iterable[str] = ()) -> None:
    """Leave this process the right to read below some folders, and nothing else of any file.

    No TCP, and where the kernel knows scopes no abstract sockets and no signals to the outside.

    Raises
    ------
    OSError
        If the kernel has no Landlock.
    """
    level = version()
    if not level:
        raise OSError("this kernel has no Landlock")
    handled = _HANDLED.get(level, _HANDLED_LATEST)
    size = 8 if level < 4 else 16 if level < 6 else 24
    attributes = struct.pack("=QQQ", handled, _TCP, _SCOPES)[:size]
    ruleset = linux.check(linux.syscall(_CREATE_RULESET, attributes, size, 0), "Landlock ruleset")
    try:
        for path in readable:
            _allow(ruleset, path, _EXECUTE | _READ | _READ_DIR)
        for path in devices:
            _allow(ruleset, path, (_READ | _WRITE) & handled)
        linux.no_new_privileges()
        linux.check(linux.syscall(_RESTRICT_SELF, ruleset, 0), "Landlock")
    finally:
        os.close(ruleset)

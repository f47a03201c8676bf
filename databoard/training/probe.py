"""The job that a tier must do before it is believed: look for what must not be there."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def _can_read(path: str) -> bool:
    try:
        Path(path).read_bytes()
    except OSError:
        return False
    return True


def _can_connect() -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM):
            return True
    except OSError:
        return False


def _can_write(folder: str) -> bool:
    try:
        descriptor = os.open(f"{folder}/databoard_probe", os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError:
        return False
    os.close(descriptor)
    with contextlib.suppress(OSError):
        Path(folder, "databoard_probe").unlink()
    return True


def main(request: Mapping[str, Any]) -> int:
    """Return 0 if the walls hold, and print each hole."""
    holes = []
    if _can_read(request["canary"]):
        holes.append("a file outside can be read")
    if _can_connect():
        holes.append("sockets can be opened")
    if any(_can_write(folder) for folder in ("/", "/usr", "/job")):
        holes.append("system folders can be written")
    status = Path("/proc/self/status")
    if _can_read(str(status)) and int(status.read_text().partition("CapEff:")[2].split()[0], 16):
        holes.append("capabilities are left")
    for hole in holes:
        print(hole)
    return 1 if holes else 0

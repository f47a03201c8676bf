"""What a result was computed with: Python and every installed package."""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path


def packages() -> list[str]:
    """List Python and the installed packages with their versions, sorted.

    Names and versions are those of the folders that installers leave, so that a second and a
    hundred metadata files need not be read.
    """
    found = set()
    for folder in (Path(path) for path in sys.path if Path(path).is_dir()):
        for entry in folder.iterdir():
            if entry.suffix in (".dist-info", ".egg-info"):
                found.add(entry.stem.replace("-", "==", 1).lower())
    return [f"python=={platform.python_version()}", *sorted(found)]


def sum_up() -> str:
    """Sum up the list as sha256 hex."""
    return hashlib.sha256("\n".join(packages()).encode()).hexdigest()

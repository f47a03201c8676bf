"""What boxes and scorers run in: the server's own Python, or an environment of a problem's own.

A problem's ``requirements.txt`` is read as a `recipe`, pip makes a virtual environment of it
(`building`), and a `keeper` tells a trainer which interpreter a problem has. This module is also
read inside boxes, so it knows nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path


def packages(folders: Iterable[str] | None = None) -> list[str]:
    """List Python and the packages in these folders with their versions, sorted.

    Names and versions are those of the folders that installers leave, so that a second and a
    hundred metadata files need not be read.

    Parameters
    ----------
    folders : iterable of str, optional
        Those where this process imports from, by default.
    """
    found = set()
    for folder in map(Path, sys.path if folders is None else folders):
        for entry in folder.iterdir() if folder.is_dir() else ():
            name, _, version = entry.stem.partition("-")
            if entry.suffix in (".dist-info", ".egg-info") and version:
                found.add(f"{canonical(name)}=={version.split('-')[0]}")
    return [f"python=={platform.python_version()}", *sorted(found)]


def canonical(name: str) -> str:
    """Write a package's name as indexes do.

    >>> canonical("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def sum_up() -> str:
    """Sum up the list of this process as sha256 hex."""
    return digest(packages())


def digest(listed: Iterable[str]) -> str:
    """Sum up a list of packages as sha256 hex."""
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()

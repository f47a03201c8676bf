"""Whether the code or the data of a problem have changed since they were loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from databoard import specific

# What neither results nor scores depend on.
_OTHER_FOLDERS = {
    "submissions",
    "starting_kit",
    "deposited_submissions",
    "references",
    "raw",
    "__pycache__",
}
_TEXTS = (".ipynb", ".md", ".html", ".pdf", ".png", ".zip")
_PLUGINS = str(Path(specific.__file__).parent)

Fingerprint = frozenset[tuple[str, int, int]]


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _OTHER_FOLDERS:
                continue
            if entry.is_dir():
                yield from _files(entry.path)
            elif not entry.name.endswith(_TEXTS):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


def fingerprint(folder: Path) -> Fingerprint:
    """Return names, sizes and times of what a problem's results depend on; reads no content."""
    try:
        return frozenset([*_files(str(folder)), *_files(_PLUGINS)])
    except OSError:
        return frozenset()

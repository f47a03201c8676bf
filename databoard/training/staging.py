"""Folders for boxes that have no file system of their own, and what is left of them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_PREFIX = "databoard_box_"


@contextlib.contextmanager
def staged(files: Mapping[str, bytes]) -> Iterator[str]:
    """Write the fold's files for a box; yield the folder, which goes with the fold.

    Raises
    ------
    OSError
        If there is no room.
    """
    root = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        with _locked(root):
            Path(root).chmod(0o755)
            scratch = Path(root, "tmp")
            scratch.mkdir()
            scratch.chmod(0o777)
            for folder in ("submission", "code"):
                Path(root, folder).mkdir()
            for name, content in files.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(0o644)
            yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def sweep() -> int:
    """Remove the folders that killed trainers of this user have left; return how many.

    A lock tells whether a folder is in use, for it ends with whoever held it.
    """
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.geteuid():
                with _locked(folder, fcntl.LOCK_NB):
                    shutil.rmtree(folder)
                    removed += 1
    return removed


@contextlib.contextmanager
def _locked(folder: str | Path, flags: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)

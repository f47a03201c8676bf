"""Retention: predictions and logs that nobody needs any more make room."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from databoard.store.files import Files
from databoard.store.queries import retention as queries


@dataclass(frozen=True)
class Leftover:
    """Folders of one submission that may go: what its folds left, never its code.

    Attributes
    ----------
    name : str
        Folder of the submission.
    state : str
        How it ended.
    paths : tuple of Path
        Folders of its folds.
    n_bytes : int
        What they hold.
    """

    name: str
    state: str
    paths: tuple[Path, ...]
    n_bytes: int


def leftovers(session: Session, *, before: datetime, submissions_dir: Path) -> list[Leftover]:
    """Find the predictions and logs of what failed or was replaced before a moment.

    Code and rows stay, and so does everything of a submission that is on a board, starred,
    credited, queued or running.
    """
    files = Files(submissions_dir)
    found = []
    for submission in queries.superseded(session, before):
        folder = files.folder(submission.folder)
        paths = (*sorted(folder.glob("fold_*")), *sorted(folder.glob(".fold_*")))
        if paths:
            n_bytes = sum(_size(path) for path in paths)
            found.append(Leftover(submission.folder, submission.state, paths, n_bytes))
    return found


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def remove(leftover: Leftover) -> None:
    """Remove what a submission's folds left."""
    for path in leftover.paths:
        shutil.rmtree(path, ignore_errors=True)

"""Influences of examples on scores, kept beside the predictions of a submission.

One vector per board and way of ranking, in ``submission_<hash>/influences/``; the run's number is
part of the name, so that what an older run left is never taken for the newest. Their products are
the covariances of errors (`databoard.domain.statistics`), for which no label is needed any more.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from databoard.store.files import Files, write_atomically
from databoard.store.memory import Arrays

FloatArray = NDArray[np.float64]
#: Reads an influence: folder, run and kind ("public_bagged_1", ...).
Read = Callable[[str, int, str], FloatArray | None]


#: Bytes of vectors that a reader remembers.
MAX_REMEMBERED = 64 * 2**20


def kind_of(board: str, ranking: str, score: int) -> str:
    """Name the vectors of a board by a way of ranking and the key of a score."""
    return f"{board}_{ranking}_{score}"


@dataclass(frozen=True)
class Influences:
    """The influences of all submissions, below one folder."""

    root: Path

    def _path(self, folder: str, run: int, kind: str) -> Path:
        return Files(self.root).folder(folder) / "influences" / f"{kind}.{run}.npy"

    def write(self, folder: str, run: int, kind: str, content: bytes) -> None:
        """Keep a vector, as ``.npy`` of float64.

        Parameters
        ----------
        folder : str
            Name of the submission's folder.
        run : int
            Of the submission.
        kind : str
            Board, way of ranking and key of the score: "public_bagged_1", "private_mean_1", ...
        content : bytes
        """
        write_atomically(self._path(folder, run, kind), content)

    def read(self, folder: str, run: int, kind: str) -> FloatArray | None:
        """Read a vector; None if there is none, or none that can be read."""
        try:
            content = self._path(folder, run, kind).read_bytes()
            vector = np.load(io.BytesIO(content), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return np.asarray(vector, dtype=np.float64)

    def has(self, folder: str, run: int, score: int) -> bool:
        """Tell whether a run of a submission has been analysed by a score."""
        return self._path(folder, run, f"done_{score}").exists()

    def finish(self, folder: str, run: int, score: int) -> None:
        """Say that all vectors by a score are there, or that there is none to come."""
        mark = self._path(folder, run, f"done_{score}")
        write_atomically(mark, b"")
        for path in mark.parent.glob("*.npy"):
            if path.suffixes[-2:-1] != [f".{run}"]:
                path.unlink(missing_ok=True)


def remembering(read: Read, max_bytes: int = MAX_REMEMBERED) -> Read:
    """Make a reader that remembers what it read last.

    What a run left does not change; only what was missing is looked for again.

    Parameters
    ----------
    read : callable
        As `Influences.read`.
    max_bytes : int
    """
    known = Arrays(max_bytes)

    def find(folder: str, run: int, kind: str) -> FloatArray | None:
        return known.get((folder, run, kind), lambda: read(folder, run, kind))

    return find

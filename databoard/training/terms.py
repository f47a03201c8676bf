"""What an event fixed of its problem when it was opened, as it is handed to the scorer.

The folds of an event lie in the database; what the kit's ``get_cv`` would give today may differ,
where it is not seeded or was edited since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Bounds = tuple[bool, float, float]
_ROW = "<i8"


@dataclass(frozen=True)
class Terms:
    """Plain values, equal if nothing that they say has changed.

    Attributes
    ----------
    folds : tuple of (bytes, bytes)
        Rows to train on and to validate on, as little-endian int64; empty: those of ``get_cv``.
    element_names : tuple of str
        The files of a 2016 workflow, as ``fab add_workflow`` listed them.
    score_bounds : tuple of (str, bool, float, float)
        Scores as ``fab add_score_type`` said: lower is better, minimum, maximum.
    official : str
        The score that ranks, as the organisers chose it; empty: the kit's.
    """

    folds: tuple[tuple[bytes, bytes], ...] = ()
    element_names: tuple[str, ...] = ()
    score_bounds: tuple[tuple[str, bool, float, float], ...] = ()
    official: str = ""

    @classmethod
    def of(
        cls,
        folds: Sequence[tuple[Any, Any]],
        element_names: Sequence[str] = (),
        score_bounds: Mapping[str, Bounds] | None = None,
        official: str = "",
    ) -> Terms:
        """Freeze row numbers, names and bounds."""
        rows = [(_frozen(train), _frozen(valid)) for train, valid in folds]
        bounds = [(name, *values) for name, values in sorted((score_bounds or {}).items())]
        return cls(tuple(rows), tuple(element_names), tuple(bounds), official)

    def rows(self) -> list[tuple[Any, Any]]:
        """Return the folds as pairs of arrays."""
        return [(np.frombuffer(a, _ROW), np.frombuffer(b, _ROW)) for a, b in self.folds]

    def bounds(self) -> dict[str, Bounds]:
        """Return the bounds by score."""
        return {name: (lower, low, high) for name, lower, low, high in self.score_bounds}

    # -------------------------------------------------------------- over the wall
    def message(self) -> dict[str, Any]:
        """Return what is said of it in JSON; the rows travel as bytes, see `chunks`."""
        return {
            "sizes": [[len(train), len(valid)] for train, valid in self.folds],
            "element_names": list(self.element_names),
            "score_bounds": [list(bound) for bound in self.score_bounds],
            "official": self.official,
        }

    def chunks(self) -> list[bytes]:
        """Return the rows, one after the other."""
        return [rows for fold in self.folds for rows in fold]

    @classmethod
    def read(cls, message: Mapping[str, Any], raw: bytes) -> Terms:
        """Put together what `message` and `chunks` took apart."""
        folds, start = [], 0
        for n_train, n_valid in message["sizes"]:
            middle, end = start + n_train, start + n_train + n_valid
            folds.append((raw[start:middle], raw[middle:end]))
            start = end
        return cls(
            tuple(folds),
            tuple(message["element_names"]),
            tuple((name, lower, low, high) for name, lower, low, high in message["score_bounds"]),
            message["official"],
        )


def _frozen(rows: Any) -> bytes:
    return np.ascontiguousarray(rows, dtype=_ROW).tobytes()


def folds_hash(folds: Sequence[tuple[Any, Any]]) -> str:
    """Sum up folds as sha256 hex, as `databoard.services.events` does for the event.

    >>> folds_hash([(np.array([0]), np.array([1]))])[:8]
    '7cc6ac57'
    """
    total = hashlib.sha256()
    for train, valid in folds:
        total.update(_frozen(train) + b"|" + _frozen(valid) + b";")
    return total.hexdigest()

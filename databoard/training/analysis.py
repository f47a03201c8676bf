"""What the scorer finds out beyond scores: influences, and the best combination of all.

It learns one submission after the other; the candidates stay in memory, so that one more costs
little. Nothing is stored here: the trainer keeps what it is told, and tells a scorer that was
started anew about all submissions again.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain.blending import Blend, blend, combine, extend
from databoard.domain.pools import CombinedPool, DecomposablePool, MeanPool, Pool
from databoard.domain.scoring import decompose, matches
from databoard.training.influence import Influence

FloatArray = NDArray[np.float64]

#: Requests to the scorer that are about more than one submission's scores.
OPERATIONS = frozenset({"influences", "learn", "selections", "forget", "combine"})


def npy(vector: FloatArray) -> bytes:
    """Write a vector as ``.npy``."""
    stream = io.BytesIO()
    np.save(stream, vector, allow_pickle=False)
    return stream.getvalue()


class FoldBlend:
    """The best combination of the candidates on the held-out rows of one fold.

    Parameters
    ----------
    score_type : object
        Of the kit.
    truth : object
        The kit's ``Predictions`` of the held-out rows.
    wrap : callable
        Makes the kit's ``Predictions`` of an array.
    kind : {"multiclass", "regression", ""}
        How they combine; "" as the kit's own ``combine`` says.
    """

    def __init__(self, score_type: Any, truth: Any, wrap: Callable[[Any], Any], kind: str) -> None:
        self._type, self._truth, self._wrap, self._kind = score_type, truth, wrap, kind
        self._is_lower = bool(score_type.is_lower_the_better)
        self._raw: list[Any] = []
        self._pool: DecomposablePool | None = None
        self.found: Blend | None = None

    def add(self, y_pred: Any, max_members: int) -> tuple[float | None, float]:
        """Take a candidate in; return what the best combination scored before, and scores now."""
        before = self.found.scores[-1] if self.found is not None else None
        pool = self._pool_with(y_pred)
        options: dict[str, Any] = {
            "is_lower_the_better": self._is_lower,
            "max_members": max_members,
        }
        if self.found is None:
            self.found = blend(pool, **options)
        else:
            self.found = extend(self.found, pool, **options)
        return before, self.found.scores[-1]

    def _pool_with(self, y_pred: Any) -> Pool:
        if self._pool is not None:
            self._pool.append(np.asarray(y_pred, np.float64))
            self._pool.restart()
            return self._pool
        if not self._raw and self._kind and self._decomposes(y_pred):
            assert self._pool is not None
            return self._pool
        self._raw.append(y_pred)
        if self._kind:
            return MeanPool(
                np.stack(self._raw),
                lambda mean: self._score(lambda: self._wrap(mean)),
                is_multiclass=self._kind == "multiclass",
            )
        wrapped = [self._wrap(raw) for raw in self._raw]
        return CombinedPool(
            len(wrapped),
            lambda i: self._score(lambda: wrapped[i]),
            lambda chosen: self._score(
                lambda: type(wrapped[0]).combine([wrapped[i] for i in chosen])
            ),
        )

    def _decomposes(self, y_pred: Any) -> bool:
        """Make the fast pool, if the kit's score really is what its name says."""
        truth = np.asarray(self._truth.y_pred, np.float64)
        way = decompose(type(self._type).__name__, truth, vars(self._type))
        if way is None or not matches(way, y_pred, self._score(lambda: self._wrap(y_pred))):
            return False
        self._pool = DecomposablePool(
            np.asarray(y_pred, np.float64)[None], way, is_multiclass=self._kind == "multiclass"
        )
        return True

    def _score(self, combined: Callable[[], Any]) -> float:
        """Score; what the kit's code fails on, or calls no number, is worse than anything."""
        try:
            # Kits print while they score; the channel is not theirs, but the log is spared.
            with contextlib.redirect_stdout(io.StringIO()):
                score = float(self._type.score_function(self._truth, combined()))
        except Exception:
            score = math.nan
        worst = math.inf if self._is_lower else -math.inf
        return score if math.isfinite(score) else worst


class Analysis:
    """What was learnt of the submissions of an event, beside their labels.

    Parameters
    ----------
    score_type : object
        The official one.
    truths : sequence
        Per fold the kit's ``Predictions`` of the held-out rows.
    wrap : callable
        Makes the kit's ``Predictions`` of an array.
    influence : Influence
    held_out : sequence of ndarray
    kind : {"multiclass", "regression", ""}
    """

    def __init__(
        self,
        score_type: Any,
        truths: Sequence[Any],
        wrap: Callable[[Any], Any],
        influence: Influence,
        held_out: Sequence[Any],
        kind: str,
    ) -> None:
        self.influence, self.score = influence, str(score_type.name)
        self._held_out = held_out
        self._parts = [(score_type, truth, wrap, kind) for truth in truths]
        self.forget()

    def forget(self) -> None:
        """Begin anew, without candidates."""
        self.keys: list[str] = []
        self._folds = [FoldBlend(*parts) for parts in self._parts]

    def learn(self, key: str, trains: Sequence[Any], max_members: int) -> dict[str, float | None]:
        """Take a submission into the blends; a known one changes nothing.

        Parameters
        ----------
        key : str
        trains : sequence of ndarray
            Predictions of each fold on all training rows.
        max_members : int
            Of a blend.

        Returns
        -------
        dict
            Mean scores over the folds of the best combinations ``without`` and ``with`` it.
        """
        if key in self.keys:
            return {}
        try:
            found = [
                fold.add(y_pred[rows], max_members)
                for fold, y_pred, rows in zip(self._folds, trains, self._held_out, strict=True)
            ]
        except BaseException:
            self.forget()  # the first folds know it and the others do not
            raise
        self.keys.append(key)
        without = [before for before, _ in found if before is not None]
        return {
            "without": _mean(without),
            "with": _mean([now for _, now in found]),
        }

    def selections(self) -> list[list[int]]:
        """Tell the members of the best combination of each fold, as places in ``keys``."""
        return [list(fold.found.selected) if fold.found else [] for fold in self._folds]


def _mean(scores: Sequence[float]) -> float | None:
    """Average scores, if all are known."""
    mean = float(np.mean(scores)) if scores else math.nan
    return mean if math.isfinite(mean) else None


def mixtures(
    kind: str,
    combine_own: Callable[[Sequence[Any]], Any],
    members: Sequence[Sequence[Any]],
    counts: Sequence[Sequence[int]],
) -> list[Any]:
    """Combine the members of each fold, each as often as it was selected.

    Parameters
    ----------
    kind : {"multiclass", "regression", ""}
    combine_own : callable
        Combines arrays as the kit says, where the kind is "".
    members : sequence of sequence of ndarray
        Per fold.
    counts : sequence of sequence of int
        As long.

    Returns
    -------
    list of ndarray
    """
    found = []
    for one, often in zip(members, counts, strict=True):
        selected = [i for i, n in enumerate(often) for _ in range(n)]
        if kind:
            found.append(combine(np.stack(one), selected, is_multiclass=kind == "multiclass"))
        else:
            found.append(combine_own([one[i] for i in selected]))
    return found

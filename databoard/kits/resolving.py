"""What an event can resolve, and what its scores say of predictions that know nothing.

Nothing is trained on the problem's own workflow here: constants, shuffled labels, and one small
forest that tries to tell training from test rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databoard.domain.power import sd_of_rate, smallest_gap
from databoard.domain.scoring import decompose
from databoard.domain.statistics import overlap_inflation
from databoard.kits.kit import Kit

FloatArray = NDArray[np.float64]

#: Rate of right answers for which gaps are told where nothing better is known.
GOOD_RATE = 0.9
MAX_ROWS = 2000
#: Area under the curve from which on training and test rows are told apart too well.
SUSPICIOUS_AUC = 0.65


@dataclass(frozen=True)
class Resolution:
    """The smallest difference of official scores that a board finds four times out of five.

    Attributes
    ----------
    gap : float
    n_samples : int
        Examples behind a score.
    n_folds : int
        0 for the test set.
    """

    gap: float
    n_samples: int
    n_folds: int


def resolutions(
    kit: Kit, y: Any, folds: Sequence[tuple[Any, Any]], y_test: Any | None
) -> dict[str, Resolution]:
    """Find what the public and the private board of an event can resolve.

    Parameters
    ----------
    kit : Kit
    y, y_test : array-like
        Targets.
    folds : sequence of (ndarray, ndarray)

    Returns
    -------
    dict
        By board; empty if the official score does not fall apart over examples.
    """
    sd = _sd(kit, y)
    if sd is None or not folds:
        return {}
    held_out = np.unique(np.concatenate([valid for _, valid in folds]))
    inflation = overlap_inflation(
        len(folds),
        float(np.mean([len(train) for train, _ in folds])),
        float(np.mean([len(valid) for _, valid in folds])),
    )
    found = {
        "public": Resolution(
            smallest_gap(sd, len(held_out), inflation=inflation), len(held_out), len(folds)
        )
    }
    if y_test is not None and len(y_test):
        found["private"] = Resolution(smallest_gap(sd, len(y_test)), len(y_test), 0)
    return found


def _sd(kit: Kit, y: Any) -> float | None:
    """Guess the spread of one example's contribution to the official score."""
    score = next((s for s in kit.score_types if s.name == kit.official_score_name), None)
    if score is None:
        return None
    name = type(score).__name__
    if name in ("Accuracy", "ClassificationError", "BalancedAccuracy"):
        return sd_of_rate(GOOD_RATE)
    truth = np.asarray(kit.Predictions(y_true=y).y_pred)
    if truth.dtype.kind not in "fiub":
        return None
    way = decompose(name, truth, vars(score))
    if way is None:
        return None
    # A prediction that knows the mean and nothing else: good ones are less noisy than it.
    parts = way.examples(np.broadcast_to(truth.mean(axis=0), truth.shape).astype(float))
    mean = float(parts.mean())
    step = 1e-6 * max(abs(mean), 1e-9)
    slope = float((way.link(np.array(mean + step)) - way.link(np.array(mean))) / step)
    spread = abs(slope) * float(parts.std())
    return spread if math.isfinite(spread) and spread > 0 else None


def baselines(kit: Kit, y: Any, rng: np.random.Generator) -> Iterator[tuple[str, str, float]]:
    """Score predictions that know nothing: the mean of the target, and its values shuffled.

    Yields
    ------
    baseline : str
    score : str
        Name of the score.
    value : float
    """
    try:
        truth = np.asarray(kit.Predictions(y_true=y).y_pred)
    except Exception:  # reported where the target is looked at
        return
    if truth.dtype.kind not in "fiub":
        return
    guesses = {
        "constant": np.broadcast_to(truth.mean(axis=0), truth.shape).astype(float),
        "shuffled labels": truth[rng.permutation(len(truth))],
    }
    for baseline, guess in guesses.items():
        for score in kit.score_types:
            try:
                value = score.score_function(
                    kit.Predictions(y_true=y), kit.Predictions(y_pred=guess.copy())
                )
            except Exception:  # noqa: S112 - reported where the truth is scored
                continue
            yield baseline, score.name, float(value)


def measures(kit: Kit, y: Any, folds: Sequence[tuple[Any, Any]], y_test: Any | None) -> list[str]:
    """Say in words what boards resolve and what predictions that know nothing get.

    Parameters
    ----------
    kit, y, folds, y_test
        As for `resolutions`.

    Returns
    -------
    list of str
    """
    lines = []
    for board, one in resolutions(kit, y, folds, y_test).items():
        made = f"{one.n_samples} examples" + (f" in {one.n_folds} folds" if one.n_folds else "")
        lines.append(
            f"The {board} board resolves differences of {kit.official_score_name} from about "
            f"{one.gap:.2g} on ({made}); what is closer is a tie."
        )
    told: dict[str, list[str]] = {}
    for baseline, name, value in baselines(kit, y, np.random.default_rng(0)):
        told.setdefault(baseline, []).append(f"{name} {value:.3g}")
    lines += [f"Predictions by {guess} get {', '.join(got)}." for guess, got in told.items()]
    return lines


def adversarial_auc(X: Any, X_test: Any, rng: np.random.Generator) -> float | None:
    """Try to tell training from test rows by their features.

    Parameters
    ----------
    X, X_test : DataFrame or ndarray

    Returns
    -------
    float or None
        Area under the ROC curve out of bag: 0.5 if they are alike, 1 if any model that learns the
        difference is lost on the test rows; None if the features are no table of numbers.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score

    parts = [_table(features, rng) for features in (X, X_test)]
    first, second = parts
    if first is None or second is None or first.shape[1] != second.shape[1]:
        return None
    if min(len(first), len(second)) < 20:
        return None
    rows = np.concatenate([first, second])
    is_test = np.repeat([False, True], [len(first), len(second)])
    forest = RandomForestClassifier(
        100, min_samples_leaf=5, class_weight="balanced", oob_score=True, random_state=0
    )
    forest.fit(rows, is_test)
    return float(roc_auc_score(is_test, forest.oob_decision_function_[:, 1]))


def _table(features: Any, rng: np.random.Generator) -> FloatArray | None:
    # Sparse matrices have a shape, but no length.
    if getattr(features, "ndim", 0) != 2 or not features.shape[0]:
        return None
    if hasattr(features, "select_dtypes"):
        features = features.select_dtypes("number").to_numpy()
    array = np.asarray(features)
    if array.dtype.kind not in "fiub" or not array.shape[1]:
        return None
    chosen = rng.permutation(len(array))[:MAX_ROWS]
    return np.nan_to_num(array[chosen].astype(np.float64), posinf=0.0, neginf=0.0)

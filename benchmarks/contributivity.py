"""How much faster than ramp-workflow the best combination is found, with the same result.

Both sides run on the same predictions in this process: ramp-workflow's ``blend_on_fold`` and
databoard's pool, 40 submissions x 4 folds x 1,000 points. The large case (500 x 8 x 10,000) and
the arrival of one more submission are measured for databoard alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time

import numpy as np
from rampwf.prediction_types import make_multiclass
from rampwf.score_types import NegativeLogLikelihood
from rampwf.utils.combine import blend_on_fold

from databoard.domain.blending import blend, extend
from databoard.domain.pools import DecomposablePool
from databoard.domain.scoring import decompose

GOAL = 50
N_CLASSES = 3


def make_fold(rng, n_submissions, n_points):
    """Make plausible probabilities: related submissions of various skill and confidence."""
    label = rng.integers(0, N_CLASSES, n_points)
    label[:N_CLASSES] = range(N_CLASSES)
    truth = np.eye(N_CLASSES)[label]
    shared = rng.normal(size=(n_points, N_CLASSES)) + 1.2 * truth
    y_preds = np.empty((n_submissions, n_points, N_CLASSES))
    for i in range(n_submissions):
        own = rng.normal(size=(n_points, N_CLASSES))
        logits = rng.uniform(0.5, 1.5) * (shared + rng.uniform(0.3, 1.5) * own)
        y_preds[i] = np.exp(logits)
    return truth, y_preds / y_preds.sum(axis=-1, keepdims=True)


def ours(truth, y_preds):
    pool = DecomposablePool(y_preds, decompose("NegativeLogLikelihood", truth), is_multiclass=True)
    return blend(pool, is_lower_the_better=True).selected


def theirs(truth, y_preds):
    Predictions = make_multiclass(list(range(N_CLASSES)))
    members = [Predictions(y_pred=y_pred) for y_pred in y_preds]
    with contextlib.redirect_stdout(io.StringIO()):
        found = blend_on_fold(members, Predictions(y_pred=truth), NegativeLogLikelihood())
    return tuple(found.tolist())


def timed(function, folds):
    start = time.perf_counter()
    results = [function(*fold) for fold in folds]
    return results, time.perf_counter() - start


def large(rng, n_folds=8):
    """Time 500 submissions x 8 folds x 10,000 points, and one more arriving at 500."""
    fresh = arrival = 0.0
    for _ in range(n_folds):
        truth, y_preds = make_fold(rng, 501, 10_000)
        way = decompose("NegativeLogLikelihood", truth)
        start = time.perf_counter()
        pool = DecomposablePool(y_preds[:500], way, is_multiclass=True)
        before = blend(pool, is_lower_the_better=True)
        fresh += time.perf_counter() - start
        start = time.perf_counter()
        pool.restart()
        pool.append(y_preds[500])
        extend(before, pool, is_lower_the_better=True)
        arrival += time.perf_counter() - start
    return fresh, arrival


def main() -> None:
    rng = np.random.default_rng(0)
    folds = [make_fold(rng, 40, 1000) for _ in range(4)]
    timed(ours, folds[:1])
    mine, our_s = min((timed(ours, folds) for _ in range(3)), key=lambda pair: pair[1])
    print(f"databoard      40 x 4 x 1,000: {our_s:.3f} s", flush=True)
    ramp, ramp_s = timed(theirs, folds)
    print(f"ramp-workflow  40 x 4 x 1,000: {ramp_s:.1f} s", flush=True)
    if mine != ramp:
        sys.exit(f"The selections differ: {mine} and {ramp}.")
    fresh, arrival = large(rng)
    print(f"databoard    500 x 8 x 10,000: {fresh:.2f} s; one more: {arrival:.3f} s")
    detail = (
        f"same selections of {[len(fold) for fold in mine]} members; ramp-workflow {ramp_s:.1f} s,"
        f" databoard {our_s:.3f} s; 500 x 8 x 10,000 in {fresh:.2f} s, one more in {arrival:.3f} s"
    )
    print(
        json.dumps(
            {"name": "contributivity", "ratio": ramp_s / our_s, "goal": GOAL, "detail": detail}
        )
    )


if __name__ == "__main__":
    main()

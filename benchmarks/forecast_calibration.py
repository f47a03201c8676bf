"""Whether the forecast of the winner comes true as often as it says.

Competitions are drawn with known private scores; the forecast sees the public ones only. In bins
of the stated chance, the ratio is the largest distance to how often it came true.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import numpy as np

from databoard.domain import competition, statistics

GOAL = 0.05
BINS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.01)
N_TEAMS, N_PUBLIC, N_PRIVATE, N_DRAWS = 8, 300, 700, 400


def compete(rng: np.random.Generator) -> tuple[list[float], np.ndarray]:
    """Draw a competition; return the stated chances of the teams, and who won."""
    skill = rng.normal(0, 0.05, N_TEAMS)
    shared = rng.normal(size=N_PUBLIC + N_PRIVATE)
    own = rng.normal(size=(N_TEAMS, N_PUBLIC + N_PRIVATE))
    losses = skill[:, None] + 0.5 * (shared + own)
    public, private = losses[:, :N_PUBLIC], losses[:, N_PUBLIC:].mean(axis=1)
    scores = public.mean(axis=1)
    told = competition.forecast(
        statistics.evidence_of_examples(scores, public - scores[:, None]),
        range(N_TEAMS),
        rng,
        is_lower_the_better=True,
        n_public=N_PUBLIC,
        n_private=N_PRIVATE,
        n_draws=N_DRAWS,
    )
    return [told.win[team] for team in range(N_TEAMS)], np.arange(N_TEAMS) == private.argmin()


def main() -> None:
    n_worlds = 500 if "--quick" in sys.argv else 4000
    rng = np.random.default_rng(0)
    found = [compete(rng) for _ in range(n_worlds)]
    stated = np.concatenate([chances for chances, _ in found])
    came_true = np.concatenate([won for _, won in found])
    lines, worst = [], 0.0
    for low, high in pairwise(BINS):
        inside = (low <= stated) & (stated < high)
        says, was = float(stated[inside].mean()), float(came_true[inside].mean())
        lines.append({"n": int(inside.sum()), "stated": round(says, 3), "came_true": round(was, 3)})
        worst = max(worst, abs(says - was))
        print(f"{inside.sum():6d} forecasts said {says:.3f}, came true {was:.3f}")
    detail = {"worlds": n_worlds, "bins": lines}
    print(
        json.dumps(
            {
                "name": "forecast_calibration",
                "ratio": round(worst, 4),
                "goal": GOAL,
                "detail": detail,
            }
        )
    )


if __name__ == "__main__":
    main()

"""Sparklines: the last scores of a team as a line that fits into a cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from databoard.services.leaderboards import Column, Trend
from databoard.web.filters import score
from databoard.web.language import gettext

WIDTH, HEIGHT, MARGIN = 64, 18, 3


@dataclass(frozen=True)
class Spark:
    """A line in a picture of 64 by 18: better is higher; and the place of the submission on it."""

    points: str
    here: tuple[int, int] | None
    words: str


def spark(trend: Trend | None, official: Column) -> Spark | None:
    """Draw a trend; None where there is no line yet."""
    if trend is None or len(trend.scores) < 2:
        return None
    places, points, shown = _line(
        trend.scores, official.precision, is_lower_the_better=official.is_lower_the_better
    )
    return Spark(
        points,
        places[trend.here] if trend.here is not None else None,
        gettext("The team’s last scores, the newest last: %(scores)s", scores=shown),
    )


# The lines of a team share it, and so do the versions of a board until the team's next score.
@lru_cache(maxsize=4096)
def _line(
    scores: tuple[float, ...], precision: int, *, is_lower_the_better: bool
) -> tuple[list[tuple[int, int]], str, str]:
    """Draw two scores or more: the places of the points, the same as SVG, and the scores."""
    worst, best = min(scores), max(scores)
    if is_lower_the_better:
        worst, best = best, worst
    step = (WIDTH - 2 * MARGIN) / (len(scores) - 1)
    middle = HEIGHT / 2
    places = [
        (
            round(MARGIN + i * step),
            round(
                HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (value - worst) / (best - worst)
                if best != worst
                else middle
            ),
        )
        for i, value in enumerate(scores)
    ]
    points = " ".join(f"{x},{y}" for x, y in places)
    return places, points, ", ".join(score(value, precision) for value in scores)

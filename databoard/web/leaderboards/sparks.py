"""Sparklines: the last scores of a team as a line that fits into a cell."""

from __future__ import annotations

from dataclasses import dataclass

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
    worst, best = min(trend.scores), max(trend.scores)
    if official.is_lower_the_better:
        worst, best = best, worst
    step = (WIDTH - 2 * MARGIN) / (len(trend.scores) - 1)
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
        for i, value in enumerate(trend.scores)
    ]
    shown = ", ".join(score(value, official.precision) for value in trend.scores)
    return Spark(
        " ".join(f"{x},{y}" for x, y in places),
        places[trend.here] if trend.here is not None else None,
        gettext("The team’s last scores, the newest last: %(scores)s", scores=shown),
    )

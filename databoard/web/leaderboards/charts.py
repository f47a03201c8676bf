"""Charts of an event as options of ECharts: values in, plain data out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from databoard.domain import leaderboard
from databoard.services.leaderboards import Column, Row
from databoard.web.language import gettext

#: A chart with more points than this tells nothing more; the best ones stay in its line.
MAX_POINTS = 2000
#: Names beside the dots of a graph are readable up to here.
MAX_LABELS = 40

Chart = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A scored submission in a chart."""

    hash_: str
    name: str
    url: str
    submitted_ms: int
    score: float
    shown: str
    seconds: float | None
    is_own: bool

    @property
    def submitted_at(self) -> datetime:
        """When it was submitted, to the second."""
        return datetime.fromtimestamp(self.submitted_ms / 1000, UTC)


@dataclass(frozen=True)
class Share:
    """A credit between two submissions."""

    giver: str
    source: str
    percent: float


def points(rows: Sequence[Row], official: Column, *, names: bool, own: int | None) -> list[Point]:
    """Make the points of a board's rows, oldest first; those without a score are left out."""
    found = [
        Point(
            row.hash_,
            f"{row.submission} ({row.team})" if names else row.submission,
            f"/{row.hash_}",
            round(row.submitted_at.timestamp()) * 1000,
            row.scores[official.name],
            row.shown.get(official.name, ""),
            coarse_seconds(row.train_s),
            row.team_id == own,
        )
        for row in rows
        if math.isfinite(row.scores.get(official.name, math.nan))
    ]
    return sorted(found, key=lambda point: point.submitted_ms)


def coarse_seconds(seconds: float | None) -> float | None:
    """Round a time to two digits and whole seconds, so that it carries no secrets (threats L12)."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(1.0, float(f"{seconds:.1e}"), float(round(seconds)) if seconds < 10 else 0.0)


def records(found: Sequence[Point], official: Column) -> list[Point]:
    """Choose the submissions that were the best so far when they came."""
    lower = official.is_lower_the_better
    best = leaderboard.best_so_far([point.score for point in found], is_lower_the_better=lower)
    is_new = np.diff(best, prepend=np.nan) != 0
    return [point for point, new in zip(found, is_new, strict=True) if new]


def front(found: Sequence[Point], official: Column) -> list[Point]:
    """Choose those that no other beats in both score and training time, the fastest first."""
    timed = [point for point in found if point.seconds is not None]
    if not timed:
        return []
    values = np.array([[point.score, point.seconds] for point in timed], dtype=np.float64)
    is_front = leaderboard.pareto_front(values, [official.is_lower_the_better, True])
    chosen = [point for point, yes in zip(timed, is_front, strict=True) if yes]
    return sorted(chosen, key=lambda point: (point.seconds or 0.0, point.score))


def progress(found: Sequence[Point], official: Column) -> Chart:
    """Draw scores over time with the line of the best so far."""
    line = [[point.submitted_ms, point.score] for point in records(found, official)]
    if line:
        line.append([found[-1].submitted_ms, line[-1][1]])
    return _chart(
        {"type": "time"},
        official,
        _dots(found, lambda point: point.submitted_ms),
        {"name": gettext("Best so far"), "type": "line", "step": "end", "data": line},
    )


def times(found: Sequence[Point], official: Column) -> Chart:
    """Draw scores against training times with the front that nothing beats."""
    timed = [point for point in found if point.seconds is not None]
    line = [[point.seconds, point.score] for point in front(timed, official)]
    return _chart(
        {"type": "log", "name": gettext("training per fold [s]")},
        official,
        _dots(timed, lambda point: point.seconds),
        {"name": gettext("Best for its time"), "type": "line", "data": line},
    )


def _dots(found: Sequence[Point], x: Any) -> list[Chart]:
    last = found[-MAX_POINTS:]
    groups = [
        (gettext("Others"), "circle", 8, [point for point in last if not point.is_own]),
        (gettext("Your team"), "diamond", 12, [point for point in last if point.is_own]),
    ]
    return [
        {
            "name": name,
            "type": "scatter",
            "symbol": symbol,
            "symbolSize": width,
            "data": [
                {
                    "value": [x(point), point.score],
                    "name": f"{point.name}: {point.shown}",
                    "url": point.url,
                }
                for point in group
            ],
        }
        for name, symbol, width, group in groups
        if group
    ]


def _chart(x: Chart, official: Column, dots: list[Chart], line: Chart) -> Chart:
    better = (
        gettext("lower is better") if official.is_lower_the_better else gettext("higher is better")
    )
    return {
        "legend": {"top": 0},
        "grid": {"left": 56, "right": 40, "top": 72, "bottom": 60},
        "tooltip": {"formatter": "{b}"},
        "xAxis": {"nameLocation": "middle", "nameGap": 32, **x},
        "yAxis": {"type": "value", "scale": True, "name": f"{official.name} ({better})"},
        "series": [*dots, {"symbol": "none", "tooltip": {"show": False}, **line}],
    }


def credit_graph(found: Sequence[Point], shares: Sequence[Share]) -> Chart:
    """Draw who credits whom: arrows to the sources, larger dots for those who gave more."""
    known = {point.hash_: point for point in found}
    kept = [share for share in shares if share.giver in known and share.source in known]
    weights: dict[str, float] = {}
    for share in kept:
        weights.setdefault(share.giver, 0.0)
        weights[share.source] = weights.get(share.source, 0.0) + share.percent
    nodes = [
        {
            "id": hash_,
            "name": known[hash_].name,
            "value": round(weight),
            "symbolSize": 10 + 3 * math.sqrt(weight),
            "url": known[hash_].url,
        }
        for hash_, weight in weights.items()
    ]
    links = [
        {
            "source": share.giver,
            "target": share.source,
            "value": round(share.percent),
            "lineStyle": {"width": 1 + share.percent / 20},
        }
        for share in kept
    ]
    series = {
        "type": "graph",
        "layout": "circular",
        "left": 24,
        "right": 136,  # for the names, on a phone as well
        "edgeSymbol": ["none", "arrow"],
        "label": {
            "show": len(nodes) <= MAX_LABELS,
            "position": "right",
            "width": 120,
            "overflow": "truncate",
            "color": "inherit",
            "textBorderWidth": 0,
        },
        "lineStyle": {"curveness": 0.2, "opacity": 0.7},
        "data": nodes,
        "links": links,
    }
    return {"tooltip": {}, "series": [series]}

"""Plots of what a submission predicted on held-out rows, from what was summed up at scoring."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from databoard.store.models import Submission
from databoard.web.event_pages import store
from databoard.web.language import gettext


@dataclass(frozen=True)
class Plot:
    """A plot, and the table that says the same."""

    title: str
    chart: dict[str, Any]
    head: list[str]
    rows: list[list[str]]


def plots(submission: Submission) -> list[Plot]:
    """Make the plots of a submission; none if it has no predictions of a kind that has plots."""
    raw = store().read_plots(submission.folder) if submission.state == "scored" else None
    drawn = json.loads(raw) if raw else {}
    makers: dict[str, Callable[[Any], Plot]] = {
        "confusion": lambda counts: _confusion(counts, drawn["labels"]),
        "reliability": _reliability,
        "agreement": _agreement,
        "residuals": _residuals,
    }
    return [make(drawn[name]) for name, make in makers.items() if name in drawn]


def _confusion(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> Plot:
    return Plot(
        gettext("Confusion matrix"),
        _heatmap(
            counts,
            labels,
            gettext("predicted class"),
            gettext("true class"),
            is_labelled=len(labels) <= 12,
        ),
        [gettext("true \\ predicted"), *labels],
        [[label, *map(str, row)] for label, row in zip(labels, counts, strict=True)],
    )


def _agreement(content: dict[str, Any]) -> Plot:
    names = _intervals(content["edges"])
    return Plot(
        gettext("Predicted and true values"),
        _heatmap(
            content["counts"], names, gettext("predicted"), gettext("true"), is_labelled=False
        ),
        [gettext("true \\ predicted"), *names],
        [[name, *map(str, row)] for name, row in zip(names, content["counts"], strict=True)],
    )


def _heatmap(
    counts: Sequence[Sequence[int]], names: Sequence[str], x: str, y: str, *, is_labelled: bool
) -> dict[str, Any]:
    largest = max(max(row) for row in counts) or 1
    axis: dict[str, Any] = {
        "type": "category",
        "data": list(names),
        "nameLocation": "middle",
    }
    if is_labelled:
        axis["axisLabel"] = {"interval": 0}  # each class has its name, on a phone as well
    return {
        "grid": {"left": 84, "right": 16, "top": 16, "bottom": 88},
        "xAxis": {**axis, "name": x, "nameGap": 30},
        "yAxis": {**axis, "name": y, "nameGap": 64},
        "visualMap": {
            "min": 0,
            "max": largest,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
            "itemHeight": 90,
            "itemWidth": 12,
            # One hue from light to dark: it reads without colours too.
            "inRange": {"color": ["#eef2fb", "#93a8e0", "#26378a"]},
            "textStyle": {"color": "#808695"},
        },
        "series": [
            {
                "type": "heatmap",
                "label": {"show": is_labelled},
                "data": [
                    [j, i, count] for i, row in enumerate(counts) for j, count in enumerate(row)
                ],
            }
        ],
    }


def _reliability(levels: Sequence[Sequence[float]]) -> Plot:
    limits = {"type": "value", "min": 0, "max": 1, "nameLocation": "middle"}
    return Plot(
        gettext("How far to trust its probabilities"),
        {
            "legend": {"top": 0},
            "grid": {"left": 56, "right": 40, "top": 56, "bottom": 60},  # a legend of two lines
            "xAxis": {
                **limits,
                "name": gettext("probability of the predicted class"),
                "nameGap": 30,
            },
            "yAxis": {**limits, "name": gettext("how often it is right"), "nameGap": 38},
            "series": [
                {
                    "name": gettext("This submission"),
                    "type": "line",
                    "symbolSize": 8,
                    "data": [
                        {"value": [said, right], "name": gettext("%(n)s rows", n=f"{n:.0f}")}
                        for said, right, n in levels
                    ],
                },
                {
                    "name": gettext("Exactly as often as it says"),
                    "type": "line",
                    "symbol": "none",
                    "lineStyle": {"type": "dashed"},
                    "data": [[0, 0], [1, 1]],
                },
            ],
        },
        [gettext("Probability"), gettext("Right"), gettext("Rows")],
        [[f"{said:.2f}", f"{right:.2f}", f"{n:.0f}"] for said, right, n in levels],
    )


def _residuals(content: dict[str, Any]) -> Plot:
    names, counts = _intervals(content["edges"]), content["counts"]
    return Plot(
        gettext("Residuals (predicted minus true)"),
        {
            "xAxis": {
                "type": "category",
                "data": names,
                "name": gettext("predicted minus true"),
                "nameLocation": "middle",
                "nameGap": 30,
            },
            "yAxis": {"type": "value", "name": gettext("rows")},
            "series": [{"type": "bar", "barCategoryGap": "5%", "data": counts}],
        },
        [gettext("About"), gettext("Rows")],
        [[name, str(count)] for name, count in zip(names, counts, strict=True)],
    )


def _intervals(edges: Sequence[float]) -> list[str]:
    """Name bins by their middles."""
    return [f"{(low + high) / 2:.3g}" for low, high in pairwise(edges)]

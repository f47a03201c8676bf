"""All views of boards and submissions: importing them registers them."""

from databoard.web.leaderboards import (
    actions,
    blends,
    boards,
    comments,
    compare,
    credit,
    files,
    measures,
    output,
    plots,
    submissions,
)
from databoard.web.leaderboards.blueprint import bp

__all__ = [
    "actions",
    "blends",
    "boards",
    "bp",
    "comments",
    "compare",
    "credit",
    "files",
    "measures",
    "output",
    "plots",
    "submissions",
]

"""All views of boards and submissions: importing them registers them."""

from databoard.web.leaderboards import (
    actions,
    boards,
    comments,
    compare,
    credit,
    files,
    measures,
    plots,
    submissions,
)
from databoard.web.leaderboards.blueprint import bp

__all__ = [
    "actions",
    "boards",
    "bp",
    "comments",
    "compare",
    "credit",
    "files",
    "measures",
    "plots",
    "submissions",
]

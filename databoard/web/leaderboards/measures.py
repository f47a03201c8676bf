"""Times and sizes as participants may know them.

A number with many digits is a channel: a submission could tell by its running time what it saw of
private data. So what teams see is rounded (threats L12).
"""

from __future__ import annotations

import math

from databoard.web.filters import MISSING, duration, number
from databoard.web.language import gettext
from databoard.web.leaderboards.blueprint import bp

MEMORY_STEP_MB = 16


@bp.app_template_filter("coarse_time")
def coarse_time(seconds: float | None) -> str:
    """Write a time to the second, or to two digits where that is coarser.

    >>> coarse_time(0.3), coarse_time(0.35), coarse_time(7.6), coarse_time(123.4)
    ('< 1 s', '< 1 s', '8 s', '2 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 1:
        return "< 1 s"
    digits = max(0, math.floor(math.log10(seconds)) - 1)
    rounded = float(round(seconds, -digits))
    return f"{rounded:.0f} s" if rounded < 60 else duration(rounded)


@bp.app_template_filter("coarse_memory")
def coarse_memory(megabytes: float | None) -> str:
    """Write an amount of memory in steps of 16 MB, rounded up.

    >>> coarse_memory(100.2), coarse_memory(None)
    ('112 MB', '–')
    """
    if megabytes is None or not math.isfinite(megabytes):
        return MISSING
    steps = max(1, math.ceil(megabytes / MEMORY_STEP_MB))
    return f"{number(steps * MEMORY_STEP_MB)} {gettext('MB')}"

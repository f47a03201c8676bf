"""A trainer process for tests: the product's, at a quick pace.

``python -m tests.training.trainer <name> [once]``. SIGUSR1 sets its clock an hour forward, SIGUSR2
an hour back.
"""

from __future__ import annotations

import logging
import signal
import sys
from datetime import UTC, datetime, timedelta

from databoard.settings import Settings
from databoard.training import dispatcher
from tests.training.world import QUICK

HOUR = timedelta(hours=1)
skew = timedelta(0)


def now() -> datetime:
    """Tell the time by a clock that may be wrong."""
    return datetime.now(UTC) + skew


def set_clock(number: int, _: object) -> None:
    """Set the clock wrong, or right again."""
    global skew
    skew += HOUR if number == signal.SIGUSR1 else -HOUR


if __name__ == "__main__":
    dispatcher._now = now
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, set_clock)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    sys.exit(
        dispatcher.run(Settings.from_env(), name=sys.argv[1], once="once" in sys.argv, pace=QUICK)
    )

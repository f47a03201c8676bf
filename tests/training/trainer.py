"""A trainer process for tests: the product's, at a quick pace.

``python -m tests.training.trainer <name> [once]``
"""

from __future__ import annotations

import logging
import sys

from databoard.settings import Settings
from databoard.training import dispatcher
from tests.training.world import QUICK

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    sys.exit(
        dispatcher.run(Settings.from_env(), name=sys.argv[1], once="once" in sys.argv, pace=QUICK)
    )

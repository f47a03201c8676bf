"""databoard under Apache (tools/databoard.conf): Apache passes no variables, a file has them."""

import os
import re
import sys
from pathlib import Path

RELEASE = Path(__file__).resolve().parents[1]
CANDIDATES = (
    os.environ.get("DATABOARD_ENV_FILE", ""),
    RELEASE.parents[1] / "env",
    "/etc/databoard/env",
)

env_file = next((path for path in map(Path, filter(None, CANDIDATES)) if path.is_file()), None)
if env_file is not None:
    for line in env_file.read_text().splitlines():
        found = re.fullmatch(r"""([A-Z][A-Z0-9_]*)=(["']?)(.*)\2""", line)
        if found:
            os.environ.setdefault(found[1], found[3])

sys.path.insert(0, str(RELEASE))

from wsgi import app as application  # noqa: E402

__all__ = ["application"]

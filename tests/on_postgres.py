"""Run pytest with a throw-away PostgreSQL as test database: ``python -m tests.on_postgres -x``."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import postgres


def main() -> int:
    """Run the suite; without PostgreSQL there is nothing to run."""
    binaries = postgres.find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed; on Debian: apt-get install postgresql")
        return 1
    with postgres.server(binaries) as url:
        env = {**os.environ, "DATABOARD_DB_URL_TEST": url}
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""The acts again where the server is no root, and where there are no namespaces (S1).

Root, a user and Docker differ in whom a box runs as, and so in what it owns: the user's box is
the server's own user. What depends on that runs every time; everything runs in the slow suite.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.attacks.as_user import UID

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AS_USER = [sys.executable, "-m", "tests.attacks.as_user"] if os.geteuid() == 0 else []
IN_DOCKER = [*AS_USER, sys.executable, "-m", "tests.attacks.without_namespaces"]
CONTEXTS = {"user": (AS_USER, "not full and not landlock"), "docker": (IN_DOCKER, "landlock")}
# What the kernel decides by who owns a file or a process.
BY_OWNER = "offset_of or file_of or times_of or sabotage or memory_of or signal_the or interrupt"
BY_OWNER += " or by_a_pipe or live_on"


def _run(context: str, chosen: str) -> str:
    prefix, _ = CONTEXTS[context]
    with tempfile.TemporaryDirectory(prefix="databoard_context_") as folder:
        if AS_USER:
            os.chown(folder, UID, UID)
        return _run_in(folder, prefix, chosen)


def _run_in(folder: str, prefix: list[str], chosen: str) -> str:
    command = [*prefix, sys.executable, "-m", "pytest", str(HERE / "test_acts.py"), "-q", "-rs"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", f"--basetemp={folder}/base"]
    done = subprocess.run(
        [*command, "-k", chosen],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": folder, "HOME": folder},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def _n_passed(output: str) -> int:
    found = re.search(r"(\d+) passed", output)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_depends_on_the_owner_is_refused(context: str) -> None:
    output = _run(context, f"{CONTEXTS[context][1]} and ({BY_OWNER})")

    assert _n_passed(output) >= 9, output


@pytest.mark.slow
@pytest.mark.parametrize("context", CONTEXTS)
def test_no_act_gains_anything(context: str) -> None:
    output = _run(context, CONTEXTS[context][1])

    assert _n_passed(output) > 100, output

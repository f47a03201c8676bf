"""Programs that actions start: rsync, ssh, git, crontab and the scripts of tools/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from databoard.errors import ProgramError


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise ProgramError(f"There is no program {program} here; install it (apt-get install).")


def run(command: Sequence[str], *, cwd: Path | None = None, given: bytes | None = None) -> None:
    """Run a program that speaks for itself; ``given`` is what it reads.

    Raises
    ------
    ProgramError
        If it is not there, or ends with anything but 0.
    """
    _need(command[0])
    sys.stdout.flush()
    code = subprocess.run(command, cwd=cwd, input=given, check=False).returncode
    if code:
        raise ProgramError(
            f"{Path(command[0]).name} ended with code {code}; nothing else was done."
        )


def output(command: Sequence[str], *, cwd: Path | None = None) -> str:
    """Return what a program prints.

    Raises
    ------
    ProgramError
        As ``run``, with what it said last.
    """
    _need(command[0])
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        name = Path(command[0]).name
        raise ProgramError(f"{name} ended with code {done.returncode}: {said}")
    return done.stdout


def watch(command: Sequence[str], *, keep: int = 4000) -> tuple[int, str]:
    """Run a program, pass on what it prints line by line, and keep the end of it.

    Returns
    -------
    int, str
        Its exit code (127 if there is no such program), and what it printed last.
    """
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    said = ""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            print(line, end="", flush=True)
            said = (said + line)[-keep:]
    return process.wait(), said.strip()

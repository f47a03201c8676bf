"""The demo's children: started together, stopped together, none left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from databoard.cli.database import MIGRATIONS
from databoard.errors import BusyError
from databoard.training.linux import die_with_parent

MANAGE = MIGRATIONS.parent / "manage.py"
PATIENCE_S = 15


def find_port(first: int, host: str) -> int:
    """Find the first free port from this one on."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                return port
    raise BusyError(f"All ports from {first} to {first + 99} are taken.")


class Children:
    """Processes of ``manage.py``, each in a session of its own: Ctrl-C reaches only the demo."""

    def __init__(self, env: Mapping[str, str], log_folder: Path) -> None:
        self.env = {**os.environ, **env}
        self.log_folder = log_folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str) -> None:
        """Start ``manage.py <words>``; what it says goes to ``<name>.log``."""
        self.log_folder.mkdir(parents=True, exist_ok=True)
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-u", str(MANAGE), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def check(self) -> None:
        """Refuse to go on without one of them.

        Raises
        ------
        BusyError
            Naming the one that has ended, and its log.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                log = self.log_folder / f"{name}.log"
                last = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise BusyError("\n".join([f"The {name} has ended. From {log}:", *last]))

    def stop(self) -> None:
        """Ask all to end, and end the groups of those that do not."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()


@contextlib.contextmanager
def children(env: Mapping[str, str], log_folder: Path) -> Iterator[Children]:
    """Have children for the time of the block, however it ends."""
    group = Children(env, log_folder)
    try:
        yield group
    finally:
        # A second Ctrl-C must not leave half of them behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        group.stop()

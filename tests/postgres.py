"""A PostgreSQL server of the tests' own: started in half a second, gone afterwards.

PostgreSQL refuses to run as root; then the server runs as the user ``postgres``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

#: Nothing is lost when a process is killed, but when the machine is.
NOT_ON_DISK = ("fsync=off", "full_page_writes=off")
#: What was committed may be gone after a kill, too.
NOT_DURABLE = (*NOT_ON_DISK, "synchronous_commit=off")


def find_binaries() -> Path | None:
    """Find the newest PostgreSQL on this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user(folder: str) -> dict[str, Any]:
    """Arguments of a subprocess that must not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def server(binaries: Path, settings: tuple[str, ...] = NOT_DURABLE) -> Iterator[str]:
    """Run a server; gives the address of its database ``postgres``.

    Raises
    ------
    AssertionError
        At the end, if two transactions waited for each other: the product takes its locks in one
        order everywhere, so that nobody's click is the one that is ended.
    """
    folder = tempfile.mkdtemp(prefix="databoard-pg-")
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
        **_user(folder),
    }
    port = _free_port()
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *settings]
    initdb = [binaries / "initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust"]
    log = Path(folder) / "log"
    try:
        subprocess.run([*initdb, "--no-sync", "-E", "UTF8", "--locale=C"], check=True, **quiet)
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [
                    binaries / "postgres",
                    *("-D", f"{folder}/data", "-p", str(port)),
                    *(word for option in options for word in ("-c", option)),
                ],
                **{**quiet, "stderr": stderr},
            )
        try:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            _wait_for(url)
            yield url
        finally:
            process.terminate()
            process.wait(30)
        lines = log.read_text(errors="replace").splitlines()
        met = [i for i, line in enumerate(lines) if "deadlock detected" in line]
        assert not met, "\n".join(line for i in met for line in lines[i : i + 12])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            _administer(url, "SELECT 1")
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _administer(url: str, *statements: str) -> None:
    driver = make_url(url).set(drivername="postgresql+psycopg2")
    engine = create_engine(driver, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server, empty or as a copy; gives its address."""
    copy = f' TEMPLATE "{template}"' if template else ""
    _administer(server_url, f'CREATE DATABASE "{name}"{copy}')
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    _administer(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

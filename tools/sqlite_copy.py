"""Copy, check and count SQLite databases: what the scripts of this folder need of Python.

::

    sqlite_copy.py copy <database> <file>     a whole copy, while others write
    sqlite_copy.py check <file>               is it sound? lists what is not
    sqlite_copy.py counts <file>              rows of every table
    sqlite_copy.py settle <database>          write what waits in the journal into the file
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def _open(path: str) -> sqlite3.Connection:
    if not Path(path).is_file():
        raise SystemExit(f"There is no file {path}.")
    return sqlite3.connect(path, timeout=60)


def copy(source: str, target: str) -> None:
    """Copy a database page by page; the copy is one file without a journal."""
    with closing(_open(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")


def check(path: str) -> None:
    """Read every page, and see that no row points to one that is not there."""
    with closing(_open(path)) as database:
        faults = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        faults += [
            f"{row[0]}: row {row[1]}" for row in database.execute("PRAGMA foreign_key_check")
        ]
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            faults.append("no tables")
    if faults:
        raise SystemExit("\n".join(faults[:20]))


def counts(path: str) -> None:
    """Print "table count", sorted."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    with closing(_open(path)) as database:
        for (name,) in sorted(database.execute(names).fetchall()):
            quoted = '"' + name.replace('"', '""') + '"'
            number = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]  # noqa: S608
            print(name, number)


def settle(path: str) -> None:
    """Write the journal into the file, so that the file alone is the database."""
    with closing(_open(path)) as database:
        busy = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise SystemExit(f"{path} is in use.")


def main() -> None:
    """Run one command."""
    commands = {"copy": copy, "check": check, "counts": counts, "settle": settle}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    try:
        commands[sys.argv[1]](*sys.argv[2:])
    except sqlite3.Error as error:
        raise SystemExit(f"{sys.argv[2]}: {error}") from None


if __name__ == "__main__":
    main()

"""Publishing: problems and software, to the test and the production server."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from databoard.cli import programs
from databoard.cli.targets import Target, find
from databoard.cli.words import ProblemName, Yes, confirm
from databoard.errors import InvalidError, NotFoundError
from databoard.settings import Settings

TargetName = Annotated[str, "test or production"]

#: The checkout that this code is part of; git says what belongs to it.
CHECKOUT = Path(__file__).resolve().parents[3]
SERVERS = ("test", "production")
RSYNC = ("rsync", "--recursive", "--links", "--times", "-c", "--mkpath")
READABLE = ("--chmod=D755,F644", "--exclude=*.pyc", "--exclude=__pycache__/")


def publish_problem(
    settings: Settings,
    problem: ProblemName,
    target: Annotated[str, "local, test or production"],
    yes: Yes = False,
) -> str:
    """Copy the folder of a problem to a server."""
    server = find(settings, target)
    folder = settings.problems_dir / problem
    if not re.fullmatch(r"\w[\w.-]*", problem) or not folder.is_dir():
        raise NotFoundError(f"There is no folder {settings.problems_dir / problem}.")
    where = server.address(server.data)
    _announce(server, where, f"the problem {problem}", yes=yes)
    if not server.host:
        Path(server.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    source = f"problems/{problem}"
    programs.run([*RSYNC, *READABLE, "--relative", *server.shell, source, where], cwd=settings.root)
    return f"Published {source} to {where}"


def publish_software(
    settings: Settings,
    target: TargetName,
    version: Annotated[
        str, "release that tools/build_release.sh built; if empty the one of the checkout's commit"
    ] = "",
    yes: Yes = False,
) -> str:
    """Install a release on a server; production takes only what passed on test."""
    server = find(settings, target, SERVERS)
    name = version or _version_here()
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise NotFoundError(f"There is no release {name!r}.")
    folder = server.code / "releases" / name
    where = server.address(folder)
    _announce(server, where, f"the release {name}", yes=yes)
    release = CHECKOUT / "dist" / "releases" / name
    if server.name == "production":
        _check_passed(find(settings, "test"), release)
    elif not (release / "SHA256SUMS").is_file():
        if version:
            raise NotFoundError(f"There is no release {name}; run: tools/build_release.sh {name}")
        programs.run([str(CHECKOUT / "tools" / "build_release.sh"), name], cwd=CHECKOUT)
    programs.run([*RSYNC, "--perms", *server.shell, "./", where], cwd=release)
    programs.run(server.remotely(folder / "tools" / "activate_release.sh"))
    return f"{name} runs on {server.host}."


def _version_here() -> str:
    """Name what the checkout is at: its tag, or its commit."""
    words = ("git", "describe", "--tags", "--always", "--abbrev=12")
    return programs.output(words, cwd=CHECKOUT).strip()


def _check_passed(test: Target, release: Path) -> None:
    """Ask the test server whether these very bytes passed there.

    Raises
    ------
    InvalidError
        If they did not.
    """
    sums = release / "SHA256SUMS"
    digest = hashlib.sha256(sums.read_bytes()).hexdigest() if sums.is_file() else ""
    note = test.code / "passed" / release.name
    passed = programs.output(test.remotely("sh", "-c", 'cat "$1" 2>/dev/null || true', "sh", note))
    if not digest or passed.strip() != digest:
        reason = "is not the one that passed" if digest and passed.strip() else "has not passed"
        raise InvalidError(
            f"{release.name} {reason} on {test.host}; "
            f"run: fab publish_software:target=test,version={release.name}"
        )


def rollback(settings: Settings, target: TargetName, yes: Yes = False) -> str:
    """Return a server to the release that ran before this one."""
    server = find(settings, target, SERVERS)
    _announce(server, server.address(server.code), "the former release", yes=yes)
    programs.run(server.remotely(server.code / "current" / "tools" / "rollback.sh"))
    return f"{server.host} runs its former release."


def backup_from(settings: Settings, target: TargetName) -> str:
    """Fetch a fresh dump and the submissions of a server: to db/ and submissions/."""
    server = find(settings, target, SERVERS)
    print(server.host, flush=True)
    script = server.code / "current" / "tools" / "dump_db.sh"
    dump = programs.output(server.remotely(script, "--database-only")).splitlines()[-1]
    (settings.root / "db").mkdir(exist_ok=True)
    for source, goal in ((dump, "db/"), (str(server.data / "submissions"), "./")):
        programs.run([*RSYNC, *server.shell, f"{server.host}:{source}", goal], cwd=settings.root)
    kept = f"db/{Path(dump).name}"
    return f"Fetched {kept} and submissions/; put the dump in with: tools/restore_db.sh {kept}"


def _announce(server: Target, where: str, what: str, *, yes: bool) -> None:
    """Say where something goes, before anything happens; production is asked for."""
    print(where, flush=True)
    if server.name == "production":
        confirm(f"{what[0].upper()}{what[1:]} goes to production.", yes=yes)

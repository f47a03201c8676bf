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
        str, "release that tools/build_release.sh built; what git tracks if empty"
    ] = "",
    yes: Yes = False,
) -> str:
    """Send the software to a server; production takes a release only if it passed on test."""
    server = find(settings, target, SERVERS)
    if version:
        return _publish_release(settings, server, version, yes=yes)
    where = server.address(server.code)
    _announce(server, where, "what git tracks", yes=yes)
    tracked = programs.output(["git", "ls-files", "-z"], cwd=CHECKOUT)
    programs.run(
        [*RSYNC, "--perms", "--files-from=-", "--from0", *server.shell, "./", where],
        cwd=CHECKOUT,
        given=tracked.encode(),
    )
    return (
        f"Sent {tracked.count(chr(0))} files to {where}; on the server run: "
        "pip install -Ur requirements.txt; python setup.py develop"
    )


def _publish_release(settings: Settings, server: Target, version: str, *, yes: bool) -> str:
    release = CHECKOUT / "dist" / "releases" / version
    if not re.fullmatch(r"\w[\w.-]*", version) or not (release / "SHA256SUMS").is_file():
        raise NotFoundError(
            f"There is no release {version!r}; run: tools/build_release.sh {version}"
        )
    if server.name == "production":
        _check_passed(find(settings, "test"), release)
    folder = server.code / "releases" / version
    where = server.address(folder)
    _announce(server, where, f"the release {version}", yes=yes)
    programs.run([*RSYNC, "--perms", *server.shell, "./", where], cwd=release)
    programs.run(server.remotely(folder / "tools" / "activate_release.sh"))
    return f"{version} runs on {server.host}."


def _check_passed(test: Target, release: Path) -> None:
    """Ask the test server whether these very bytes passed there.

    Raises
    ------
    InvalidError
        If they did not.
    """
    digest = hashlib.sha256((release / "SHA256SUMS").read_bytes()).hexdigest()
    note = test.code / "passed" / release.name
    passed = programs.output(test.remotely("sh", "-c", 'cat "$1" 2>/dev/null || true', "sh", note))
    if passed.strip() != digest:
        reason = "has not passed" if not passed.strip() else "is not the one that passed"
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

"""Look whether everything is well, and say how to mend what is not."""

from __future__ import annotations

import json as json_module
import platform
import socket
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from typing import Annotated
from urllib.parse import urlsplit

from databoard import __version__
from databoard.cli.words import clock, table
from databoard.errors import BusyError, ProgramError, SettingsError, UnsafeError
from databoard.mail.transports import make_transport
from databoard.services import health
from databoard.services.health import Finding, green, red, yellow
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.training import box

LIBRARIES = ("SQLAlchemy", "Flask", "numpy", "scipy", "scikit-learn", "pandas", "ramp-workflow")
SIGNS = {"green": "ok", "yellow": "mind", "red": "RED"}


def doctor(
    settings: Settings,
    json: Annotated[bool, "for programs"] = False,
) -> str:
    """Look whether everything is well; ends with code 1 if something is red."""
    findings = [
        *_database(settings),
        _mail_server(settings),
        _this_machine(settings),
        _versions(),
    ]
    print(_as_json(findings) if json else _as_text(findings), flush=True)
    n_red = sum(finding.level == "red" for finding in findings)
    if n_red:
        raise ProgramError(f"{n_red} of {len(findings)} findings are red.")
    return ""


def _database(settings: Settings) -> list[Finding]:
    try:
        with open_session(settings.database_url) as session:
            return health.examine(session, settings, now=clock())
    except BusyError as error:
        mend = "start the database, and see DATABOARD_DB_URL"
        if "db upgrade" in error.message:
            mend = "run: python manage.py db upgrade"
        elsewhere = [*health.check_folders(settings), *health.check_settings(settings)]
        return [red("database", error.message, mend), *elsewhere]


def _mail_server(settings: Settings) -> Finding:
    """Look whether somebody takes letters; none is sent."""
    try:
        make_transport(settings.mail_url, settings.mail_from)
    except SettingsError as error:
        return red("mail", error.message, "set DATABOARD_MAIL_URL")
    parts = urlsplit(settings.mail_url)
    if not parts.scheme.startswith("smtp"):
        return green("mail", f"letters go to {settings.mail_url}")
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=5).close()
    except OSError as error:
        return red(
            "mail",
            f"{parts.hostname}:{port} does not answer ({error.strerror or error})",
            "see DATABOARD_MAIL_URL; letters wait in the outbox until it does",
        )
    return green("mail", f"{parts.hostname}:{port} answers")


def _this_machine(settings: Settings) -> Finding:
    """Tell what a trainer on this machine could promise."""
    isolation = box.detect()
    try:
        box.require(isolation, min_tier=settings.min_isolation, allow_unsafe=settings.allow_unsafe)
    except UnsafeError as error:
        return yellow(
            "this machine",
            error.message,
            "train on a machine that allows user namespaces, such as a VM with Debian 12",
        )
    if isolation.tier == "none":
        return red("this machine", isolation.words, "unset DATABOARD_ALLOW_UNSAFE")
    return green("this machine", "; ".join((isolation.words, *isolation.notes)))


def _versions() -> Finding:
    known = (f"{name} {metadata.version(name)}" for name in _installed())
    return green(
        "versions",
        f"databoard {__version__}, Python {platform.python_version()}, " + ", ".join(known),
    )


def _installed() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        yield name


def _as_json(findings: list[Finding]) -> str:
    report = {"ok": health.is_well(findings), "findings": [asdict(one) for one in findings]}
    return json_module.dumps(report, indent=1)


def _as_text(findings: list[Finding]) -> str:
    rows = [(SIGNS[one.level], one.name, one.what) for one in findings]
    lines = table(rows, "").splitlines()
    mends = [f"      -> {one.mend}" if one.mend else "" for one in findings]
    return "\n".join(text for pair in zip(lines, mends, strict=True) for text in pair if text)

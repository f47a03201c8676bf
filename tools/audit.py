"""Look for secrets in what git tracks, and for known holes in the packages: python tools/audit.py.

Ends with 1 if there is a secret or a hole. Where the service of advisories cannot be asked, it
says what was not checked.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 2_000_000
TIMEOUT_S = 120
#: Words that stand where a secret would: in examples, tests and patterns.
HARMLESS = re.compile(
    r"[<$@{%*]|\.\.\.|password|passwd|secret|example|changeme|test|correct|battery|long|\bpw\b"
    r"|wrong|guess|key|pass-word|abcdef",
    re.IGNORECASE,
)
SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}"),
    "a key of AWS": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a token of PyPI": re.compile(r"\bpypi-[A-Za-z0-9_-]{50,}"),
    "a password in an address": re.compile(r"\w+://[^\s:/@'\"]+:(?P<value>[^\s:/@'\"]{6,})@"),
    "a secret": re.compile(
        r"(?i)\b(?:password|passwd|secret|secret_key|api_key|token)\b['\"]?\s*[:=]\s*"
        r"['\"](?P<value>[^'\"\s]{12,})['\"]"
    ),
}


def secrets(files: list[Path]) -> Iterator[str]:
    """Name the places that look like a secret; what it is stays unsaid."""
    for path in files:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for what, pattern in SECRETS.items():
            for found in pattern.finditer(text):
                if not HARMLESS.search(found.groupdict().get("value") or ""):
                    line = text.count("\n", 0, found.start()) + 1
                    yield f"{path}:{line}: {what}"


def tracked() -> list[Path]:
    """List the files that git knows of."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name]


def holes() -> tuple[list[str], str]:
    """Ask the service of advisories about the tested versions.

    Returns
    -------
    list of str
        Known holes.
    str
        What was not checked, and why; empty if everything was.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt")]
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [], "packages were not checked: the service of advisories did not answer in time"
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
        return [], f"packages were not checked: the service of advisories cannot be asked ({said})"
    return read(packages)


def read(packages: list[dict[str, object]]) -> tuple[list[str], str]:
    """Read what pip-audit found."""
    found, unknown = [], 0
    for package in packages:
        unknown += "skip_reason" in package
        vulnerabilities = package.get("vulns")
        for one in vulnerabilities if isinstance(vulnerabilities, list) else []:
            mended = ", ".join(one.get("fix_versions") or ["none yet"])
            found.append(f"{package['name']} {package['version']}: {one['id']}, mended in {mended}")
    some = f"{unknown} of {len(packages)} packages were not checked: the service of advisories"
    return found, f"{some} does not know them or cannot be reached from here" if unknown else ""


def main() -> None:
    """Print what was found."""
    found = list(secrets(tracked()))
    known, unchecked = holes()
    for line in (*found, *known, *filter(None, [unchecked])):
        print(line)
    print(f"{len(found)} secrets, {len(known)} known holes")
    sys.exit(bool(found or known))


if __name__ == "__main__":
    main()

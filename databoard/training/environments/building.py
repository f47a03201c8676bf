"""Virtual environments below a folder: made by pip, once, whole or not at all.

An environment is built beside its place and put there when it is complete, under a lock that a
killed builder loses. What makes it impossible is kept, too, so that nobody tries again before the
file changes or an organiser asks. pip runs as the operator has set it (``PIP_*``, pip.conf); of
everything else in the builder's environment it sees next to nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from databoard.errors import BusyError, RequirementsError
from databoard.training.environments import failures, packages
from databoard.training.environments.recipe import FILE, Recipe

#: However large it is, and however slow the network.
BUILD_S = 3600.0
NOTE = "databoard.json"
_LOOK_S = 0.2
_KEPT_LINES = 400
_LIBRARY = str(Path(__file__).resolve().parents[3])
# What pip prints that tells nobody how far it is.
_UNSAID = ("Looking in", "WARNING: Location")
_ORIGIN = re.compile(r" \(from .*")
_PASSED = {
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
}
# A child of the builder ends with it.
_DIE_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)
_TRIAL = (
    f"import sys; sys.path.append({_LIBRARY!r}); "
    "import databoard.training.scorer; from databoard.training import zygote; "
    "missing = zygote.preload(zygote.PRELOADED); "
    "sys.exit('cannot import ' + ', '.join(missing) if missing else 0)"
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """An environment that is there.

    Attributes
    ----------
    key : str
    python : str
        Its interpreter.
    packages : tuple of str
        Python and its packages, each ``name==version``.
    """

    key: str
    python: str
    packages: tuple[str, ...]

    @property
    def site(self) -> str:
        """Folder of its packages."""
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        return str(Path(self.python).parents[1] / "lib" / version / "site-packages")


def find(root: Path, key: str) -> Made | None:
    """Find an environment that is complete and whose interpreter is still there."""
    python = root / key / "bin" / "python"
    try:
        told = json.loads((root / key / NOTE).read_text())
    except (OSError, ValueError):
        return None
    return Made(key, str(python), tuple(told["packages"])) if python.exists() else None


def failure(root: Path, key: str) -> RequirementsError | None:
    """Read why an environment cannot be made, if that is known."""
    try:
        told = json.loads((root / f"{key}.failed").read_text())
    except (OSError, ValueError):
        return None
    return RequirementsError(told["message"], line=told["line"])


def forgive(root: Path, key: str) -> None:
    """Forget a failure, so that the environment is tried again."""
    (root / f"{key}.failed").unlink(missing_ok=True)


def make(
    recipe: Recipe,
    root: Path,
    problem: str,
    *,
    say: Say = lambda _: None,
    stop: threading.Event | None = None,
    seconds: float = BUILD_S,
) -> Made:
    """Return the environment of a recipe, built now unless it is there.

    Parameters
    ----------
    recipe : Recipe
    root : Path
        Where environments lie.
    problem : str
        Whose file it is, for words.
    say : callable
        Gets each line that pip prints.
    stop : threading.Event, optional
        Ends the build when it is set.
    seconds : float
        How long the build may take.

    Raises
    ------
    RequirementsError
        If it cannot be made; the fault is the organiser's.
    BusyError
        If it could not be made now: no network, or it was stopped.
    """
    stop = stop or threading.Event()
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{recipe.key}.lock", say, stop):
        made = find(root, recipe.key)
        known = failure(root, recipe.key)
        if known is not None and made is None:
            raise known
        if made is None:
            _remove_parts(root, recipe.key)
            try:
                # Of this build alone: another process may have had the lock for long.
                _build(recipe, root, problem, _Watch(say, stop, time.monotonic() + seconds))
            except RequirementsError as error:
                told = {"message": error.message, "line": error.line}
                (root / f"{recipe.key}.failed").write_text(json.dumps(told))
                raise
            made = find(root, recipe.key)
    if made is None:
        raise BusyError("The environment was removed while it was made.")
    return made


def unused(root: Path, keys: Collection[str], before: float) -> list[Path]:
    """List what no problem needs any more and nobody has used since a moment.

    Parameters
    ----------
    keys : collection of str
        Of the environments that problems have now.
    before : float
        Seconds since the epoch.
    """
    found = []
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        key = path.name.lstrip(".").partition(".")[0]
        is_left_over = path.name.startswith(".")
        if (key not in keys or is_left_over) and path.stat().st_mtime < before:
            found.append(path)
    return found


def _remove_parts(root: Path, key: str) -> None:
    """Remove what builders that were killed have left; the lock keeps it from being anybody's."""
    for part in (root / key, *root.glob(f".{key}.*")):
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path, say: Say, stop: threading.Event) -> Iterator[None]:
    with path.open("w") as file:
        is_told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not is_told:
                    say("another process is building it")
                    is_told = True
            if stop.wait(_LOOK_S):
                raise BusyError("The build was stopped.")
        yield


@dataclass
class _Watch:
    """Who listens to a build, and what ends it."""

    say: Say
    stop: threading.Event
    end: float


def _build(recipe: Recipe, root: Path, problem: str, watch: _Watch) -> None:
    """Build an environment beside its place, and put it there."""
    where = f"problems/{problem}/{FILE}"
    part = root / f".{recipe.key}.{secrets.token_hex(4)}"
    python = str(part / "bin" / "python")
    try:
        _check(_run([sys.executable, "-I", "-m", "venv", "--without-pip", str(part)], watch), where)
        texts = {
            "requirements.txt": recipe.text_for_pip,
            "server.txt": "\n".join(recipe.server_lines()),
        }
        files = []
        for name, text in texts.items():
            (part / name).write_text(text + "\n")
            files += ["-r", str(part / name)]
        code, said = _run([python, _pip(where), "install", "--no-input", *_QUIET, *files], watch)
        (root / f"{recipe.key}.log").write_text("\n".join(said) + "\n")
        if code and failures.is_away(said, recipe):
            raise BusyError("pip does not reach its package index.")
        if code:
            raise failures.explain(where, recipe, said)
        watch.say("trying what boxes import")
        _check(_run([python, "-I", "-c", _TRIAL], watch), where)
        _finish(part, root / recipe.key)
    finally:
        shutil.rmtree(part, ignore_errors=True)


_QUIET = ("--progress-bar", "off", "--disable-pip-version-check", "--no-warn-script-location")


def _pip(where: str) -> str:
    """Return the program by which the server's pip works for another interpreter."""
    spec = importlib.util.find_spec("pip")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder, "__pip-runner__.py")
        if program.is_file():
            return str(program)
    raise RequirementsError(
        f"{where}: the server's Python has no pip, or an old one.",
        f"On the server: {sys.executable} -m ensurepip --upgrade",
    )


def _check(ended: tuple[int, Sequence[str]], where: str) -> None:
    code, said = ended
    if code:
        last = said[-1] if said else f"exit code {code}"
        raise RequirementsError(f"{where}: what was installed does not work: {last[:300]}")


def _finish(part: Path, place: Path) -> None:
    """Write down what is in an environment, and put it in its place."""
    folders = [str(path) for path in part.glob("lib/python*/site-packages")]
    # Scripts name their interpreter by its path.
    for script in (part / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            content = script.read_bytes()
            script.write_bytes(content.replace(str(part).encode(), str(place).encode()))
    (part / NOTE).write_text(json.dumps({"packages": packages(folders)}))
    part.rename(place)


def _environment() -> dict[str, str]:
    """Return what pip may know: how the operator has set it, and no secret of ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.lower() in _PASSED or name.startswith("PIP_")
    }


def _run(argv: Sequence[str], watch: _Watch) -> tuple[int, list[str]]:
    """Run a program to its end; return its code and the end of what it has printed.

    Raises
    ------
    RequirementsError
        If it takes too long.
    BusyError
        If the build is stopped.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _DIE_WITH_PARENT, *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        cwd="/",
        umask=0o022,
        start_new_session=True,
    )
    try:
        said = _listen(process, watch)
        return process.wait(), said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _listen(process: subprocess.Popen[bytes], watch: _Watch) -> list[str]:
    said: deque[str] = deque(maxlen=_KEPT_LINES)
    assert process.stdout is not None
    descriptor, rest = process.stdout.fileno(), b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if watch.stop.is_set():
                raise BusyError("The build was stopped.")
            if time.monotonic() >= watch.end:
                raise RequirementsError(
                    "The environment was not built in time.",
                    "Ask for less, or for versions that need not be compiled.",
                )
            if not selector.select(_LOOK_S):
                continue
            chunk = os.read(descriptor, 1 << 16)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines + ([rest] if rest and not chunk else []):
                said.append(line.decode(errors="replace").rstrip())
                if said[-1] and not said[-1].startswith(_UNSAID):
                    watch.say(_ORIGIN.sub("", said[-1])[:200])
            if not chunk:
                return list(said)

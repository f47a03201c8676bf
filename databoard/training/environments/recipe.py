"""What a ``requirements.txt`` asks for, and the name of the environment that answers it."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from databoard.errors import RequirementsError
from databoard.training.environments import canonical

FILE = "requirements.txt"
#: What boxes and scorers import of others; at the server's versions unless the file names others.
RUNNER = (
    "joblib",
    "numpy",
    "pandas",
    "ramp-workflow",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
)
_MAX_BYTES = 64 * 1024
# What an environment is made of besides the file; grows when its making changes.
_MAKING = "1"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# Kits of all years ask for the main branch of ramp-workflow, which is what the server has.
_RAMP_WORKFLOW = re.compile(
    r"(ramp[-_]workflow\s*@\s*)?(git\+)?(https|git|ssh)://\S*github\.com/(repos/)?[\w.-]+/"
    r"ramp-workflow(\.git)?((/zipball/|/archive/(refs/heads/)?|@)(master|main)(\.zip|\.tar\.gz)?)?"
    r"/?(#\S*)?"
)
_OF_URL = re.compile(r"#egg=([\w.-]+)|github\.com/(?:repos/)?[\w.-]+/([\w-]+)|([\w-]+)[^/]*$")
_ELSEWHERE = re.compile(
    r"-r|--requirement|-c|--constraint|-e|--editable|[./~]|file:|.*@\s*(file:|[./~])"
)


@dataclass(frozen=True)
class Wish:
    """A line of the file that names a package."""

    number: int
    text: str
    name: str


@dataclass(frozen=True)
class Recipe:
    """A ``requirements.txt``.

    Attributes
    ----------
    text : str
        All of the file.
    wishes : tuple of Wish
        Its packages.
    options : tuple of str
        Its lines for pip: ``--extra-index-url``, ``--find-links``.
    """

    text: str
    wishes: tuple[Wish, ...]
    options: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name the environment: another file or another Python make another one."""
        python = f"{platform.python_implementation()} {platform.python_version()}"
        words = (_MAKING, python, platform.machine(), sys.base_prefix, self.text_for_pip)
        return hashlib.sha256("\0".join(words).encode()).hexdigest()[:40]

    @property
    def text_for_pip(self) -> str:
        """The file without what the server gives: ramp-workflow from its main branch."""
        lines = self.text.splitlines(keepends=True)
        return "".join("\n" if _RAMP_WORKFLOW.fullmatch(_bare(line)) else line for line in lines)

    def server_lines(self) -> list[str]:
        """List what databoard needs: a package that the file names, as the file wants it."""
        named = {wish.name for wish in self.wishes}
        return [name if name in named else f"{name}=={metadata.version(name)}" for name in RUNNER]

    def exactly(self, packages: list[str]) -> Recipe:
        """Return the recipe of the very same packages, for another machine."""
        pins = [line for line in packages if not line.startswith("python==")]
        return parse("\n".join([*self.options, *pins]) + "\n")


def _bare(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def parse(text: str, where: str = FILE) -> Recipe:
    r"""Read the lines of a file.

    Raises
    ------
    RequirementsError
        If a line leads to other files: the file alone must name the environment.

    Examples
    --------
    >>> parse("tabulate==0.9.0  # tables\n").wishes
    (Wish(number=1, text='tabulate==0.9.0', name='tabulate'),)
    """
    wishes, options = [], []
    is_continued = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = _bare(raw)
        was_continued, is_continued = is_continued, line.endswith("\\")
        if not line or was_continued or _RAMP_WORKFLOW.fullmatch(line):
            continue
        if _ELSEWHERE.match(line):
            raise RequirementsError(
                f"{where}, line {number} ({line[:80]}): it leads to another file.",
                "Name the packages themselves, so that this file alone tells what is installed.",
                line=number,
            )
        if line.startswith("-"):
            options.append(line)
            continue
        name = _NAME.match(line)
        if name is None:
            raise RequirementsError(
                f"{where}, line {number} ({line[:80]}): this is no requirement.",
                "Write one package per line, such as lightgbm==4.6.0.",
                line=number,
            )
        text_ = line.rstrip("\\").strip()
        named = name.group()
        if re.match(r"[\w+.-]+://", text_):
            url = _OF_URL.search(text_)
            named = next(filter(None, url.groups()), named) if url else named
        wishes.append(Wish(number, text_, canonical(named)))
    return Recipe(text, tuple(wishes), tuple(options))


def read(folder: Path) -> Recipe | None:
    """Read the recipe of a problem's folder; None where it has none, or an empty one.

    Raises
    ------
    RequirementsError
        If the file cannot be read, or leads to others.
    """
    where = f"problems/{folder.name}/{FILE}"
    try:
        with (folder / FILE).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RequirementsError(f"{where} cannot be read: {error.strerror}.") from error
    if len(content) > _MAX_BYTES:
        raise RequirementsError(f"{where} is larger than {_MAX_BYTES // 1024} kB.")
    try:
        found = parse(content.decode(), where)
    except UnicodeDecodeError as error:
        raise RequirementsError(f"{where} is no UTF-8 text.", "Save it as UTF-8.") from error
    return found if found.wishes else None

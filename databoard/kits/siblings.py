"""What the code of a kit needs beside ``problem.py``: modules that it imports, files that it reads.

A kit's helpers lie anywhere in its folder, among data. What its code imports can be read from the
code; what it reads while it is imported is seen when the trusted side imports it.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

DATA_FOLDERS = {"data", "submissions", "starting_kit", "deposited_submissions", "references"}

_read: dict[Path, set[Path]] = {}
_watched: list[set[Path]] = []


def _note_opened(event: str, arguments: tuple[object, ...]) -> None:
    if _watched and event == "open" and isinstance(arguments[0], str):
        _watched[-1].add(Path(os.path.abspath(arguments[0])))  # noqa: PTH100 - must not stat


@contextlib.contextmanager
def watching(kit: Path) -> Iterator[None]:
    """Note the files of a kit's folder that are read meanwhile, for `files_read`."""
    if not _read:
        sys.addaudithook(_note_opened)
    seen: set[Path] = set()
    # Modules that are imported already read nothing again.
    known = _read.setdefault(kit, set())
    _watched.append(seen)
    try:
        yield
    finally:
        _watched.pop()
        known.update(path for path in seen if path.is_relative_to(kit))


def files_read(kit: Path) -> list[Path]:
    """List what a kit's code reads while it is imported, beside code and outside of its data."""
    return sorted(
        path
        for path in _read.get(kit, ())
        if path.suffix not in (".py", ".pyc")
        and path.relative_to(kit).parts[0] not in DATA_FOLDERS
        and path.resolve().is_relative_to(kit.resolve())
        and path.is_file()
    )


def forget_others(kit: Path) -> None:
    """Forget the helpers of other kits, which may be called as those of this one are."""
    root = kit.parent

    def is_of_another(place: str) -> bool:
        path = Path(place)
        return path.is_relative_to(root) and path != root and not path.is_relative_to(kit)

    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
        if any(isinstance(place, str) and is_of_another(place) for place in places):
            del sys.modules[name]
    sys.path[:] = [place for place in sys.path if not is_of_another(place)]


def modules(kit: Path, name: str = "problem.py") -> list[Path]:
    """List the files and folders beside a kit's module that it imports, and those import.

    Examples
    --------
    A ``problem.py`` with ``from tools.scoring import Overlap`` needs the folder ``tools``.
    """
    found: dict[Path, None] = {}
    left = [kit / name]
    while left:
        for word in _imported(left.pop()):
            for place in (kit / f"{word}.py", kit / word):
                if place.is_symlink() or place in found or word in DATA_FOLDERS:
                    continue
                code = [place] if place.is_file() else sorted(place.rglob("*.py"))
                if code:
                    found[place] = None
                    left += code
    found.pop(kit / name, None)
    return sorted(found)


def _imported(path: Path) -> set[str]:
    """Name the top-level modules that a file imports, wherever it does."""
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return set()
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name.partition(".")[0] for name in names}

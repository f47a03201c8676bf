"""What the code of a kit needs beside ``problem.py``: modules that it imports, files that it reads.

A kit's helpers lie anywhere in its folder, among data. What its code imports can be read from the
code; what it reads while it is imported is seen when the trusted side imports it. What the
functions that give the data read are data, wherever they lie and whatever else reads them.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

DATA_FOLDERS = {"data", "submissions", "starting_kit", "deposited_submissions", "references"}

#: What lies in a folder of such a name, anywhere, is nothing for participants or their boxes.
PRIVATE_FOLDERS = {"private", "raw"}
# A folder of data may be called as a module of Python is.
_NO_MODULES = DATA_FOLDERS | PRIVATE_FOLDERS | sys.stdlib_module_names

_read: dict[Path, set[Path]] = {}
_data: dict[Path, set[Path]] = {}
_watched: list[set[str]] = []
_hooks: list[object] = []


def _note_opened(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        for seen in _watched[-1:]:
            seen.add(os.path.abspath(arguments[0]))  # noqa: PTH100 - must not stat


@contextlib.contextmanager
def watching(kit: Path, *, is_data: bool = False) -> Iterator[None]:
    """Note the files of a kit's folder that are read meanwhile, for `files_read`.

    Parameters
    ----------
    kit : Path
    is_data : bool
        Whether what is read are data, which `files_read` leaves out.
    """
    if not _hooks:
        sys.addaudithook(_note_opened)
        _hooks.append(_note_opened)
    seen: set[str] = set()
    # Modules that are imported already read nothing again.
    known = (_data if is_data else _read).setdefault(kit, set())
    _watched.append(seen)
    try:
        yield
    finally:
        _watched.pop()
        # Who reads by a relative path is seen where the folder truly is.
        for root in {f"{kit}{os.sep}", f"{kit.resolve()}{os.sep}"}:
            known.update(kit / path.removeprefix(root) for path in seen if path.startswith(root))


def files_read(kit: Path) -> list[Path]:
    """List what a kit's code reads while it is imported, beside code and outside of its data.

    Hidden files are left out, which may hold keys and passwords.
    """
    return sorted(
        path
        for path in _read.get(kit, set()) - _data.get(kit, set())
        if path.suffix not in (".py", ".pyc")
        and path.is_file()
        and is_shown(path.relative_to(kit))
        and path.resolve().is_relative_to(kit.resolve())
        and is_shown(path.resolve().relative_to(kit.resolve()))
    )


def is_shown(place: Path) -> bool:
    """Tell whether what lies there, relative to a kit's folder, may be shown with its code."""
    is_hidden = any(part.startswith(".") for part in place.parts)
    is_private = not PRIVATE_FOLDERS.isdisjoint(place.parts[:-1])
    return not (is_hidden or is_private or place.parts[0] in DATA_FOLDERS)


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
                if place.is_symlink() or place in found or word in _NO_MODULES:
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

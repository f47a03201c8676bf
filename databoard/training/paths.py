"""X that consists of paths: the folders of images that a box must see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from databoard.errors import KitError

_MOST_TEXTS = 20_000
# What Linux takes as one argument of a program is twice as much.
_MOST_BYTES = 64 * 1024
_TEXT_KINDS = ("O", "U", "T")


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Name the strings in X that could be paths; of long columns the first ones."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Path):
        yield str(value)
    elif hasattr(value, "columns") and hasattr(value, "iloc"):
        for name in value.columns:
            if value[name].dtype.kind in _TEXT_KINDS:
                yield from _texts(value[name].tolist(), depth + 1)
    elif getattr(getattr(value, "dtype", None), "kind", None) in _TEXT_KINDS and depth < 4:
        yield from _texts(list(value), depth + 1)
    elif isinstance(value, list | tuple) and depth < 4:
        for item in value[:_MOST_TEXTS]:
            yield from _texts(item, depth + 1)


def folders_of_paths(values: Iterable[Any], kit: Path) -> list[str]:
    """Return the folders below the kit's ``data/`` to which strings in X point.

    Raises
    ------
    KitError
        If a path points to ``data/`` itself, where the labels lie, too.
    """
    data = kit / "data"
    found: set[Path] = set()
    known: dict[str, Path | None] = {}
    for text in _texts(list(values)):
        if "/" not in text or len(text) > 4096:
            continue
        parent = text.rpartition("/")[0]
        if parent not in known:
            known[parent] = _folder(kit, text)
        folder = known[parent]
        if folder is not None and folder.is_relative_to(kit):
            if data == folder or data.is_relative_to(folder):
                raise KitError(
                    f"X names files of {folder.name}/, where the labels lie, too.",
                    "Move the files that submissions read into a folder of their own below data/.",
                )
            found.add(folder)
    folders = sorted(str(folder) for folder in _joined(found, data))
    if sum(map(len, folders)) > _MOST_BYTES:
        raise KitError(
            f"X names files of {len(folders)} folders, more than a box can be shown.",
            "Put them into fewer folders, with nothing else beside them.",
        )
    return folders


def _joined(found: set[Path], data: Path) -> set[Path]:
    """Put a folder in place of all that is in it: a folder per subject makes thousands."""
    while full := {
        parent
        for parent in {folder.parent for folder in found}
        if data in parent.parents and all(child in found for child in parent.iterdir())
    }:
        found = full | {folder for folder in found if folder.parent not in full}
    return found


def _folder(kit: Path, text: str) -> Path | None:
    path = (kit / text).resolve()
    try:
        if path.is_dir():
            return path
        return path.parent if path.is_file() else None
    except (OSError, ValueError):
        return None

"""What participants get of a problem: its starting kit as a zip, its notebook as safe HTML.

Nothing here runs code of the problem, so the web may call it. Data that scores are computed on
never get into a zip: of a ramp-kit, whose ``data`` folder is what the server trains on, only
``data/public`` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from databoard.errors import KitError
from databoard.kits import siblings
from databoard.kits.loading import Kit
from databoard.kits.rendering import first_paragraph, render_markdown, render_notebook

__all__ = [
    "Description",
    "build_starting_kit",
    "describe",
    "find_notebook",
    "is_stale",
    "kit_files",
    "refresh_starting_kit",
    "render_markdown",
    "render_notebook",
    "zip_starting_kit",
]

ZIP_NAME = "starting_kit.zip"
REQUIREMENTS = "requirements.txt"
COMMENT = b"databoard "
OLDEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
SKIPPED_FOLDERS = {"__pycache__", "training_output"}
SKIPPED_SUFFIXES = {".pyc", ".pyo", ".zip"}
RAMP_FILES = (
    "problem.py",
    "download_data.py",
    "README*",
    "LICENSE*",
    "*.ipynb",
    REQUIREMENTS,
    "environment.yml",
)
# The manual of 2016 misspells the word, and so do kits that follow it.
SPELLINGS = ("starting", "staring")
RAMP_FOLDERS = ("external_imports", "data/public")


def _files_under(folder: Path) -> Iterable[Path]:
    """List ordinary files, without links, hidden files and what Python leaves behind."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_left_over = path.suffix in SKIPPED_SUFFIXES or not SKIPPED_FOLDERS.isdisjoint(parts)
        is_hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not (path.is_symlink() or is_left_over or is_hidden):
            yield path


def starting_folder(path: Path) -> Path | None:
    """Find the folder of the first submission in a problem's folder; None if it has none.

    A ramp-kit may have several, such as ``submissions/starting_kit_anatomy``: the first one is it.
    """
    submissions = path / "submissions"
    others = sorted(submissions.glob("starting_kit*"))
    folders = [submissions / "starting_kit", path / "starting_kit", *others]
    return next((folder for folder in folders if folder.is_dir()), None)


def kit_files(path: Path) -> dict[str, Path]:
    """List what goes into the starting kit of a problem's folder, by its name in the zip.

    A folder ``starting_kit`` is taken as it is, with the data dictionary; of a ramp-kit without
    it, what its participants need to run ``ramp-test`` once they have data.
    """
    start = path / "starting_kit"
    if start.is_dir():
        files = {file.relative_to(start).as_posix(): file for file in _files_under(start)}
    else:
        imported = siblings.modules(path)
        tops = [file for pattern in RAMP_FILES for file in path.glob(pattern) if file.is_file()]
        tops += [file for file in imported if file.is_file()]
        folders = [starting_folder(path), *(path / name for name in RAMP_FOLDERS)]
        below = [file for folder in folders if folder for file in _files_under(folder)]
        helpers = [file for folder in imported for file in _files_under(folder)]
        below += [file for file in helpers if siblings.is_shown(file.relative_to(path))]
        files = {
            file.relative_to(path).as_posix(): file
            for file in [*tops, *below]
            if not file.is_symlink()
        }
    dictionary = path / "references" / "data_dictionary.md"
    if dictionary.is_file():
        files.setdefault(dictionary.name, dictionary)
    return dict(sorted(files.items()))


def _digest(files: dict[str, Path], pins: str) -> str:
    total = hashlib.sha256(pins.encode())
    for name, path in files.items():
        with path.open("rb") as file:
            total.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def build_starting_kit(kit: Kit) -> bytes:
    """Zip the starting kit of a problem, reproducibly."""
    return zip_starting_kit(kit.path)


def zip_starting_kit(path: Path, pins: str = "") -> bytes:
    """Zip the starting kit in a problem's folder.

    The same files give the same bytes: names are sorted, dates and rights fixed. The zip has no
    folder of its own, so its files can be tried and zipped for upload where they are unpacked.

    Parameters
    ----------
    path : Path
    pins : str
        The exact packages of the server, in place of the organiser's ``requirements.txt``.
    """
    files = kit_files(path)
    contents = {name: source.read_bytes() for name, source in files.items()}
    if pins:
        contents[REQUIREMENTS] = pins.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, OLDEST_ZIP_DATE)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
        archive.comment = COMMENT + _digest(files, pins).encode()
    return buffer.getvalue()


def is_stale(path: Path, pins: str = "") -> bool:
    """Tell whether ``starting_kit.zip`` of a problem's folder is missing or out of date.

    A zip made by hand is current while no file of the kit is newer.
    """
    target = path / ZIP_NAME
    try:
        with zipfile.ZipFile(target) as archive:
            comment = archive.comment
    except (OSError, zipfile.BadZipFile):
        return True
    files = kit_files(path)
    if comment.startswith(COMMENT):
        return comment != COMMENT + _digest(files, pins).encode()
    made = target.stat().st_mtime_ns
    return any(source.stat().st_mtime_ns > made for source in files.values())


def refresh_starting_kit(path: Path, pins: str = "") -> Path:
    """Give the current ``starting_kit.zip`` of a problem's folder, made anew where it is stale."""
    target = path / ZIP_NAME
    if is_stale(path, pins):
        with tempfile.NamedTemporaryFile(dir=path, prefix=".zip_", delete=False) as file:
            file.write(zip_starting_kit(path, pins))
        part = Path(file.name)
        part.chmod(0o644)
        part.replace(target)
    return target


def find_notebook(path: Path, event: str) -> Path | None:
    """Find the notebook that introduces an event, in either spelling of the 2016 manual.

    The event's own comes first, then any of the problem, then a ramp-kit's. A script may stand
    in for a notebook.
    """
    start = path / "starting_kit"
    patterns = [
        *(f"{event}_ramp_{word}_kit.{end}" for end in ("ipynb", "py") for word in SPELLINGS),
        *(f"*_ramp_{word}_kit.{end}" for end in ("ipynb", "py") for word in SPELLINGS),
        "*.ipynb",
    ]
    candidates = [
        *(file for pattern in patterns for file in sorted(start.glob(pattern))),
        *(path.glob(f"{path.name}_starting_kit.ipynb")),
        *sorted(path.glob("*starting_kit*.ipynb")),
        *sorted(path.glob("*.ipynb")),
    ]
    return next((file for file in candidates if not file.is_symlink()), None)


@dataclass(frozen=True)
class Description:
    """What pages show of a problem.

    Attributes
    ----------
    overview_html, dictionary_html : str
        Safe HTML of the notebook (or the README) and of the data dictionary; may be empty.
    summary : str
        One plain paragraph.
    requirements : str
        The kit's ``requirements.txt``.
    """

    overview_html: str
    dictionary_html: str
    summary: str
    requirements: str


def describe(kit: Kit) -> Description:
    """Read what pages show of a problem; a notebook that cannot be read gives way to the README."""
    readme = _text(kit.path / "README.md")
    notebook = find_notebook(kit.path, kit.name)
    overview, summary = render_markdown(readme), readme
    if notebook is not None:
        with contextlib.suppress(KitError):
            overview, summary = render_notebook(notebook), _text(notebook)
    dictionary = _text(kit.path / "references" / "data_dictionary.md")
    return Description(
        overview_html=overview,
        dictionary_html=render_markdown(dictionary) if dictionary else "",
        summary=first_paragraph(summary),
        requirements=_text(kit.path / "requirements.txt"),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

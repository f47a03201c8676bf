"""What teams and organisers deposit: named files, folders and zip archives.

Nothing here writes a file, and a name that came from outside is only ever compared with the names
that the workflow asks for; it never becomes a path.
"""

from __future__ import annotations

import ast
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from databoard.errors import KitError, TooLargeError, UploadError
from databoard.kits import bundling
from databoard.kits.loading import Kit
from databoard.kits.protocol import Element
from databoard.phrases import phrase

MAX_FILE_BYTES = 10 * 2**20
MAX_FILES = 100
# Parsing takes up to 6 s and 900 MB for 1 MB: the training finds the mistakes of larger files.
MAX_PARSED_BYTES = 2**16
#: Nor is what makes less of it slow: the parser copies the first part of a dotted name for every
#: other, 1 GB for 64 kB, and sorts the accents of a letter one by one.
SLOW = re.compile(r"(?:\.[\s\\]*[^\s\\.,;()]+[\s\\]*){100}|[^\x00-\x7f]{400}")
CHUNK = 2**16

ZIP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
ARCHIVE_STARTS = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
SKIPPED_IN_ZIPS = ("__MACOSX/",)
ZIP64_START = b"PK\6\7"
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError)
END_RECORD = struct.Struct("<4s4H2LH")
# A directory entry has 46 bytes, a name and extra fields: more than this is an attack.
MAX_ENTRY_BYTES = 46 + 4096


def _shown(name: str) -> str:
    """Quote a name that a stranger chose, on one line and without tricks of direction."""
    text = ascii(name)
    return text if len(text) <= 80 else f"{text[:76]}...'"


def accept_files(
    elements: Iterable[Element], files: Mapping[str, bytes], *, max_bytes: int = MAX_FILE_BYTES
) -> dict[str, bytes]:
    """Check the files of a submission against what its workflow asks for.

    Parameters
    ----------
    elements : iterable of Element
        What the workflow asks for.
    files : mapping of str to bytes
        By file name, as they were sent.
    max_bytes : int
        The size that one file may have.

    Returns
    -------
    dict of str to bytes
        The same bytes, in the order of the elements.

    Raises
    ------
    UploadError
        Naming every file that is unknown or missing, or the first that is not UTF-8 text or not
        Python, with its line.
    TooLargeError
        If a file is too large.
    """
    wanted = {element.filename: element for element in elements}
    unknown = [name for name in files if name not in wanted]
    if unknown:
        raise UploadError(
            phrase(
                "Unknown file: %(names)s. This event takes %(wanted)s; rename or leave out the "
                "others.",
                names=", ".join(_shown(name) for name in unknown[:5]),
                wanted=", ".join(wanted),
            )
        )
    missing = [name for name in wanted if name not in files]
    if missing:
        raise UploadError(
            phrase(
                "Missing: %(names)s. A submission has %(wanted)s.",
                names=", ".join(missing),
                wanted=", ".join(wanted),
            ),
            missing[0],
        )
    for element in wanted.values():
        check_file(element, files[element.filename], max_bytes=max_bytes)
    return {name: bytes(files[name]) for name in wanted}


def check_file(element: Element, content: bytes, *, max_bytes: int = MAX_FILE_BYTES) -> None:
    """Check one file of a submission.

    Raises
    ------
    UploadError
        If it is not what its element must be: UTF-8 text, and for code Python, which is parsed
        up to ``MAX_PARSED_BYTES``.
    TooLargeError
        If it is larger than ``max_bytes``.
    """
    name = element.filename
    if len(content) > max_bytes:
        raise TooLargeError(
            phrase(
                "%(name)s has %(n)s bytes; at most %(most)s are allowed.",
                name=name,
                n=f"{len(content):,}",
                most=f"{max_bytes:,}",
            ),
            name,
        )
    if element.type == "data":
        return
    text = text_of(name, content)
    is_quick = len(content) <= MAX_PARSED_BYTES and not SLOW.search(text)
    if element.type == "code" and is_quick:
        _check_python(name, text)


def text_of(name: str, content: bytes) -> str:
    """Decode a file of a submission.

    Raises
    ------
    UploadError
        If it is not UTF-8 text, with the line.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UploadError(
            phrase(
                "%(name)s is not UTF-8 text (line %(line)s). Save it as UTF-8.",
                name=name,
                line=line,
            ),
            name,
            line,
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UploadError(
            phrase("%(name)s has a null character in line %(line)s.", name=name, line=line),
            name,
            line,
        )
    return text


def _check_python(name: str, text: str) -> None:
    """Parse without compiling: compiling would compute constants, which can take for ever."""
    try:
        # Editors of Windows begin files with a mark, which Python leaves out when it imports them.
        ast.parse(text.removeprefix("\ufeff"), filename=name)
    except SyntaxError as error:
        line, fault = error.lineno, error.msg
        raise UploadError(
            phrase(
                "%(name)s is not valid Python (line %(line)s): %(fault)s.",
                name=name,
                line=line,
                fault=fault,
            )
            if line
            else phrase("%(name)s is not valid Python: %(fault)s.", name=name, fault=fault),
            name,
            line,
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UploadError(
            phrase("%(name)s cannot be parsed: it is nested too deeply.", name=name), name
        ) from error


def read_folder(
    elements: Iterable[Element],
    folder: Path,
    *,
    defaults: Mapping[str, bytes] | None = None,
    max_bytes: int = MAX_FILE_BYTES,
) -> dict[str, bytes]:
    """Read a submission from a folder; files that the workflow does not ask for are left alone.

    Parameters
    ----------
    elements : iterable of Element
        What the workflow asks for.
    folder : Path
        Where the files lie; links are not followed.
    defaults : mapping, optional
        Files to take where the folder has none, such as the starting kit's external data.
    max_bytes : int
        The size that one file may have.

    Raises
    ------
    UploadError, TooLargeError
        As :func:`accept_files`.
    """
    elements = list(elements)
    found = dict(defaults or {})
    for element in elements:
        content = _read_regular(folder / element.filename, max_bytes)
        if content is not None:
            found[element.filename] = content
    names = {element.filename for element in elements}
    kept = {name: content for name, content in found.items() if name in names}
    try:
        return accept_files(elements, kept, max_bytes=max_bytes)
    except UploadError as error:
        error.args = (f"{folder.name}: {error.message}", *error.args[1:])
        raise


def _read_regular(path: Path, max_bytes: int) -> bytes | None:
    """Read a file that is no link, at most one byte more than allowed; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes + 1)


def unpack(
    archive: bytes, *, max_bytes: int = MAX_FILE_BYTES, max_files: int = MAX_FILES
) -> dict[str, bytes]:
    """Unpack a zip archive into memory, with caps on what comes out.

    Parameters
    ----------
    archive : bytes
        The zip as it was sent.
    max_bytes : int
        What all its files together may have, unpacked.
    max_files : int
        How many entries it may have.

    Returns
    -------
    dict of str to bytes
        By file name. The entries that Finder adds to zips are left out.

    Raises
    ------
    UploadError
        If it is damaged or encrypted, or has folders, links, names that differ only in case, or
        archives inside.
    TooLargeError
        If it holds too much.
    """
    _check_directory(archive, max_files)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [
                entry
                for entry in opened.infolist()
                if not entry.filename.startswith(SKIPPED_IN_ZIPS)
            ]
            if len(entries) > max_files:
                raise _too_many(max_files)
            _check_entries(entries)
            return _read_entries(opened, entries, max_bytes)
    except UploadError:
        raise
    except DAMAGE as error:
        raise _damaged() from error


def _damaged() -> UploadError:
    return UploadError(phrase("The archive is not a readable zip. Zip the files again."))


def _too_many(max_files: int) -> TooLargeError:
    return TooLargeError(phrase("The archive has more than %(most)s files.", most=max_files))


def _check_directory(archive: bytes, max_files: int) -> None:
    """Read the end record first: a directory of a million names would fill the memory."""
    place = archive.rfind(b"PK\x05\x06", max(0, len(archive) - END_RECORD.size - 2**16))
    if place < 0 or place + END_RECORD.size > len(archive):
        raise _damaged()
    if archive[max(0, place - 20) : place].startswith(ZIP64_START):
        # Its own record would be believed instead of this one.
        raise TooLargeError(
            phrase("The archive is a zip64, for very many or large files. Use plain zip.")
        )
    fields = END_RECORD.unpack_from(archive, place)
    n_entries, directory_bytes = fields[4], fields[5]
    if n_entries > max_files or directory_bytes > max_files * MAX_ENTRY_BYTES:
        raise _too_many(max_files)


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        mode = entry.external_attr >> 16
        if entry.is_dir() or "/" in name or "\\" in name:
            raise UploadError(
                phrase(
                    "The archive has a folder or path (%(name)s). Zip the files themselves, not "
                    "their folder.",
                    name=_shown(name),
                )
            )
        if not ZIP_NAME.fullmatch(entry.orig_filename):
            raise UploadError(
                phrase("The archive has a file with a strange name: %(name)s.", name=_shown(name))
            )
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise UploadError(
                phrase("%(name)s in the archive is not an ordinary file.", name=_shown(name))
            )
        if entry.flag_bits & 0x1:
            raise UploadError(phrase("%(name)s in the archive is encrypted.", name=_shown(name)))
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UploadError(
                phrase(
                    "%(name)s is compressed in an unusual way. Use plain zip.", name=_shown(name)
                )
            )
        if name.lower() in seen:
            raise UploadError(phrase("The archive has %(name)s twice.", name=_shown(name)))
        seen.add(name.lower())


def _read_entries(
    opened: zipfile.ZipFile, entries: list[zipfile.ZipInfo], max_bytes: int
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = max_bytes
    for entry in entries:
        content = bytearray()
        with opened.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise TooLargeError(
                        phrase(
                            "The archive unpacks to more than %(most)s bytes, the most allowed.",
                            most=f"{max_bytes:,}",
                        )
                    )
                content += chunk
        if content.startswith(ARCHIVE_STARTS) or content[257:262] == b"ustar":
            raise UploadError(
                phrase("%(name)s is an archive inside the archive.", name=_shown(entry.filename))
            )
        files[entry.filename] = bytes(content)
    return files


def starting_folder(kit: Kit) -> Path:
    """Find the folder of the first submission in a problem's folder.

    Raises
    ------
    KitError
        If the problem has none.
    """
    folder = bundling.starting_folder(kit.path)
    if folder is not None:
        return folder
    raise KitError(
        f"problems/{kit.name} has no starting kit.",
        "Put the files of a first submission into submissions/starting_kit/ "
        "(ramp-kit) or starting_kit/ (2016).",
    )


def starting_files(kit: Kit) -> dict[str, bytes]:
    """Read the first submission of every sandbox, byte for byte.

    Raises
    ------
    KitError
        Naming what is missing or wrong in it.
    """
    folder = starting_folder(kit)
    try:
        return read_folder(kit.elements, folder)
    except UploadError as error:
        where = folder.relative_to(kit.path.parent).as_posix()
        raise KitError(f"The first submission in problems/{where} is wrong.", str(error)) from error


def example_submissions(kit: Kit) -> dict[tuple[str, str], dict[str, bytes]]:
    """Read the submissions that come with a problem, beside its starting kit.

    They lie in ``deposited_submissions/<team>/<submission>/`` (2016) or
    ``submissions/<submission>/`` (ramp-kit), or in both. A data file that one of them lacks is
    the starting kit's; a folder that lacks another file of the workflow is no submission.

    Returns
    -------
    dict
        The files by (team, submission); the team is empty for those of a ramp-kit.

    Raises
    ------
    KitError
        If the starting kit or an example is wrong.
    """
    data_names = {element.filename for element in kit.elements if element.type == "data"}
    start = starting_files(kit) if data_names else {}
    defaults = {name: content for name, content in start.items() if name in data_names}
    folders = {
        ("", folder.name): folder
        for folder in sorted((kit.path / "submissions").glob("*/"))
        if folder.name != "starting_kit"
    }
    for folder in sorted((kit.path / "deposited_submissions").glob("*/*/")):
        folders[folder.parent.name, folder.name] = folder
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for key, folder in folders.items():
        if all((folder / e.filename).is_file() for e in kit.elements if e.type != "data"):
            try:
                found[key] = read_folder(kit.elements, folder, defaults=defaults)
            except UploadError as error:
                raise KitError(
                    f"An example submission of {kit.name} is wrong.", str(error)
                ) from error
    return found

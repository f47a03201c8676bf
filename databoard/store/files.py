"""What lies beside the database: sources, predictions and logs of submissions.

A submission's folder is ``submissions/submission_<hash>/``: its files at the top, and one
``fold_<i>/`` per fold with ``y_pred_train.npy``, ``y_pred_test.npy`` and ``log.txt``. Every file
arrives under a temporary name and is renamed when it is whole, so that a crash leaves either
nothing or all of it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from databoard.errors import NotFoundError
from databoard.phrases import phrase

#: No workflow has an element of this name.
PLOTS = ".plots.json"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or none, and have it on the disk before returning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk too."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Files:
    """The files of all submissions, below one folder."""

    root: Path

    def folder(self, name: str) -> Path:
        """Path of a submission's folder."""
        return self._member(name)

    def _member(self, folder: str, *parts: str) -> Path:
        """Path below a submission's folder; names come from the database, never from a request."""
        for part in (folder, *parts):
            if part in ("", ".", "..") or "/" in part or "\\" in part or "\0" in part:
                raise NotFoundError(phrase("There is no such file."))
        return self.root.joinpath(folder, *parts)

    def write_sources(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Keep the files of a submission, all or none."""
        target = self.folder(folder)
        part = self.root / f".{folder}.{secrets.token_hex(4)}.part"
        part.mkdir(parents=True)
        try:
            for name, content in files.items():
                write_atomically(part / name, content)
            part.rename(target)
            _sync_folder(target)
            _sync_folder(self.root)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def read_source(self, folder: str, filename: str) -> bytes:
        """Bytes of a submission's file.

        Raises
        ------
        NotFoundError
            If it is not there.
        """
        try:
            return self._member(folder, filename).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(
                phrase("The file %(filename)s is missing on the server.", filename=filename)
            ) from None

    def fold_path(self, folder: str, number: int, name: str) -> Path:
        """Path of a file of one fold."""
        return self._member(folder, f"fold_{number}", name)

    def write_fold(self, folder: str, number: int, name: str, content: bytes) -> None:
        """Keep a file of one fold."""
        write_atomically(self.fold_path(folder, number, name), content)

    def read_fold(self, folder: str, number: int, name: str) -> bytes | None:
        """Bytes of a file of one fold; None if there is none."""
        try:
            return self.fold_path(folder, number, name).read_bytes()
        except FileNotFoundError:
            return None

    def stage_fold(
        self, folder: str, number: int, token: int, contents: Mapping[str, bytes]
    ) -> None:
        """Lay what a fold left beside its place, under the token of whoever trained it.

        Not forced to the disk: what a loss of power takes is known by its hash and trained again.
        """
        target = self._member(folder, f".fold_{number}.{token}")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name, content in contents.items():
            (target / name).write_bytes(content)

    def publish_fold(self, folder: str, number: int, token: int) -> None:
        """Put what was staged in its place; again changes nothing."""
        staged = self._member(folder, f".fold_{number}.{token}")
        if staged.is_dir():
            place = self._member(folder, f"fold_{number}")
            shutil.rmtree(place, ignore_errors=True)
            staged.rename(place)

    def unstage_fold(self, folder: str, number: int, token: int) -> None:
        """Forget what was staged: somebody else trains the fold."""
        shutil.rmtree(self._member(folder, f".fold_{number}.{token}"), ignore_errors=True)

    def clear_fold(self, folder: str, number: int) -> None:
        """Forget what earlier attempts left of a fold, published or not."""
        for path in self.folder(folder).glob(f"*fold_{number}*"):
            if path.name == f"fold_{number}" or path.name.startswith(f".fold_{number}."):
                shutil.rmtree(path, ignore_errors=True)

    def copy_folds(self, source: str, target: str) -> None:
        """Give a submission the predictions and logs of an identical one."""
        for path in self.folder(source).glob("fold_*"):
            shutil.copytree(path, self._member(target, path.name), dirs_exist_ok=True)
        drawn = self.read_plots(source)
        if drawn is not None:
            self.write_plots(target, drawn)

    def write_plots(self, folder: str, content: bytes) -> None:
        """Keep what the plots of a submission show (JSON)."""
        write_atomically(self._member(folder, PLOTS), content)

    def read_plots(self, folder: str) -> bytes | None:
        """Bytes of what the plots of a submission show; None if there are none."""
        try:
            return self._member(folder, PLOTS).read_bytes()
        except FileNotFoundError:
            return None

    def read_log(self, folder: str, number: int, *, last: int | None = None) -> str:
        """Read what a fold has printed so far; of a long log ``…`` and the last so many bytes."""
        try:
            with self.fold_path(folder, number, "log.txt").open("rb") as file:
                n_skipped = max(0, os.fstat(file.fileno()).st_size - last) if last else 0
                file.seek(n_skipped)
                return ("…" if n_skipped else "") + file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def remove_parts(self, folder: str, *, before: float) -> None:
        """Forget what was being written when its writer was killed; parts are hidden files."""
        for pattern in (".fold_*", ".*.part", "*/.*.part"):
            for path in self.folder(folder).glob(pattern):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime >= before:
                        continue
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def remove(self, folder: str) -> None:
        """Remove a submission's folder."""
        shutil.rmtree(self.folder(folder), ignore_errors=True)

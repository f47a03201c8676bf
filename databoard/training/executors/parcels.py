"""Parcels by sha256: on the trainer's side hashed and laid out, on a worker's side kept.

A worker holds them as sealed files in memory: no path leads there, so that nobody can read them
but who is given the descriptor, which is a box for its X and its own labels.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from databoard.training import wire

CHUNK_BYTES = 8 << 20
KEPT_BYTES = 8 << 30
_KEPT_S = 7 * 86_400.0


class Shelf:
    """The trainer's side: what parcels are called, and copies in a shared folder.

    Parameters
    ----------
    folder : Path
        Readable by its owner only; workers that see it under the same path need not be sent
        anything.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: WeakKeyDictionary[object, dict[int, tuple[str, int]]]
        self._names = WeakKeyDictionary()
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _KEPT_S:
                    path.unlink()

    def name(self, owner: object, descriptor: int) -> tuple[str, int]:
        """Return the sha256 and the size of a parcel, and see that its copy is there.

        A descriptor means the same as long as its owner lives, and no longer.
        """
        with self._lock:
            known = self._names.setdefault(owner, {})
            if descriptor not in known:
                content = wire.contents(descriptor)
                sha256 = hashlib.sha256(content).hexdigest()
                self._lay_out(sha256, content)
                known[descriptor] = (sha256, len(content))
            return known[descriptor]

    def _lay_out(self, sha256: str, content: bytes) -> None:
        path = self.folder / sha256
        if path.exists():
            path.touch()
            return
        part = self.folder / f".{sha256}.{secrets.token_hex(4)}"
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
        part.rename(path)


def chunks(descriptor: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Cut a parcel into pieces that travel well."""
    for offset in range(0, size, CHUNK_BYTES):
        yield offset, os.pread(descriptor, min(CHUNK_BYTES, size - offset), offset)


class Store:
    """A worker's side: the parcels that it holds, the least used ones let go first."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._held: dict[str, tuple[int, int]] = {}
        self._arriving: dict[tuple[str, str], bytearray] = {}
        self._lock = threading.Lock()

    def lacks(self, parcels: Mapping[str, tuple[str, int]], folder: str) -> list[str]:
        """Return the sha256 of those that are neither here nor in the shared folder."""
        return [
            sha256
            for sha256, size in parcels.values()
            if not (sha256 in self._held or self._fetch(sha256, size, Path(folder)))
        ]

    @contextlib.contextmanager
    def lend(self, parcels: Mapping[str, tuple[str, int]]) -> Iterator[dict[str, int]]:
        """Lend descriptors, the borrower's own.

        Raises
        ------
        KeyError
            If one of them is no longer here.
        """
        lent: dict[str, int] = {}
        try:
            with self._lock:
                for name, (sha256, _) in parcels.items():
                    self._held[sha256] = self._held.pop(sha256)
                    lent[name] = os.dup(self._held[sha256][0])
            yield lent
        finally:
            wire.close(*lent.values())

    def receive(self, sender: str, sha256: str, size: int, offset: int, chunk: bytes) -> bool:
        """Take a piece of a parcel; True when it is whole, and what it is called.

        Raises
        ------
        ValueError
            If it is not.
        """
        key = (sender, sha256)
        with self._lock:
            arriving = self._arriving.setdefault(key, bytearray())
            if offset != len(arriving):
                # The sender has begun anew, or a piece was lost: only a beginning goes on.
                del arriving[:]
                if offset:
                    raise ValueError("a piece of a parcel was lost")
            arriving += chunk
            if len(arriving) < size:
                return False
            content = bytes(self._arriving.pop(key))
        if not self._keep(sha256, content):
            raise ValueError("a parcel is not what its name says")
        return True

    def _fetch(self, sha256: str, size: int, folder: Path) -> bool:
        try:
            if (folder / sha256).stat().st_size != size:
                return False
            return self._keep(sha256, (folder / sha256).read_bytes())
        except OSError:
            return False

    def _keep(self, sha256: str, content: bytes) -> bool:
        if hashlib.sha256(content).hexdigest() != sha256:
            return False
        descriptor = wire.freeze([content], "parcel")
        with self._lock:
            if sha256 in self._held:
                wire.close(descriptor)
                return True
            self._held[sha256] = (descriptor, len(content))
            while len(self._held) > 3 and self._n_bytes() > self._kept_bytes:
                wire.close(self._held.pop(next(iter(self._held)))[0])
        return True

    def _n_bytes(self) -> int:
        return sum(size for _, size in self._held.values())

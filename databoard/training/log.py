"""What a box prints: kept up to a limit, and cut in two where the test data arrive."""

from __future__ import annotations

import os
from collections.abc import Callable

# As much as a pipe holds, at most 1 MB, a few times over.
_PIECES, _PIECE_BYTES = 64, 1 << 16


class Log:
    """Reads the pipe of one fold.

    Parameters
    ----------
    descriptor : int
        The pipe's reading end, non-blocking.
    limit : int
        Bytes that are kept, the notice among them; the rest is read, counted and dropped, so
        that no writer ever waits.
    notice : bytes
        What ends a log that was cut before the test data arrived. Nothing tells whether what came
        after was cut: it could carry a bit of what must stay hidden.
    on_public : callable
        Gets each kept piece that was printed before the test data arrived.
    """

    def __init__(
        self,
        descriptor: int,
        limit: int,
        on_public: Callable[[bytes], None],
        notice: bytes = b"",
    ) -> None:
        self.descriptor = descriptor
        self.dropped = 0
        self.is_open = True
        self._left = max(0, limit - len(notice))
        self._on_public = on_public
        self._notice = notice
        self._public = bytearray()
        self._hidden = bytearray()
        self._is_hidden = False

    @property
    def public(self) -> bytes:
        """What was printed before the test data arrived."""
        return bytes(self._public)

    @property
    def hidden(self) -> bytes:
        """What was printed after; never for the team."""
        return bytes(self._hidden)

    def hide(self) -> None:
        """Hide what is printed from now on: the test data are about to arrive."""
        self.read()
        self._is_hidden = True

    def read(self) -> None:
        """Read what is there, in a few pieces, however small: so nobody keeps us here."""
        pieces: list[bytes] = []
        while self.is_open and len(pieces) < _PIECES:
            try:
                piece = os.read(self.descriptor, _PIECE_BYTES)
            except BlockingIOError:
                break
            self.is_open = bool(piece)
            pieces.append(piece)
        self._take(b"".join(pieces))

    def _take(self, piece: bytes) -> None:
        kept = piece[: self._left]
        self._left -= len(kept)
        self.dropped += len(piece) - len(kept)
        if self._is_hidden:
            self._hidden += kept
            return
        if len(kept) < len(piece):
            kept, self._notice = kept + self._notice, b""
        if kept:
            self._public += kept
            self._on_public(kept)

"""What crosses the wall between the trusted side and a box.

Values are frozen dataclasses, messages are JSON in one datagram each, data are files in memory
passed as descriptors. From the trusted side any encoding will do; what a box sends back is
numbers: a ``.npy`` whose header must equal, byte for byte, the one that we expect, or, for
predictions that are no plain arrays, JSON that consists of lists and finite numbers.
Nothing that a box has written is ever unpickled.
"""

from __future__ import annotations

import errno
import io
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Fault = Literal["team", "organiser", "ours"]
LogPolicy = Literal["full", "limited"]
Step = Literal["starting", "training", "validating", "testing"]

MESSAGE_BYTES = 128 * 1024
MAX_DESCRIPTORS = 16
NPY_HEADER_BYTES = 128
# Of predictions that are lists: reading them takes ten times as much memory, in the trainer.
MAX_LIST_BYTES = 1 << 24


@dataclass(frozen=True)
class Limits:
    """What one fold may use; the team is told these numbers.

    Attributes
    ----------
    seconds : float
        Wall clock from the start of the fold to its last prediction.
    memory_mb, disk_mb, output_kb : int
        MB are 2**20 and KB 2**10 bytes; ``disk_mb`` holds for /tmp and /dev/shm together.
    cores : int
        Threads that libraries are told to use, and CPU time per second where cgroups count it.
    pids : int
        Processes and threads at once.
    """

    seconds: float = 600.0
    memory_mb: int = 2048
    cores: int = 1
    disk_mb: int = 256
    output_kb: int = 64
    pids: int = 128


@dataclass(frozen=True)
class FoldTask:
    """One fold of one submission that is to be trained: plain values, so that it can travel.

    A check trains on a few public rows instead of a fold, and waits behind no training.
    """

    submission: Path
    problem: str
    event: str | None
    fold: int
    limits: Limits = field(default_factory=Limits)
    log: LogPolicy = "limited"
    strict: bool = False
    is_check: bool = False

    @property
    def hash_(self) -> str:
        """Name of the submission in addresses and logs."""
        return self.submission.name.removeprefix("submission_")


@dataclass(frozen=True)
class Verdict:
    """How a fold ended, and whose it was.

    Attributes
    ----------
    state : str
        ``tested`` if all went well; ``training_error``, ``validating_error``, ``testing_error``;
        ``checking_error`` when the box did not come to train; ``cancelled``.
    fault : {"team", "organiser", "ours"} or None
        None when there is none.
    message : str
        One line for the team, already cut to what the event's log policy shows.
    file, line : the failing line in the team's own code, where it is known.
    limit : {"time", "memory", "disk", "processes", "output", ""}
        The limit that was reached.
    traceback : str
        The whole of it; for the team only if ``is_public``.
    signal : int
        What ended the process, where nothing else explains it; SIGKILL may be somebody else's.
    is_quoted : bool
        Whether the message holds words that the submission chose.
    """

    state: str
    fault: Fault | None = None
    step: Step = "starting"
    message: str = ""
    file: str = ""
    line: int | None = None
    limit: str = ""
    traceback: str = ""
    is_public: bool = False
    signal: int = 0
    is_quoted: bool = False

    @property
    def is_ok(self) -> bool:
        """Whether there are predictions to score."""
        return self.state == "tested"


@dataclass(frozen=True)
class FoldEvent:
    """News from a running fold; ``log`` carries what the team may see of its output, live."""

    kind: Literal["training", "trained", "validated", "tested", "log"]
    seconds: float
    log: bytes = b""


@dataclass(frozen=True)
class FoldResult:
    """What came of a fold.

    Attributes
    ----------
    y_pred_train, y_pred_test : bytes or None
        A complete ``.npy`` of float64 (or JSON, see `Form`), as it is to be stored.
    dtypes : mapping
        The type that the submission returned per step, which its scores depend on in the last
        digits: ``{"train": "float32", "test": "float32"}``.
    train_s, valid_s, test_s : float or None
        Seconds by the trusted side's monotonic clock.
    peak_mb : float
        Highest memory use seen; 0.0 if it was not measured.
    isolation, tier : str
        The tier in force where the fold ran, and its words, `databoard.training.box.Isolation`;
        "" where no box was made.
    log, hidden_log : bytes
        Output before, and after, the test data arrived; the second is never for the team.
    log_is_public : bool
        Whether the team may read ``log``.
    dropped : int
        Bytes of output beyond the limit.
    """

    verdict: Verdict
    y_pred_train: bytes | None = None
    y_pred_test: bytes | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    train_s: float | None = None
    valid_s: float | None = None
    test_s: float | None = None
    peak_mb: float = 0.0
    isolation: str = ""
    tier: str = ""
    log: bytes = b""
    hidden_log: bytes = b""
    log_is_public: bool = False
    dropped: int = 0


@dataclass(frozen=True)
class Form:
    """The predictions that are expected of a step.

    Attributes
    ----------
    kind : {"array", "any"}
        ``array``: float64 of exactly ``shape``. ``any``: the kit's own prediction type; an array
        with ``shape[0]`` rows, or a list of them in JSON.
    shape : tuple of int
    """

    kind: Literal["array", "any"]
    shape: tuple[int, ...]

    @property
    def capacity(self) -> int:
        """Bytes of the file in memory that takes the predictions."""
        if self.kind == "array":
            return npy_size(self.shape)
        return NPY_HEADER_BYTES + max(1 << 20, 4096 * self.shape[0])


# ------------------------------------------------------------------ messages
def send(
    channel: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()
) -> None:
    """Send one message, with descriptors."""
    # As UTF-8 letters of any script take little room; half characters become their escapes.
    text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
    data = text.encode(errors="backslashreplace")
    if descriptors:
        socket.send_fds(channel, [data], list(descriptors))
    else:
        channel.sendmsg([data])


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Wait for one message from a trusted sender; None when the other end has gone.

    Raises
    ------
    OSError
        If this process has no room for a descriptor that was sent: the others stand elsewhere.
    """
    try:
        data, descriptors, flags, _ = socket.recv_fds(channel, MESSAGE_BYTES * 4, MAX_DESCRIPTORS)
    except ConnectionError:
        return None
    if flags & socket.MSG_CTRUNC:
        close(*descriptors)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    if not data:
        return None
    return json.loads(data), list(descriptors)


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """Make two connected ends that keep the borders of messages."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


# ------------------------------------------------------------------ files in memory
_F_ADD_SEALS = 1033
_SET_FLAGS, _NO_ATIME = 0x40086602, 0x80
_SEAL_SEAL, _SEAL_SHRINK, _SEAL_GROW, _SEAL_WRITE = 1, 2, 4, 8


def _memory_file(name: str) -> int:
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def _seal(descriptor: int, seals: int) -> None:
    import fcntl

    fcntl.fcntl(descriptor, _F_ADD_SEALS, seals)


def freeze(chunks: Sequence[bytes | memoryview], name: str = "data") -> int:
    """Put bytes into a file in memory that nobody can change, and return its descriptor."""
    descriptor = _memory_file(name)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
    _seal(descriptor, _SEAL_SEAL | _SEAL_SHRINK | _SEAL_GROW | _SEAL_WRITE)
    # Other users get no right to open it again or to write its attributes.
    os.fchmod(descriptor, 0o400)
    return descriptor


def _keeps_no_times(descriptor: int) -> bool:
    """Have a file in memory forget when it was read; False where the kernel cannot (before 6.6)."""
    import fcntl

    try:
        fcntl.ioctl(descriptor, _SET_FLAGS, _NO_ATIME.to_bytes(4, "little"))
    except OSError:
        return False
    return True


def opened_anew(descriptor: int, *, shared: bool) -> int:
    """Open a frozen file once more, so that no two boxes can leave each other notes in it.

    An offset and flags belong to an opening; rights, times and attributes belong to the file, and
    whoever owns it may write them.

    Parameters
    ----------
    descriptor : int
    shared : bool
        Whether the reader is another user, to whom the file itself may be given; if not, or
        where the file would remember when it was read, it is copied.
    """
    if shared and _keeps_no_times(descriptor):
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    size = os.fstat(descriptor).st_size
    copy = _memory_file("parcel")
    offset = 0
    while offset < size:
        offset += os.sendfile(copy, descriptor, offset, size - offset)
    os.lseek(copy, 0, os.SEEK_SET)
    _seal(copy, _SEAL_SEAL | _SEAL_SHRINK | _SEAL_GROW | _SEAL_WRITE)
    return copy


def blank(size: int, name: str = "predictions") -> int:
    """Make a file in memory of exactly ``size`` zeros, which can be written but not resized."""
    descriptor = _memory_file(name)
    os.ftruncate(descriptor, size)
    _seal(descriptor, _SEAL_SEAL | _SEAL_SHRINK | _SEAL_GROW)
    return descriptor


def contents(descriptor: int, most: int | None = None) -> bytes:
    """Read a whole file in memory, or its first bytes."""
    size = os.fstat(descriptor).st_size
    size = size if most is None else min(size, most)
    chunks, offset = [], 0
    while offset < size:
        chunk = os.pread(descriptor, min(size - offset, 1 << 26), offset)
        if not chunk:
            break
        chunks.append(chunk)
        offset += len(chunk)
    return b"".join(chunks)


def freeze_files(files: Mapping[str, bytes]) -> int:
    """Put named files into one file in memory: a line of JSON with the sizes, then the bytes."""
    index = json.dumps({name: len(data) for name, data in files.items()}).encode() + b"\n"
    return freeze([index, *files.values()], "files")


def thaw_files(descriptor: int) -> dict[str, bytes]:
    """Read what `freeze_files` wrote."""
    stream = io.BytesIO(contents(descriptor))
    index: dict[str, int] = json.loads(stream.readline())
    return {name: stream.read(size) for name, size in index.items()}


def close(*descriptors: int) -> None:
    """Close descriptors, each once: a number that was closed before may be another file's.

    Raises
    ------
    OSError
        If one of them was closed before.
    """
    for descriptor in descriptors:
        os.close(descriptor)


# ------------------------------------------------------------------ .npy
def npy_header(shape: tuple[int, ...]) -> bytes:
    r"""Return the first 128 bytes of a version 1.0 ``.npy`` of float64 in C order.

    >>> npy_header((2, 3))[:10]
    b'\x93NUMPY\x01\x00v\x00'
    """
    words = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape!r}, }}"
    padding = NPY_HEADER_BYTES - 10 - 1
    return (
        b"\x93NUMPY\x01\x00"
        + (padding + 1).to_bytes(2, "little")
        + (words.ljust(padding) + "\n").encode("latin1")
    )


def npy_size(shape: tuple[int, ...]) -> int:
    """Bytes of a ``.npy`` of float64."""
    size = 8
    for length in shape:
        size *= length
    return NPY_HEADER_BYTES + size

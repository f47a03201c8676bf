"""Parcels: X and y on their way from the scorer into a box.

From trusted to untrusted any encoding will do, so this is pickle: written by the scorer, read only
inside a box. Large arrays stand outside of the pickle, aligned, in a sealed file in memory that
every box maps privately: ten folds of a large X share one copy until a submission writes to it.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
from typing import Any

from databoard.training import wire

_ALIGNMENT = 64


def seal(value: object) -> int:
    """Write a value into a sealed file in memory and return the descriptor."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    sizes = [len(body), *(view.nbytes for view in views)]
    index = json.dumps(sizes).encode() + b"\n"
    chunks: list[bytes | memoryview] = [index]
    position = len(index)
    for chunk in (memoryview(body), *views):
        padding = -position % _ALIGNMENT
        chunks += [b"\0" * padding, chunk]
        position += padding + chunk.nbytes
    return wire.freeze(chunks, "parcel")


def unseal(descriptor: int) -> Any:
    """Read a parcel, inside a box; its arrays may be written to and are the reader's own."""
    size = os.fstat(descriptor).st_size
    memory = mmap.mmap(
        descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE
    )
    view = memoryview(memory)
    end = memory.find(b"\n") + 1
    parts, position = [], end
    for length in json.loads(bytes(view[:end])):
        position += -position % _ALIGNMENT
        parts.append(view[position : position + length])
        position += length
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301  (trusted to untrusted)

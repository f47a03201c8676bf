"""What need not be read again: rows in one transaction, arrays that do not change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from numpy.typing import NDArray
from sqlalchemy.orm import Session

T = TypeVar("T")
KEPT = "databoard.kept"


def keep(session: Session, key: Hashable, read: Callable[[], T | None]) -> T | None:
    """Read a row, or give what the same transaction has read under this key.

    A session holds what is clean by weak references only, and a query never asks it; what a
    transaction has locked stays as it is.
    """
    transaction, kept = session.info.get(KEPT, (None, {}))
    if transaction is None or transaction is not session.get_transaction():
        kept = {}
    found: T | None = kept.get(key)
    if found is not None and found in session:
        return found
    found = read()
    if not session.in_nested_transaction():  # what a savepoint locks may be let go earlier
        kept[key] = found
        session.info[KEPT] = (session.get_transaction(), kept)
    return found


def expire(session: Session, model: type[Any], key: Any) -> None:
    """Have a row that was changed beside the session read again when it is next looked at."""
    held = session.identity_map.get(session.identity_key(model, key))
    if held is not None:
        session.expire(held)


class Arrays:
    """The arrays that were asked for last, by their keys, as many as fit; for all threads.

    Parameters
    ----------
    max_bytes : int
        Of all of them; a larger one is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.n_bytes = max_bytes, 0
        self._known: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give what was made under a key; what is None is made again."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]  # type: ignore[return-value]
        found = make()
        if found is not None and found.nbytes <= self.max_bytes:  # type: ignore[attr-defined]
            self._keep(key, found)  # type: ignore[arg-type]
        return found

    def _keep(self, key: Hashable, array: NDArray[Any]) -> None:
        with self._lock:
            before = self._known.pop(key, None)  # another thread made it meanwhile
            self._known[key] = array
            self.n_bytes += array.nbytes - (before.nbytes if before is not None else 0)
            while self.n_bytes > self.max_bytes:
                self.n_bytes -= self._known.popitem(last=False)[1].nbytes

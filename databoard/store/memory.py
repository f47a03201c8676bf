"""Rows that a transaction has read once and need not read again before it ends."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

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

"""The order in which rows are locked, so that no two transactions wait for each other.

Jobs come first, then submissions in the order of their keys, their lines on boards, and the event's
row last. SQLite has locked the whole database at BEGIN already.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from databoard.store.models.submissions import Submission


def lock_all(session: Session, where: ColumnElement[bool]) -> None:
    """Let others wait to change the submissions that are meant, until this transaction ends."""
    keys = select(Submission.id).where(where).order_by(Submission.id)
    session.execute(keys.with_for_update(key_share=True))

"""What results run in: remembered by the sum of its packages, and how problems' own stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.services import events, submissions
from databoard.store.models import Environment, Problem, ProblemEnvironment
from databoard.store.outages import CONFLICTS
from databoard.store.queries import environments as queries

FILE = "requirements.txt"
#: What every submission may count on, whatever else is installed.
PROMISED = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "ramp-workflow",
    "joblib",
    "threadpoolctl",
)


def remember(session: Session, packages: Sequence[str], *, now: datetime) -> str:
    """Store a list of packages once, and return its sum.

    Parameters
    ----------
    packages : sequence of str
        Python and all packages, each ``name==version``.
    """
    hash_ = hashlib.sha256("\n".join(packages).encode()).hexdigest()
    if queries.by_hash(session, hash_) is None:
        # Trainers that start together look together.
        with suppress(*CONFLICTS), session.begin_nested():
            session.add(Environment(hash_=hash_, packages=list(packages), seen_at=now))
    return hash_


def note(
    session: Session,
    problem_id: int,
    state: str,
    *,
    now: datetime,
    key: str = "",
    words: str = "",
    line: int | None = None,
    packages: Sequence[str] = (),
    trainer: str = "",
) -> int:
    """Keep how the environment of a problem stands; what failed for its sake is queued again.

    Parameters
    ----------
    state : str
        "waiting", "building", "ready" or "failed"; "" if the problem has no own one any more.

    Returns
    -------
    int
        How many submissions were queued again.
    """
    row = queries.of_problem(session, problem_id)
    before = row.state if row is not None else ""
    if not state:
        if row is not None:
            session.delete(row)
    else:
        if row is None:
            row = ProblemEnvironment(problem_id=problem_id, hash_="")
            session.add(row)
        row.state, row.key, row.note, row.line = state, key, words[:2000], line
        row.trainer, row.changed_at = trainer[:80], now
        if packages:
            row.hash_ = remember(session, packages, now=now)
    session.flush()
    if state != before:
        for event in queries.events_of(session, problem_id):
            events.touch(session, event, board=False)
    return _queue_again(session, problem_id, now) if before == "failed" != state else 0


def _queue_again(session: Session, problem_id: int, now: datetime) -> int:
    found = queries.failed_submissions(session, problem_id, FILE)
    for submission in found:
        submissions.retry(session, submission, now=now, reason=f"{FILE} has changed")
    return len(found)


def of_problem(session: Session, problem: Problem) -> Environment | None:
    """Find what submissions to a problem run in; None before a trainer has told."""
    own = queries.of_problem(session, problem.id)
    if own is not None:
        return queries.by_hash(session, own.hash_)
    return queries.of_trainers(session)


def pins(session: Session, problem: Problem) -> str:
    """Write the packages of a problem as a ``requirements.txt``; "" before they are known.

    All of them where the environment is the problem's own, else those that are promised: the
    server's Python has the server's packages, too.
    """
    found = of_problem(session, problem)
    if found is None:
        return ""
    own = queries.of_problem(session, problem.id) is not None
    python, *lines = found.packages
    kept = [line for line in lines if own or line.partition("==")[0] in PROMISED]
    head = f"# What submissions run in on the server: Python {python.partition('==')[2]} and\n"
    return head + "".join(f"{line}\n" for line in kept)

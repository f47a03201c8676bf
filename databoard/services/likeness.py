"""Which teams' submissions are alike, in how they are written or in what they get wrong.

Organisers look at such pairs; alike is not copied. Errors are compared by the stored influences of
the examples on the official score, so no label is needed, and any score type will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from databoard.domain import similarity
from databoard.domain.similarity import IntArray, Shingle, shingles
from databoard.errors import NotFoundError
from databoard.kits import bundling
from databoard.phrases import phrase
from databoard.store.files import Files
from databoard.store.influences import kind_of
from databoard.store.memory import Arrays
from databoard.store.models import Event
from databoard.store.queries import reports as queries

FloatArray = NDArray[np.float64]
#: Reads an influence: folder, run and kind.
Read = Callable[[str, int, str], FloatArray | None]

CODE_IS_ALIKE = 0.9
ERRORS_ARE_ALIKE = 0.98
#: Of a larger event, the best so many are compared.
MAX_COMPARED = 300
_remembered = Arrays(32 * 2**20)


@dataclass(frozen=True)
class Pair:
    """Two submissions of different teams, as rows of `queries.results`.

    Attributes
    ----------
    one, other : row
    code : float
        The share of code that both have, between 0 and 1; the starting kit's does not count.
    errors : float or None
        The cosine between their errors, between -1 and 1; None where that is not known.
    """

    one: Any
    other: Any
    code: float
    errors: float | None


def pairs(
    session: Session, event: Event, files: Files, read: Read, *, problem_dir: Path
) -> list[Pair]:
    """List the pairs of different teams whose code or whose errors are nearly the same.

    Parameters
    ----------
    files : Files
        The submissions.
    read : callable
        Reads influences.
    problem_dir : Path
        With the starting kit.

    Returns
    -------
    list of Pair
        The pairs whose code is most alike first.
    """
    rows = _best(session, event)
    if len(rows) < 2:
        return []
    codes = _codes(session, files, rows)
    code = similarity.code_similarities(codes, _kit_code(problem_dir))
    errors = _errors(event, rows, read)
    is_alike = (code >= CODE_IS_ALIKE) | (np.nan_to_num(errors) >= ERRORS_ARE_ALIKE)
    teams = [row.team for row in rows]
    found = [
        Pair(rows[i], rows[j], float(code[i, j]), _known(errors[i, j]))
        for i, j, _ in similarity.near_duplicates(is_alike.astype(np.float64), teams, 1.0)
    ]
    return sorted(found, key=lambda pair: (-pair.code, -(pair.errors or 0.0)))


def _best(session: Session, event: Event) -> list[Any]:
    """Choose the best scored submissions, and of each team its best."""
    scored = [
        row
        for row in queries.results(session, event.id)
        if row.state == "scored" and row.score is not None
    ]
    scored.sort(key=lambda row: row.score, reverse=not event.official_score.is_lower_the_better)
    return scored[:MAX_COMPARED]


def _codes(session: Session, files: Files, rows: Sequence[Any]) -> list[IntArray]:
    """Read the code of submissions as numbered runs of tokens."""
    names = queries.code_files(session, [row.id for row in rows])
    return [_code(files, row.hash_, tuple(names.get(row.id, ()))) for row in rows]


def _code(files: Files, hash_: str, names: tuple[str, ...]) -> IntArray:
    """Cut a submission's code into runs of tokens, once: its files never change."""
    return _remembered.get((files, hash_), lambda: similarity.numbered(_runs(files, hash_, names)))


def _runs(files: Files, hash_: str, names: Iterable[str]) -> set[Shingle]:
    found: set[Shingle] = set()
    for name in names:
        try:
            source = files.read_source(f"submission_{hash_}", name)
        except (NotFoundError, OSError):
            continue
        found |= shingles(source.decode(errors="replace"))
    return found


def _kit_code(problem_dir: Path) -> IntArray:
    sources = (path for path in bundling.kit_files(problem_dir).values() if path.suffix == ".py")
    runs = (shingles(path.read_text(errors="replace")) for path in sources)
    return similarity.numbered(frozenset().union(*runs))


def _errors(event: Event, rows: Sequence[Any], read: Read) -> FloatArray:
    """Compare the errors of all with those of all; NaN where an influence is missing."""
    kind = kind_of("public", event.ranking, event.official_score.id)
    vectors = [read(f"submission_{row.hash_}", row.run, kind) for row in rows]
    length = max((len(vector) for vector in vectors if vector is not None), default=0)
    known = {i: v for i, v in enumerate(vectors) if v is not None and len(v) == length > 0}
    errors = np.full((len(rows), len(rows)), np.nan)
    if known:
        stack = np.stack(list(known.values()))
        stack -= stack.mean(axis=1, keepdims=True)
        places = np.ix_(list(known), list(known))
        errors[places] = similarity.prediction_similarity(stack, np.zeros(1))
    return errors


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True)
class Alike:
    """An earlier submission of another team that one is like.

    ``code`` is the share of the code that both have, ``errors`` the cosine between their errors.
    """

    hash_: str
    code: float
    errors: float | None


#: From here on a team is asked whether it built on a submission.
CODE_IS_RELATED = 0.3
ERRORS_ARE_RELATED = 0.95
MAX_SUGGESTED = 5


def earlier_alike(
    session: Session, event: Event, hash_: str, files: Files, read: Read, *, problem_dir: Path
) -> list[Alike]:
    """List the earlier submissions of other teams that one is like, the likest first.

    Raises
    ------
    NotFoundError
        If the submission is not scored.
    """
    rows = queries.results(session, event.id)
    mine = next((row for row in rows if row.hash_ == hash_ and row.state == "scored"), None)
    if mine is None:
        raise NotFoundError(phrase("There is no such scored submission."))
    others = [
        row
        for row in _best(session, event)
        if row.team != mine.team and row.submitted_at < mine.submitted_at
    ]
    compared = [mine, *others]
    codes = _codes(session, files, compared)
    code = similarity.code_similarities(codes, _kit_code(problem_dir))[0]
    errors = _errors(event, compared, read)[0]
    found = [
        Alike(row.hash_, float(code[i]), _known(errors[i]))
        for i, row in enumerate(others, 1)
        if code[i] >= CODE_IS_RELATED or np.nan_to_num(errors[i]) >= ERRORS_ARE_RELATED
    ]
    return sorted(found, key=lambda one: (-one.code, -(one.errors or 0.0)))[:MAX_SUGGESTED]

"""The reckoning after chaos: is everything there, once, as it would be without the kills?"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from databoard.services import submissions
from databoard.store.engine import read_only
from databoard.store.files import Files
from databoard.store.models import FoldScore, Job, Submission
from databoard.store.queries import submissions as queries
from tests.invariants import violations
from tests.training.world import World

#: State and fault in which a submission of each kind must end whatever is killed.
Endings = Mapping[str, tuple[str, str]]


def reckon(
    world: World, endings: Endings, acknowledged: Sequence[str], cancelled: Sequence[str]
) -> list[str]:
    """List all that is not as it should be.

    Parameters
    ----------
    endings : mapping
        By kind; a submission is called ``<kind>-<number>``, and perhaps something after it.
    acknowledged : sequence of str
        Names that the site said it had.
    cancelled : sequence of str
        Names of those of them that somebody asked to stop: these may have ended before.
    """
    with read_only(), world.sessions() as session:
        rows = list(session.scalars(select(Submission)))
    found = [
        *_wrongly_many(rows, acknowledged),
        *(words for row in rows for words in _wrong_ending(row, endings, cancelled)),
        *_wrong_charges(world, rows),
        *_wrong_results(world, rows),
        *_wrong_files(world, rows),
    ]
    with read_only(), world.sessions() as session:
        found += violations(session, now=world.now(), strict=True)
    return found


def called(row: Submission) -> str:
    """Give the name that whoever submitted chose."""
    return "-".join(row.name.split("-")[:2])


def _wrongly_many(rows: Sequence[Submission], acknowledged: Sequence[str]) -> Iterator[str]:
    there = Counter(called(row) for row in rows)
    yield from (f"lost: {name}" for name in acknowledged if not there[name])
    yield from (f"there {n} times: {name}" for name, n in there.items() if n > 1)


def _wrong_ending(row: Submission, endings: Endings, cancelled: Sequence[str]) -> Iterator[str]:
    wanted = [endings[called(row).split("-")[0]]]
    if called(row) in cancelled:
        wanted.append(("cancelled", ""))
    if (row.state, row.fault) not in wanted:
        yield f"{row.name}: {row.state} {row.fault!r} {row.message}"


def _wrong_charges(world: World, rows: Sequence[Submission]) -> Iterator[str]:
    """Compare what counts against each team's quota with what it should be."""
    due = Counter(row.event_team_id for row in rows if row.state != "cancelled")
    with read_only(), world.sessions() as session:
        for place in {row.event_team_id for row in rows}:
            charged = len(queries.counted_times(session, place))
            if charged != due[place]:
                yield f"team {place} is charged for {charged} submissions, not {due[place]}"
        for job in session.scalars(select(Job)):
            if job.crashes:
                yield f"job {job.id} has {job.crashes} crashes, though no box crashed"


def _wrong_results(world: World, rows: Sequence[Submission]) -> Iterator[str]:
    """Submissions of one kind predict and score alike, and each score is there once."""
    files = Files(world.settings.submissions_dir)
    known: defaultdict[tuple[object, ...], set[object]] = defaultdict(set)
    with read_only(), world.sessions() as session:
        for key in [row.id for row in rows if row.state == "scored"]:
            row = queries.full(session, key)
            assert row is not None
            kind = called(row).split("-")[0]
            for run in row.fold_runs:
                for step, sha256 in (("train", run.train_sha256), ("test", run.test_sha256)):
                    content = files.read_fold(row.folder, run.number, f"y_pred_{step}.npy") or b""
                    if hashlib.sha256(content).hexdigest() != sha256:
                        yield f"{row.name}: fold {run.number} has other {step} predictions"
                    known[kind, run.number, step].add(sha256)
                scores = session.scalars(select(FoldScore).where(FoldScore.fold_run_id == run.id))
                values = sorted((s.event_score_type_id, s.train, s.valid, s.test) for s in scores)
                known[kind, run.number].add(tuple(values))
                if len(values) != 2:
                    yield f"{row.name}: fold {run.number} has {len(values)} scores"
    for what, values in known.items():
        if len(values) > 1:
            yield f"{what}: {len(values)} different results of one and the same code"


def _wrong_files(world: World, rows: Sequence[Submission]) -> Iterator[str]:
    """Every submission has its folder; after the sweep of an hour later nothing else is there."""
    root = world.settings.submissions_dir
    yield from (f"{row.name} has no files" for row in rows if not (root / row.folder).is_dir())
    with world.sessions.begin() as session:
        later = world.now() + timedelta(hours=2)
        submissions.sweep_folders(session, submissions_dir=root, now=later)
    kept = {row.folder for row in rows}
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if (
            parts[0] not in kept
            or any(part.endswith(".part") for part in parts)
            or parts[-1].startswith(".fold_")
        ):
            yield f"left over: {path}"


def left_in(folder: Path) -> list[str]:
    """Name what processes that are gone have left among the temporary files."""
    return [f"left over: {path}" for path in folder.iterdir()]

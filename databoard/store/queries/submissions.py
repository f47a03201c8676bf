"""Questions about submissions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from databoard.store.base import Base, UTCDateTime
from databoard.store.memory import expire
from databoard.store.models import (
    BaggedScore,
    Event,
    EventTeam,
    FoldRun,
    FoldScore,
    Submission,
    SubmissionScore,
    Team,
)


def by_id(session: Session, submission_id: int) -> Submission | None:
    """Submission of this key."""
    return session.get(Submission, submission_id)


def lock(session: Session, submission: Submission) -> None:
    """Read the state of a submission anew and let others wait to change it."""
    session.refresh(submission, ["state", "withdrawn_at", "withdrawal"], with_for_update=True)


def by_hash(session: Session, hash_: str) -> Submission | None:
    """Submission of this public name, with its files, team and event."""
    return session.scalar(
        select(Submission)
        .where(Submission.hash_ == hash_)
        .options(
            selectinload(Submission.files),
            joinedload(Submission.event_team).joinedload(EventTeam.team),
            joinedload(Submission.event_team).joinedload(EventTeam.event),
            joinedload(Submission.user),
        )
    )


def by_key(session: Session, event_team_id: int, key: str) -> Submission | None:
    """Submission that was sent with this idempotency key."""
    return session.scalar(
        select(Submission).where(Submission.event_team_id == event_team_id, Submission.key == key)
    )


def named(session: Session, event_team_id: int, name: str) -> Submission | None:
    """Find the current submission of a team under this name."""
    return session.scalar(
        select(Submission).where(
            Submission.event_team_id == event_team_id,
            Submission.name == name,
            Submission.withdrawn_at.is_(None),
        )
    )


def by_name(session: Session, event: Event, team_name: str, name: str) -> Submission | None:
    """Find the current submission of this team and name in an event."""
    return session.scalar(
        select(Submission)
        .join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .where(
            Submission.event_id == event.id,
            func.lower(Team.name) == team_name.lower(),
            Submission.name == name,
            Submission.withdrawn_at.is_(None),
        )
    )


def of_team(session: Session, event_team_id: int) -> list[Submission]:
    """List the submissions of a team, newest first, with their scores and folds' states."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.event_team_id == event_team_id, Submission.withdrawn_at.is_(None))
            .options(selectinload(Submission.scores), selectinload(Submission.fold_runs))
            .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        )
    )


def of_event(
    session: Session,
    event_id: int,
    *,
    states: Iterable[str] | None = None,
    team: str | None = None,
    name: str | None = None,
) -> list[Submission]:
    """List the submissions of an event in their order, those of some states, a team, a name."""
    query = (
        select(Submission)
        .join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .where(Submission.event_id == event_id, Submission.withdrawn_at.is_(None))
        .options(joinedload(Submission.event_team).joinedload(EventTeam.team))
        .order_by(Submission.submitted_at, Submission.id)
    )
    if states is not None:
        query = query.where(Submission.state.in_(list(states)))
    if team:
        query = query.where(func.lower(Team.name) == team.lower())
    if name:
        query = query.where(Submission.name == name)
    return list(session.scalars(query))


def _searched(
    query: Select[Any],
    event_ids: Collection[int] | None,
    states: Collection[str] | None,
    words: str,
    withdrawn: bool,
) -> Select[Any]:
    query = (
        query.join(EventTeam, EventTeam.id == Submission.event_team_id)
        .join(Team, Team.id == EventTeam.team_id)
        .where(Submission.withdrawal != "" if withdrawn else Submission.withdrawn_at.is_(None))
    )
    if event_ids is not None:
        query = query.where(Submission.event_id.in_(event_ids))
    if states is not None:
        query = query.where(Submission.state.in_(states))
    for word in words.split():
        query = query.where(
            or_(
                Submission.name.icontains(word, autoescape=True),
                Team.name.icontains(word, autoescape=True),
            )
        )
    return query


def search(
    session: Session,
    event_ids: Collection[int] | None,
    *,
    states: Collection[str] | None = None,
    words: str = "",
    withdrawn: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> list[Submission]:
    """List submissions of some events (None: of all), newest first, by state and words.

    Parameters
    ----------
    withdrawn : bool
        Those that organisers withdrew, instead of those that stand.
    """
    return list(
        session.scalars(
            _searched(select(Submission), event_ids, states, words, withdrawn)
            .options(
                joinedload(Submission.event_team).options(
                    joinedload(EventTeam.team), joinedload(EventTeam.event)
                )
            )
            .order_by(Submission.submitted_at.desc(), Submission.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def n_found(
    session: Session,
    event_ids: Collection[int] | None,
    *,
    states: Collection[str] | None = None,
    words: str = "",
    withdrawn: bool = False,
) -> int:
    """Count what ``search`` would find."""
    query = _searched(select(func.count(Submission.id)), event_ids, states, words, withdrawn)
    return session.scalar(query) or 0


def with_scores(session: Session, event_id: int) -> list[Submission]:
    """List the submissions of an event with everything that was ever measured of them."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.event_id == event_id, Submission.withdrawn_at.is_(None))
            .options(
                joinedload(Submission.event_team).joinedload(EventTeam.team),
                selectinload(Submission.fold_runs)
                .selectinload(FoldRun.scores)
                .joinedload(FoldScore.event_score_type),
                selectinload(Submission.bagged).joinedload(BaggedScore.event_score_type),
            )
            .order_by(Submission.submitted_at, Submission.id)
        )
    )


def full(session: Session, submission_id: int) -> Submission | None:
    """Submission with its files, fold runs, and all its scores."""
    return session.scalar(
        select(Submission)
        .where(Submission.id == submission_id)
        .options(
            joinedload(Submission.event_team).joinedload(EventTeam.team),
            joinedload(Submission.event_team).joinedload(EventTeam.event),
            selectinload(Submission.files),
            selectinload(Submission.fold_runs)
            .selectinload(FoldRun.scores)
            .joinedload(FoldScore.event_score_type),
            selectinload(Submission.scores).joinedload(SubmissionScore.event_score_type),
            selectinload(Submission.bagged),
        )
    )


def twin(
    session: Session, submission: Submission, made_with: Mapping[str, str]
) -> Submission | None:
    """Scored submission of the same event with the same code, made with the same, in full."""
    hashes = [getattr(Submission, name) == value for name, value in made_with.items()]
    found = session.scalar(
        select(Submission.id)
        .where(
            Submission.code_hash == submission.code_hash,
            Submission.event_id == submission.event_id,
            Submission.state == "scored",
            Submission.id != submission.id,
            *hashes,
        )
        .order_by(Submission.id)
        .limit(1)
    )
    return full(session, found) if found is not None else None


def mark_stale(session: Session, event_id: int, data_hash: str, kit_hash: str) -> None:
    """Mark what was scored with other data or another kit than these; unmark the others."""
    newest = session.execute(_newest(), {"event": event_id}).all()
    # As long as nothing changes, the marks are right: the cost of one more result stays the same.
    if len(newest) == 2 and {tuple(row) for row in newest} == {(data_hash, kit_hash)}:
        return
    is_other = or_(Submission.data_hash != data_hash, Submission.kit_hash != kit_hash)
    for mark, condition in ((True, is_other), (False, not_(is_other))):
        session.execute(
            update(Submission)
            .where(
                Submission.event_id == event_id,
                Submission.state == "scored",
                Submission.is_stale.is_(not mark),
                Submission.kit_hash != "",
                condition,
            )
            .values(is_stale=mark)
            .execution_options(synchronize_session=False)
        )


@cache
def _newest() -> Any:
    """Ask what the two newest results of an event were made with."""
    return (
        select(Submission.data_hash, Submission.kit_hash)
        .where(
            Submission.event_id == bindparam("event"),
            Submission.state == "scored",
            Submission.kit_hash != "",
        )
        .order_by(Submission.submitted_at.desc())
        .limit(2)
    )


def hashes(session: Session, *, ended: bool = False) -> set[str]:
    """Return the public names of all submissions, or of those that have ended."""
    query = select(Submission.hash_)
    if ended:
        query = query.where(Submission.state.not_in(("new", "training")))
    return set(session.scalars(query))


def counted_times(session: Session, event_team_id: int) -> Sequence[datetime]:
    """When the submissions were made that count against a quota.

    Cancelled ones and failures that were not the team's do not count, but for predictions whose
    score cannot be computed: whoever finds some would train without an end, and learn by it for
    which labels the score fails.
    """
    is_unscorable = and_(Submission.state == "scoring_error", Submission.fault == "organiser")
    return session.scalars(
        select(Submission.submitted_at)
        .where(
            Submission.event_team_id == event_team_id,
            Submission.state != "cancelled",
            or_(Submission.fault.in_(("", "team")), is_unscorable),
            Submission.is_baseline.is_(False),
        )
        .order_by(Submission.submitted_at)
    ).all()


def n_pending(session: Session, event_team_id: int) -> int:
    """Count what a team has in the queue."""
    return (
        session.scalar(
            select(func.count(Submission.id)).where(
                Submission.event_team_id == event_team_id,
                Submission.state.in_(("new", "training")),
                Submission.withdrawn_at.is_(None),
            )
        )
        or 0
    )


def n_by_state(session: Session, event_id: int) -> dict[str, int]:
    """Count the submissions of an event by state."""
    rows = session.execute(
        select(Submission.state, func.count(Submission.id))
        .where(Submission.event_id == event_id, Submission.withdrawn_at.is_(None))
        .group_by(Submission.state)
    )
    return {row[0]: row[1] for row in rows}


def fold_run(session: Session, submission_id: int, number: int) -> FoldRun | None:
    """Run of one fold of a submission."""
    return session.scalar(
        select(FoldRun).where(FoldRun.submission_id == submission_id, FoldRun.number == number)
    )


def end_fold(session: Session, submission_id: int, number: int, **values: Any) -> int | None:
    """Write how a fold ended; returns the key of its run, or None if it had ended before.

    Parameters
    ----------
    values
        Columns of `FoldRun`, ``ended_at`` among them.
    """
    which = {"of": submission_id, "nth": number, "now": values["ended_at"]}
    key: int | None = session.scalar(_ending(), {**which, **values})
    if key is not None:
        expire(session, FoldRun, key)
    return key


# These are put together once: for one row that takes longer than asking.


@cache
def _ending() -> Any:
    table = FoldRun.__table__
    started_at = func.coalesce(table.c.started_at, bindparam("now", type_=UTCDateTime()))
    return (
        update(table)  # type: ignore[arg-type]
        .where(
            table.c.submission_id == bindparam("of"),
            table.c.number == bindparam("nth"),
            table.c.ended_at.is_(None),
        )
        .values(started_at=started_at)
        .returning(table.c.id)
    )


@cache
def _measured() -> tuple[Any, Any]:
    run, score = FoldRun, FoldScore
    is_meant = run.submission_id == bindparam("of")
    folds = select(
        run.number, run.state, run.isolation, run.train_s, run.valid_s, run.test_s, run.peak_mb
    )
    scores = select(score.event_score_type_id, score.train, score.valid, score.test).join(
        run, run.id == score.fold_run_id
    )
    return (
        folds.where(is_meant).order_by(run.number),
        scores.where(is_meant).order_by(run.number),
    )


@dataclass(frozen=True)
class Measured:
    """What the folds of a run have come to.

    Attributes
    ----------
    folds : sequence of rows
        ``number``, ``state``, ``isolation``, ``train_s``, ``valid_s``, ``test_s``, ``peak_mb``.
    scores : mapping
        Rows of ``train``, ``valid``, ``test``, one per fold, by key of the event's score type.
    """

    folds: Sequence[Any]
    scores: Mapping[int, Sequence[Any]]


def measured(session: Session, submission_id: int) -> Measured:
    """Read what a submission's end is summed up from, in the order of the folds."""
    of_folds, of_scores = _measured()
    which = {"of": submission_id}
    folds = session.execute(of_folds, which).all()
    scores: dict[int, list[Any]] = {}
    for row in session.execute(of_scores, which):
        scores.setdefault(row.event_score_type_id, []).append(row)
    return Measured(folds, scores)


def add_scores(
    session: Session, kind: type[FoldScore | BaggedScore], rows: Sequence[dict[str, Any]]
) -> None:
    """Write many scores with one statement, past the session, which need not know them."""
    if rows:
        session.execute(_inserting(kind), rows)


@cache
def _inserting(kind: type[FoldScore | BaggedScore]) -> Any:
    return insert(Base.metadata.tables[kind.__tablename__])


def stop_folds(session: Session, submission_id: int, states: Collection[str]) -> None:
    """Cancel the folds in these states: another's failure has stopped them."""
    session.execute(
        update(FoldRun)
        .where(FoldRun.submission_id == submission_id, FoldRun.state.in_(states))
        .values(state="cancelled")
        .execution_options(synchronize_session="fetch")
    )


def with_team(session: Session, submission_id: int) -> Submission | None:
    """Submission as it is now, with its place in the event."""
    found: Submission | None = session.scalar(_with_team(), {"key": submission_id})
    return found


@cache
def _with_team() -> Any:
    return (
        select(Submission)
        .where(Submission.id == bindparam("key"))
        .options(joinedload(Submission.event_team))
        .execution_options(populate_existing=True)
    )


def unstar(session: Session, event_id: int) -> None:
    """Take the star from whatever was the reference of an event."""
    for one in session.scalars(
        select(Submission).where(Submission.event_id == event_id, Submission.is_starred)
    ):
        one.is_starred = False


def references(session: Session, event_id: int) -> list[Submission]:
    """List what others are compared with by default: the starred submission, then baselines."""
    return list(
        session.scalars(
            select(Submission)
            .where(
                Submission.event_id == event_id,
                Submission.is_starred | Submission.is_baseline,
                Submission.state == "scored",
                Submission.withdrawn_at.is_(None),
            )
            .options(
                selectinload(Submission.scores),
                joinedload(Submission.event_team).joinedload(EventTeam.team),
            )
            .order_by(Submission.is_starred.desc(), Submission.submitted_at)
        )
    )

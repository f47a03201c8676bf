"""Questions of the analyses: columns of scored submissions, and what is due."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select, text, update
from sqlalchemy.orm import Session, joinedload

from databoard.store.locking import lock_all
from databoard.store.memory import expire
from databoard.store.models import (
    Credit,
    Event,
    EventScoreType,
    EventTeam,
    Fold,
    Standing,
    Submission,
    SubmissionScore,
)


class Candidate(NamedTuple):
    """What an analysis needs of a scored submission."""

    id: int
    hash_: str
    run: int
    event_team_id: int
    submitted_at: datetime
    ended_at: datetime | None
    is_baseline: bool
    is_late: bool
    is_final: bool
    is_starred: bool
    is_out: bool
    is_rung: bool
    public: float | None
    private: float | None

    @property
    def folder(self) -> str:
        """Name of its folder below the submissions."""
        return f"submission_{self.hash_}"

    @property
    def is_ranked(self) -> bool:
        """Whether it takes a rank."""
        return not (self.is_baseline or self.is_late or self.is_out)


class Place(NamedTuple):
    """What is known of a submission's place on a board."""

    submission_id: int
    board: str
    rank_low: int
    rank_high: int
    tie_group: int
    p_best: float
    gap: float | None = None
    p_win: float | None = None
    p_podium: float | None = None
    delta: float | None = None
    delta_low: float | None = None
    delta_high: float | None = None
    verdict: str = ""


NOWHERE = {**dict.fromkeys(Place._fields), "verdict": ""}


#: In the words of the partial indexes.
_IS_NEW = text("(submissions.awaits_analysis = true)")
_IS_RUNG = text("(submissions.is_rung = true)")


def candidates(
    session: Session,
    event_id: int,
    *,
    only: Collection[int] | None = None,
) -> list[Candidate]:
    """List the scored submissions of an event with their official scores, oldest first.

    Parameters
    ----------
    only : collection of int, optional
        Only these of them.
    """
    s = Submission
    is_out = (s.disqualification != "") | EventTeam.disqualified_at.is_not(None)
    question = (
        select(
            s.id,
            s.hash_,
            s.run,
            s.event_team_id,
            s.submitted_at,
            s.ended_at,
            s.is_baseline,
            s.is_late,
            s.is_final,
            s.is_starred,
            is_out,
            s.is_rung,
            SubmissionScore.public,
            SubmissionScore.private,
        )
        .join(EventTeam, EventTeam.id == s.event_team_id)
        .join(SubmissionScore, SubmissionScore.submission_id == s.id)
        .join(EventScoreType, EventScoreType.id == SubmissionScore.event_score_type_id)
        .where(
            # Of these only: the sum keeps SQLite from walking along all of the event instead.
            (s.event_id if only is None else s.event_id + 0) == event_id,
            s.state == "scored",
            s.withdrawn_at.is_(None),
            EventScoreType.is_official,
        )
        .order_by(s.submitted_at, s.id)
    )
    if only is not None:
        question = question.where(s.id.in_(only))
    return [Candidate._make(row) for row in session.execute(question)]


def best(session: Session, event_id: int, board: str, n: int) -> list[int]:
    """List the submissions of the first lines of a board that take a rank."""
    rows = session.scalars(
        select(Standing.submission_id)
        .where(Standing.event_id == event_id, Standing.board == board, Standing.is_ranked)
        .order_by(Standing.key, Standing.submitted_at, Standing.submission_id)
        .limit(n)
    )
    return list(rows)


def new(session: Session, event_id: int) -> list[Candidate]:
    """List the scored submissions that were not analysed since."""
    found = session.scalars(select(Submission.id).where(Submission.event_id == event_id, _IS_NEW))
    keys = list(found)
    return candidates(session, event_id, only=keys) if keys else []


def able(session: Session, event_id: int, n: int) -> list[int]:
    """List the submissions of the first lines of the public board that may be combined."""
    rows = session.scalars(
        select(Standing.submission_id)
        .join(Submission, Submission.id == Standing.submission_id)
        .join(EventTeam, EventTeam.id == Standing.event_team_id)
        .where(
            Standing.event_id == event_id,
            Standing.board == "public",
            Standing.key < float("inf"),
            Submission.is_late.is_(False),
            Submission.disqualification == "",
            EventTeam.disqualified_at.is_(None),
        )
        .order_by(Standing.key, Standing.submitted_at, Standing.submission_id)
        .limit(n)
    )
    return list(rows)


def rungs(session: Session, event_id: int, n: int) -> list[int]:
    """List the best submissions that moved their team's score on a ladder."""
    rows = session.scalars(
        select(Submission.id)
        .join(Standing, Standing.submission_id == Submission.id)
        .where(
            Submission.event_id == event_id,
            _IS_RUNG,
            Standing.board == "public",
            Standing.is_ranked,
        )
        # The sum keeps SQLite from walking along the whole board for the sake of the order.
        .order_by(Standing.key + 0, Standing.submitted_at, Standing.submission_id)
        .limit(n)
    )
    return list(rows)


def rungs_of(session: Session, event_team_id: int) -> list[tuple[Submission, float]]:
    """List what moved a team's score on a ladder, first to last, with what it was then."""
    s, score = Submission, SubmissionScore
    rows = session.execute(
        select(s, score.public)
        .join(score, score.submission_id == s.id)
        .join(EventScoreType, EventScoreType.id == score.event_score_type_id)
        .where(
            s.event_team_id == event_team_id,
            _IS_RUNG,
            s.state == "scored",
            s.withdrawn_at.is_(None),
            EventScoreType.is_official,
            score.public.is_not(None),
        )
        .order_by(func.coalesce(s.ended_at, s.submitted_at), s.id)
    )
    return [(row[0], row[1] or 0.0) for row in rows]


def n_answered(session: Session, event_team_id: int) -> int:
    """Count the submissions of a team of which the public board shows a score."""
    st = Standing
    question = select(func.count()).where(
        st.event_team_id == event_team_id, st.board == "public", st.key < float("inf")
    )
    return session.scalar(question) or 0


def mark_analysed(session: Session, found: Iterable[Candidate]) -> None:
    """Note that these runs were analysed; one that was trained anew meanwhile was not."""
    rows = [{"b_id": one.id, "b_run": one.run} for one in found]
    if rows:
        session.connection().execute(
            update(Submission)
            .where(Submission.id == bindparam("b_id"), Submission.run == bindparam("b_run"))
            .values(awaits_analysis=False),
            rows,
        )


def renew(session: Session, event_id: int) -> None:
    """Have all results of an event analysed anew, a ladder climbed from its foot."""
    session.execute(
        update(Submission)
        .where(Submission.event_id == event_id, Submission.state == "scored")
        .values(awaits_analysis=True, is_rung=False)
        .execution_options(synchronize_session=False)
    )


def references(session: Session, event_id: int) -> list[int]:
    """List what others are compared with: baselines, and what is starred."""
    rows = session.scalars(
        select(Submission.id).where(
            Submission.event_id == event_id,
            # In the words of the partial index.
            text("(submissions.is_baseline = true OR submissions.is_starred = true)"),
        )
    )
    return list(rows)


def due(session: Session) -> list[int]:
    """List the events of which more analyses were asked for than are done."""
    rows = session.scalars(
        select(Event.id).where(Event.analysis_asked > Event.analysis_done).order_by(Event.id)
    )
    return list(rows)


def event(session: Session, event_id: int) -> Event | None:
    """Event of this key with its problem and score types, as it is now."""
    found = session.scalars(
        select(Event)
        .where(Event.id == event_id)
        .options(joinedload(Event.problem), joinedload(Event.score_types))
        .execution_options(populate_existing=True)
    )
    return found.unique().one_or_none()


def done(session: Session, event_id: int, asked: int) -> None:
    """Say that what was asked for until then is done."""
    session.execute(
        update(Event)
        .where(Event.id == event_id, Event.analysis_done < asked)
        .values(analysis_done=asked)
        .execution_options(synchronize_session=False)
    )


def hold(session: Session, event_id: int, keys: Iterable[int]) -> None:
    """Let changes of these submissions, and of all that hold a place or a share, wait."""
    placed = session.scalars(
        select(Standing.submission_id).where(
            Standing.event_id == event_id, Standing.rank_low.is_not(None)
        )
    )
    lock_all(session, Submission.id.in_({*keys, *placed, *shares(session, event_id)}))


def hold_scored(session: Session, event_id: int) -> None:
    """Let changes of all scored submissions of an event wait; before its own row is written."""
    lock_all(session, and_(Submission.event_id == event_id, Submission.state == "scored"))


def replace_places(session: Session, event_id: int, places: Sequence[Place]) -> None:
    """Put these in the place of all that is known of places on the boards of an event."""
    wanted = {(place.submission_id, place.board): place._asdict() for place in places}
    rows = session.execute(
        select(*(getattr(Standing, name) for name in Place._fields)).where(
            Standing.event_id == event_id, Standing.rank_low.is_not(None)
        )
    )
    known = {(row[0], row[1]): dict(zip(Place._fields, row, strict=True)) for row in rows}
    gone = [
        {**NOWHERE, "submission_id": key[0], "board": key[1]} for key in known if key not in wanted
    ]
    changed = [place for key, place in wanted.items() if known.get(key) != place]
    if gone or changed:
        session.execute(update(Standing), [*gone, *changed])


#: Submissions that hold a share; in the words of the partial index.
_HOLDS = text("(submissions.contributivity <> 0 OR submissions.historical_contributivity <> 0)")


def add_to_blend(
    session: Session, submission_id: int, without: float | None, together: float
) -> None:
    """Keep what a submission added to the best combination, unless that is known already."""
    values = {"of": submission_id, "blend_without": without, "blend_with": together}
    session.execute(_adding(), values)
    expire(session, Submission, submission_id)


@cache  # there is one for each result, and putting it together takes longer than doing it
def _adding() -> Any:
    table = Submission.__table__
    return update(table).where(table.c.id == bindparam("of"), table.c.blend_with.is_(None))  # type: ignore[arg-type]


def shares(session: Session, event_id: int) -> dict[int, tuple[float, float]]:
    """Contributivity and historical contributivity of those that hold any."""
    rows = session.execute(
        select(
            Submission.id, Submission.contributivity, Submission.historical_contributivity
        ).where(Submission.event_id == event_id, _HOLDS)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def write_shares(session: Session, event_id: int, wanted: dict[int, tuple[float, float]]) -> bool:
    """Write contributivity and historical contributivity, and zero for all others.

    Returns
    -------
    bool
        Whether anything changed.
    """
    known = shares(session, event_id)
    changed = {key: held for key, held in wanted.items() if known.get(key, (0.0, 0.0)) != held}
    changed |= dict.fromkeys(known.keys() - wanted.keys(), (0.0, 0.0))
    if changed:
        lock_all(session, Submission.id.in_(changed))
        session.execute(
            update(Submission),
            [
                {"id": key, "contributivity": own, "historical_contributivity": passed_on}
                for key, (own, passed_on) in sorted(changed.items())
            ],
        )
    return bool(changed)


def credited(session: Session, keys: Iterable[int]) -> dict[int, dict[int, float]]:
    """Percentages by source that these submissions credit, and what they credit, and so on."""
    found: dict[int, dict[int, float]] = {}
    front = set(keys)
    while front:
        found |= {key: {} for key in front}
        rows = session.execute(
            select(Credit.submission_id, Credit.source_id, Credit.percent).where(
                Credit.submission_id.in_(front)
            )
        )
        front = set()
        for submission_id, source_id, percent in rows:
            found[submission_id][source_id] = percent
            front.add(source_id)
        front -= found.keys()
    return found


def n_folds(session: Session, event_id: int) -> int:
    """Count the folds of an event."""
    return session.scalar(select(func.count()).where(Fold.event_id == event_id)) or 0


def standing(session: Session, submission_id: int) -> dict[str, Standing]:
    """Standings of a submission by board."""
    rows = session.scalars(
        select(Standing).where(
            Standing.submission_id == submission_id, Standing.rank_low.is_not(None)
        )
    )
    return {row.board: row for row in rows}


def scores_of_event(session: Session, event_id: int) -> list[SubmissionScore]:
    """List the summed-up scores of an event's submissions."""
    rows = session.scalars(
        select(SubmissionScore)
        .join(Submission, Submission.id == SubmissionScore.submission_id)
        .where(Submission.event_id == event_id)
    )
    return list(rows)

"""Marks: which submissions count in the end, which take no rank, which are withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.errors import ClosedError, DuplicateError, InvalidError
from databoard.phrases import phrase
from databoard.services import activity, events, notifications
from databoard.services.sentences import say
from databoard.store.models import EventTeam, Submission, Team, User
from databoard.store.queries import submissions as queries
from databoard.store.queries import teams as team_queries


def choose_final(
    session: Session, place: EventTeam, hashes: Collection[str], *, now: datetime
) -> list[Submission]:
    """Choose the submissions by which a team is judged at the closing; none: its best public.

    Raises
    ------
    ClosedError
        After the closing.
    InvalidError
        If they are too many, or not scored submissions of the team.
    """
    event = place.event
    closing = place.closing_at
    if closing is not None and now >= closing:
        raise ClosedError(phrase("The event has closed; the final selection stands."))
    if len(set(hashes)) > event.n_final:
        raise InvalidError(
            phrase("Number of submissions that can be final: at most %(n)s.", n=event.n_final),
            "final",
        )
    scored = [one for one in queries.of_team(session, place.id) if one.state == "scored"]
    if not set(hashes) <= {one.hash_ for one in scored}:
        raise InvalidError(phrase("Only scored submissions of your team can be final."), "final")
    for one in scored:
        one.is_final = one.hash_ in hashes
    events.touch(session, event.id, analyse=True)
    session.flush()
    return [one for one in scored if one.is_final]


def mark_submission(
    session: Session,
    submission: Submission,
    *,
    by: User | None,
    now: datetime,
    is_baseline: bool | None = None,
    is_starred: bool | None = None,
    disqualification: str | None = None,
) -> None:
    """Make a submission a baseline, the reference of its event, or disqualify it.

    Parameters
    ----------
    is_baseline, is_starred : bool, optional
        None leaves it as it is. There is one reference: starring takes the star from another.
    disqualification : str, optional
        The reason; empty lets the submission compete again.
    """
    changed: dict[str, object] = {}
    if is_baseline is not None:
        submission.is_baseline = changed["is_baseline"] = is_baseline
    if is_starred is not None:
        if is_starred:
            queries.unstar(session, submission.event_id)
        submission.is_starred = changed["is_starred"] = is_starred
    if disqualification is not None:
        submission.disqualification = disqualification.strip()[:500]
        changed["disqualification"] = submission.disqualification
    _note(session, by, "mark", submission.name, now, submission.event_id, changed)


def mark_team(
    session: Session,
    place: EventTeam,
    *,
    by: User | None,
    now: datetime,
    section: str | None = None,
    disqualification: str | None = None,
) -> None:
    """Put a team into a section of the event, or disqualify it.

    Parameters
    ----------
    section : str, optional
        Empty: none.
    disqualification : str, optional
        The reason; empty lets the team compete again.
    """
    changed: dict[str, object] = {}
    if section is not None:
        place.section = changed["section"] = section.strip()[:80]
    if disqualification is not None:
        place.disqualification = changed["disqualification"] = disqualification.strip()[:500]
        place.disqualified_at = now if place.disqualification else None
    _note(session, by, "mark_team", place.team, now, place.event_id, changed)


def withdraw(
    session: Session, submission: Submission, reason: str, *, by: User | None, now: datetime
) -> None:
    """Take a submission off the boards, which `put_back` undoes; its team is told why.

    Its code is no longer open to others, and its name is free again.

    Raises
    ------
    InvalidError
        If it is in the queue or off the boards already, or there is no reason.
    """
    queries.lock(session, submission)
    reason = reason.strip()[:500]
    if not reason:
        raise InvalidError(phrase("Please give the reason: the team reads it."), "reason")
    if not submission.is_ended:
        raise InvalidError(
            phrase("%(submission)s is in the queue; cancel it first.", submission=submission.name)
        )
    if submission.withdrawn_at is not None:
        raise InvalidError(
            phrase("%(submission)s is withdrawn already.", submission=submission.name)
        )
    submission.withdrawn_at, submission.withdrawal = now, reason
    text = say("withdrawn", submission=submission.name, reason=reason)
    for user in team_queries.members(session, submission.event_team.team_id):
        key = f"withdrawn:{submission.id}:{user.id}:{now:%Y-%m-%d %H:%M}"
        url = f"/{submission.hash_}"
        notifications.tell(session, user, "failed", text, now=now, url=url, key=key)
    changed: dict[str, object] = {"hash": submission.hash_, "reason": reason}
    _note(session, by, "withdraw", submission.name, now, submission.event_id, changed)


def put_back(session: Session, submission: Submission, *, by: User | None, now: datetime) -> None:
    """Undo the withdrawal of a submission: it is again what it was.

    Raises
    ------
    InvalidError
        If no organiser withdrew it.
    DuplicateError
        If its team has used its name again.
    """
    place = submission.event_team
    team_queries.lock(session, place)
    queries.lock(session, submission)
    if not submission.withdrawal:
        raise InvalidError(
            phrase("%(submission)s was not withdrawn by an organiser.", submission=submission.name)
        )
    if queries.named(session, place.id, submission.name) is not None:
        raise DuplicateError(
            phrase(
                "%(team)s has another submission %(submission)s now.",
                team=place.team.name,
                submission=submission.name,
            )
        )
    if submission.is_final:
        n_final = sum(one.is_final for one in queries.of_team(session, place.id))
        submission.is_final = n_final < place.event.n_final
    submission.withdrawn_at, submission.withdrawal = None, ""
    changed: dict[str, object] = {"hash": submission.hash_}
    _note(session, by, "put_back", submission.name, now, submission.event_id, changed)


def _note(
    session: Session,
    by: User | None,
    action: str,
    object_: str | Team,
    now: datetime,
    event_id: int,
    changed: dict[str, object],
) -> None:
    activity.audit(session, by, action, object_, now=now, event_id=event_id, **changed)
    events.touch(session, event_id, analyse=True)
    session.flush()

"""Credits: a team says what its submission was built on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import InvalidError
from databoard.phrases import phrase
from databoard.services import activity, events, notifications
from databoard.services.sentences import say
from databoard.store.models import Credit, Submission, User
from databoard.store.queries import credits as queries
from databoard.store.queries import teams as team_queries


def give(
    session: Session,
    submission: Submission,
    shares: Mapping[str, int],
    *,
    now: datetime,
    user: User | None = None,
) -> list[Credit]:
    """Share the credit of a submission out anew.

    Parameters
    ----------
    shares : mapping of str to int
        Percentages by the public name (hash) of what is credited, the submission itself included;
        they sum to 100. What gets 0 is left out.

    Raises
    ------
    InvalidError
        If the shares do not sum to 100, or a source is unknown or was submitted later.
    """
    rules.check_credits(shares)
    kept = {hash_: share for hash_, share in shares.items() if share}
    sources = {
        source.hash_: source for source in queries.sources(session, submission.event_id, list(kept))
    }
    for hash_ in kept:
        source = sources.get(hash_)
        # Credit that went forwards in time could go round in circles.
        if source is None or source.submitted_at > submission.submitted_at:
            raise InvalidError(
                phrase(
                    "Only submissions to the same event that were there before can be credited."
                ),
                "credits",
            )
    credited = set()
    for old in queries.given(session, submission.id):
        credited.add(old.source_id)
        session.delete(old)
    session.flush()
    for hash_, share in kept.items():
        session.add(
            Credit(
                submission_id=submission.id,
                source_id=sources[hash_].id,
                percent=float(share),
                given_at=now,
                given_by_id=user.id if user else None,
            )
        )
    new = [one for one in sources.values() if one.id not in credited]
    _tell_credited(session, submission, new, now)
    activity.note(
        session,
        "credit",
        user_id=user.id if user else None,
        now=now,
        event_id=submission.event_id,
        event_team_id=submission.event_team_id,
        submission_id=submission.id,
    )
    events.touch(session, submission.event_id, analyse=True)
    session.flush()
    return queries.given(session, submission.id)


def _tell_credited(
    session: Session, submission: Submission, sources: list[Submission], now: datetime
) -> None:
    for source in sources:
        if source.event_team_id == submission.event_team_id:
            continue
        # By its submission's name: in an anonymous event nobody is told whose it is.
        text = say("credited", submission=submission.name, source=source.name)
        for user in team_queries.members(session, source.event_team.team_id):
            key = f"credit:{submission.id}:{source.id}:{user.id}"
            notifications.tell(
                session, user, "credit", text, now=now, url=f"/{source.hash_}", key=key
            )

"""What a visitor may see of a submission: the policy of ``domain.access``, asked once."""

from __future__ import annotations

from dataclasses import dataclass

from databoard.domain import access
from databoard.domain.access import Role
from databoard.errors import NotFoundError
from databoard.services import leaderboards
from databoard.store.models import Submission
from databoard.web import event_pages, guards
from databoard.web.language import gettext


@dataclass(frozen=True)
class Sight:
    """What is shown to this visitor of one submission."""

    role: Role
    #: That there is such a submission.
    known: bool
    #: Whose it is.
    team: bool
    #: Its files, and so comparing and importing them.
    code: bool
    #: That and how it failed.
    log: bool
    #: All that it printed, and the whole traceback.
    full_log: bool
    #: Scores on the test rows.
    private: bool
    #: Scores of single folds, and spreads.
    folds: bool
    #: Whether to offer to cancel it and to give credit.
    change: bool
    #: Whether to offer to train it again.
    retrain: bool


def load(hash_: str) -> tuple[Submission, Sight]:
    """Load a submission that the visitor may know of, and what they may see of it.

    A scored submission is known from the board, unless it came after a freeze; any other is its
    team's own business.

    Raises
    ------
    NotFoundError
    """
    submission, role = guards.load_submission(hash_)
    sight = of(submission, role)
    if not sight.known:
        raise NotFoundError(gettext("There is no such submission, or none that you may see."))
    return submission, sight


def is_known(submission: Submission) -> bool:
    """Tell whether the visitor may know of a submission of an event whose board they may see."""
    is_shown = leaderboards.is_shown(submission, guards.now())
    return is_shown or guards.submission_role(submission) in access.OWNERS


def find(submission: Submission) -> Sight:
    """Ask what the visitor may see of a submission that was loaded for another reason."""
    return of(submission, guards.submission_role(submission))


def of(submission: Submission, role: Role) -> Sight:
    """Ask the policy everything about one submission."""
    event = submission.event_team.event
    now = guards.now()
    known = role in access.OWNERS or leaderboards.is_shown(submission, now)
    return Sight(
        role=role,
        known=known,
        team=event_pages.may_see_names(event, role),
        code=known
        and access.may_see_code(
            role,
            now=now,
            public_opening=event.public_opening_at,
            closing=event.closing_at,
            participates=guards.standing(event).participates,
        ),
        log=access.may_see_log(role),
        full_log=access.may_see_full_log(role, is_log_limited=event.log_policy == "limited"),
        private=event_pages.may_see_private_scores(event, role),
        # A ladder is of no use if the scores behind it can be read elsewhere.
        folds=not event.has_ladder or role in access.ADMINS,
        change=access.may_change_submission(role),
        retrain=access.may_retrain(role) or (role in access.OWNERS and submission.fault == "ours"),
    )

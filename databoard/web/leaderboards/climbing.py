"""What a submission did to its team's rank when it came."""

from __future__ import annotations

from databoard.services import leaderboards
from databoard.store.models import Submission
from databoard.store.queries.leaderboards import Stood
from databoard.web import guards
from databoard.web.extensions import db


def climb_of(submission: Submission) -> Stood | None:
    """Tell how the team stood on the public board before and after; None if it is not ranked."""
    if submission.state != "scored" or submission.withdrawn_at is not None:
        return None
    event, now = submission.event_team.event, guards.now()
    is_frozen = leaderboards.is_frozen(event, now) and not guards.standing(event).is_admin
    return leaderboards.stood(db.session(), event, submission.id, now=now, sees_all=not is_frozen)

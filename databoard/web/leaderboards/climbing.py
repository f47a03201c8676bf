"""What a submission did to its team's rank when it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from databoard.services.leaderboards import Column, Row
from databoard.store.models import Submission
from databoard.web import event_pages, guards
from databoard.web.leaderboards import listing
from databoard.web.leaderboards.listing import Right
from databoard.web.leaderboards.sight import Sight


@dataclass(frozen=True)
class Climb:
    """Rank of the team among the teams before and after; None before its first."""

    before: int | None
    after: int
    n_teams: int


def climb_of(submission: Submission, seen: Sight) -> Climb | None:
    """Tell how the team stood on the public board before and after; None if it is not ranked."""
    if submission.state != "scored" or submission.withdrawn_at is not None:
        return None
    event = submission.event_team.event
    place = guards.standing(event)
    right = Right(
        names=event_pages.may_see_all_names(event, place),
        organiser=place.is_admin,
        spreads=seen.folds,
    )
    board = listing.whole(event, "public", right, now=guards.now())
    return climb(board.rows, board.official, submission.hash_)


def climb(rows: Sequence[Row], official: Column, hash_: str) -> Climb | None:
    """Compare the ranks of a team among all teams without a submission and with it.

    Only what was submitted up to then counts; what takes no rank counts nowhere.
    """
    ranked = [row for row in rows if not row.off_rank and official.name in row.scores]
    this = next((row for row in ranked if row.hash_ == hash_), None)
    if this is None:
        return None
    then = [row for row in ranked if row.submitted_at <= this.submitted_at]
    before = _ranks([row for row in then if row.hash_ != hash_], official)
    after = _ranks(then, official)
    return Climb(before.get(this.team_id), after[this.team_id], len(after))


def _ranks(rows: Sequence[Row], official: Column) -> dict[int, int]:
    """Rank teams by their best, equal ones together."""
    sign = 1 if official.is_lower_the_better else -1
    best: dict[int, float] = {}
    for row in rows:
        score = sign * round(row.scores[official.name], official.precision)
        best[row.team_id] = min(score, best.get(row.team_id, score))
    ordered = sorted(best.values())
    return {team: ordered.index(score) + 1 for team, score in best.items()}

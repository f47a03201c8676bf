"""What one's team has submitted to an event."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from databoard.services import submissions as services
from databoard.store.models import Event, EventTeam, Submission
from databoard.store.queries import submissions, teams
from databoard.web import event_pages, guards, polling
from databoard.web.extensions import db
from databoard.web.participants.blueprint import bp
from databoard.web.participants.event import take_part

#: How many of an event stand on the page of all events.
N_NEWEST = 5


@dataclass(frozen=True)
class Mine:
    """A submission of one's own in the list."""

    submission: Submission
    #: Public score by the key of its type.
    scores: dict[int, float | None]
    steps: list[str]

    @property
    def n_done(self) -> int:
        """How many of its folds are through."""
        return self.steps.count("scored")


def _mine(place: EventTeam) -> list[Mine]:
    return [
        Mine(
            submission,
            {score.event_score_type_id: score.public for score in submission.scores},
            [run.state for run in submission.fold_runs],
        )
        for submission in submissions.of_team(db.session(), place.id)
    ]


@bp.get("/my_submissions")
@guards.approved_required
def my_submissions() -> ResponseReturnValue:
    """List the newest submissions in every event that one takes part in."""
    places = [place for place in teams.places_of(db.session(), guards.me()) if place.is_approved]
    return render_template(
        "participants/my_submissions.html",
        places=[(place, _mine(place)[:N_NEWEST]) for place in places],
    )


@bp.get("/events/<event>/my_submissions")
@guards.approved_required
def mine(event: str) -> ResponseReturnValue:
    """List what the team submitted, newest first."""
    loaded, place = take_part(event)
    return render_template(
        "participants/mine.html",
        mine=_mine(place),
        allowance=services.allowance(db.session(), place, guards.now()),
        event_team=place,
        **event_pages.frame(loaded),
    )


@bp.get("/events/<event>/my_submissions/rows")
@guards.approved_required
def my_rows(event: str) -> ResponseReturnValue:
    """Bring the list up to date."""
    loaded, place = take_part(event)
    return polling.fresh(polling.event_version(loaded.id), lambda: _rows(loaded, place))


def _rows(event: Event, place: EventTeam) -> str:
    return render_template("participants/_my_rows.html", mine=_mine(place), event=event)

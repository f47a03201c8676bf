"""Events of a journey's own on the shared site, with scores that nobody had to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from databoard.cli import populate
from databoard.cli.actions.problems import set_keywords
from databoard.services import events as services
from databoard.services import teams
from databoard.store.opening import open_session
from databoard.store.queries import accounts, events
from databoard.store.queries import submissions as submission_queries
from tests.builders import make_scored_submission
from tests.journeys.conftest import PASSWORD, Site, named

SUMMARY_OF_IRIS = "Tell the species of an iris"


def sow(site: Site, scores: Mapping[str, Sequence[float]] | None = None, **fields: Any) -> str:
    """Open an event on iris, with these scores by the people who take part; return its name."""
    name, now = named("meadow"), datetime.now(UTC)
    populate.ensure_event(site.settings, name, "iris")
    set_keywords(site.settings, "iris", "botany", "classification")
    for user in scores or ():
        populate.ensure_user(site.settings, user, PASSWORD)
    with open_session(site.settings.database_url) as session:
        event = events.by_name(session, name)
        for field, value in {"title": f"The {name}", "log_policy": "full", **fields}.items():
            setattr(event, field, value)
        for user, values in (scores or {}).items():
            team = teams.individual(session, accounts.by_name(session, user), now=now)
            place = teams.sign_up(
                session,
                event,
                team,
                problems_dir=site.settings.problems_dir,
                now=now,
                approved=True,
                checks=False,
            )
            for i, score in enumerate(values):
                at = now - timedelta(minutes=len(values) - i)
                title = f"{user}_{i}"
                made = make_scored_submission(session, place, title, score=score, submitted_at=at)
                made.is_baseline = user == "kit"
        services.touch(session, event.id)
        session.commit()
    return name


def grow(site: Site, event: str, submission: str, score: float) -> None:
    """Change the score of a submission, as a new result would."""
    with open_session(site.settings.database_url) as session:
        loaded = events.by_name(session, event)
        team = submission.rpartition("_")[0]
        found = submission_queries.by_name(session, loaded, team, submission)
        for one in found.scores:
            one.public = score
        services.touch(session, loaded.id)
        session.commit()

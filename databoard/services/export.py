"""A user's own data, to take along."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from databoard.store.models import User
from databoard.store.queries import export as queries
from databoard.store.queries import notifications as news_queries
from databoard.store.queries import teams as team_queries

PROFILE = (
    "name",
    "email",
    "firstname",
    "lastname",
    "affiliation",
    "url",
    "bio",
    "wants_mail",
    "mail_choices",
    "oidc_subject",
)


def of_user(session: Session, user: User) -> dict[str, Any]:
    """Collect what the site keeps of a user, ready for JSON; secrets and others' data stay out."""
    return {
        "account": {
            **{name: getattr(user, name) for name in PROFILE},
            "created_at": _iso(user.created_at),
        },
        "teams": [team.name for team in team_queries.of_user(session, user)],
        "submissions": [
            {
                "event": event,
                "team": team,
                "name": submission.name,
                "address": f"/{submission.hash_}",
                "comment": submission.comment,
                "state": submission.state,
                "submitted_at": _iso(submission.submitted_at),
            }
            for submission, event, team in queries.submissions(session, user.id)
        ],
        "comments": [
            {"text": comment.text, "at": _iso(comment.at)}
            for comment in queries.comments(session, user.id)
        ],
        "activity": [
            {"what": action.kind, "file": action.filename, "at": _iso(action.at)}
            for action in queries.actions(session, user.id)
        ],
        "news": [
            {"text": news.text, "at": _iso(news.at), "read_at": _iso(news.read_at)}
            for news in news_queries.of_user(session, user.id, limit=queries.MAX_ROWS)
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None

"""What news says: sentences with places for names, which pages translate before they fill them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from databoard.phrases import Phrase, phrase
from databoard.store.models import Notification

SENTENCES = {
    "closed": "%(event)s is closed: see how it ended.",
    "closes": "%(event)s closes on %(when)s.",
    "commented": "There is a new comment on %(submission)s.",
    "credited": "%(submission)s credits your %(source)s.",
    "ended": "%(submission)s in %(event)s: %(outcome)s",
    "invited": "%(user)s invites you to the team %(team)s.",
    "joined": "%(user)s has joined your team %(team)s.",
    "joined_and_waits": (
        "%(user)s has joined your team %(team)s. It waits for the organisers of %(events)s, where "
        "%(user)s has submitted."
    ),
    "merged": "%(first)s and %(second)s go on as %(team)s in %(event)s.",
    "opened": "%(event)s is open: submit from now on.",
    "proposed": "%(team)s proposes to go on with you as %(name)s in %(event)s.",
    "ready": "Your team %(team)s takes part in %(event)s: your sandbox is ready.",
    "withdrawn": "An organiser withdrew your submission %(submission)s: %(reason)s",
}
#: Why a team waits, of each that its members have submitted with.
USED = "%(user)s has submitted with %(team)s"
ASKED = "%(used)s; the organisers decide about another team."


def remark_of(reasons: Iterable[str]) -> str:
    """Say why a team waits; nothing without a reason.

    >>> remark_of(["bob has submitted with owls"])
    'bob has submitted with owls; the organisers decide about another team.'
    """
    used = ", ".join(reasons)
    return ASKED % {"used": used} if used else ""


def reasons_of(remark: str) -> list[str]:
    """Take a remark apart again."""
    return remark.removesuffix(ASKED % {"used": ""}).split(", ") if remark else []


def say(name: str, /, **values: object) -> Phrase:
    """Make one of `SENTENCES`; of its values, moments and phrases are translated with it.

    >>> say("joined", user="bob", team="owls")
    'bob has joined your team owls.'
    """
    return phrase(SENTENCES[name], **values)


def kept(sentence: Phrase) -> dict[str, object]:
    """Take a sentence apart, for a row that is read in any language."""
    values = {name: _text(value) for name, value in sentence.values.items()}
    return {"message": sentence.template, "values": values}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def told(news: Notification) -> str:
    """Put together what a piece of news says: a phrase, unless somebody wrote it."""
    parts: Mapping[str, Any] = news.parts or {}
    template, values = str(parts.get("message")), dict(parts.get("values", {}))
    if template not in SENTENCES.values():  # or an older version said it
        return news.text
    if outcome := values.get("outcome"):
        values["outcome"] = phrase(outcome)
    if when := values.get("when"):
        values["when"] = datetime.fromisoformat(when)
    return phrase(template, **values)

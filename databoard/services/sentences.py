"""What news says: sentences with places for names, which pages translate before they fill them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True)
class Sentence:
    """One of `SENTENCES` with its values; as text it is English.

    Of the values, ``outcome`` is one of `databoard.domain.states.LABELS`, and ``when`` a moment in
    ISO's form.
    """

    message: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        values = dict(self.values)
        if "when" in values:
            values["when"] = f"{datetime.fromisoformat(values['when']):%d %B at %H:%M} UTC"
        return self.message % values


def say(name: str, /, **values: str) -> Sentence:
    """Make a sentence.

    >>> str(say("joined", user="bob", team="owls"))
    'bob has joined your team owls.'
    """
    return Sentence(SENTENCES[name], values)

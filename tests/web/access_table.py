"""Who may open what: URL x role, as plain data, one row per route and method.

``test_access.py`` walks this table and the application's ``url_map``: a route without a row fails,
and so does a row without a route. The columns are what a request is answered with for

- ``anonymous``: nobody is logged in;
- ``asked``: an account that waits for its confirmation;
- ``user``: an approved account that takes no part;
- ``teammate``: a member of the team ``mates``, which takes part in all three events and wrote the
  submission ``SUBMISSION``;
- ``event_admin``: organises the three events, is no site admin;
- ``admin``: a site administrator.

A rule's variables are filled from ``VALUES``; a row may say others in ``values``: the event
``hidden`` is not public (who may not know of it sees 404), ``closed`` has ended. ``data`` is the
form that is sent; ``json`` a body instead of it. Every cell starts from the same database.

302 is "log in first" for ``anonymous`` and "done, look here" for a form that was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("anonymous", "asked", "user", "teammate", "event_admin", "admin")

SUBMISSION = "a" * 40
HIDDEN_SUBMISSION = "b" * 40
HIDDEN = {"event": "hidden", "event_name": "hidden"}

#: What fills the variables of a rule, by their name.
VALUES: dict[str, Any] = {
    "event": "open",
    "problem": "flowers",
    "user": "waiting",
    "hash_": SUBMISSION,
    "filename": "classifier.py",
    "token": "no-token",
    "key": 1,
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    rule: str
    statuses: tuple[int, int, int, int, int, int]
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    query: str = ""

    @property
    def name(self) -> str:
        """Readable name of the test."""
        extra = "".join(f",{name}={value}" for name, value in self.values.items())
        return f"{self.method} {self.rule}{self.query}{extra}"


def everybody(status: int) -> tuple[int, int, int, int, int, int]:
    """The same answer for each role."""
    return (status,) * 6


# fmt: off
#                                                       anonymous asked user teammate event_admin admin
PAGES = [
    Row("GET", "/", everybody(200)),
]
# fmt: on

TABLE: list[Row] = [*PAGES]

"""How often one may ask for what costs the server or somebody's mailbox something.

The counters live in the memory of each worker: they stop floods, where exactness across a few
workers is worth no write to the database with each request. What a team may submit and how often
a password may be guessed is counted in the database (``services.submissions``, ``.accounts``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock

from flask import Flask, current_app, request

from databoard.errors import TooSoonError
from databoard.web import guards

KEY = "databoard_limiter"
MAX_KNOWN = 10_000


@dataclass(frozen=True)
class Limit:
    """So many times within so many seconds, at once or spread."""

    times: int
    seconds: float


#: A class or a hackathon comes from one address, so what nobody is logged in for is generous.
SIGN_UP = Limit(200, 600)
LETTER = Limit(30, 600)
SUBMIT = Limit(30, 60)
CHECK = Limit(30, 60)
COMMENT = Limit(20, 300)
API = Limit(1200, 60)

#: Posts to these endpoints are counted by user, or by address where nobody is logged in.
LIMITS = {
    "accounts.sign_up": SIGN_UP,
    "accounts.name_account": SIGN_UP,
    "accounts.send_confirmation": LETTER,
    "accounts.forgotten_password": LETTER,
    "accounts.change_email": LETTER,
    "accounts.invite": LETTER,
    "accounts.merge": LETTER,
    "participants.submit": SUBMIT,
    "participants.check": CHECK,
    "leaderboards.comment": COMMENT,
}


@dataclass
class Limiter:
    """Counters of one worker: for each what and who, until when what was asked for is used up.

    The generic cell rate algorithm (ITU-T I.371): one number for each, no list of times.
    """

    used_until: dict[tuple[str, str], float] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def spend(self, what: str, who: str, limit: Limit, now: float) -> None:
        """Count one more.

        Raises
        ------
        TooSoonError
            If that is one too many now.
        """
        pause_s = limit.seconds / limit.times
        with self.lock:
            until = max(self.used_until.get((what, who), now), now) + pause_s
            wait_s = until - now - limit.seconds
            if wait_s > 1e-6:
                raise TooSoonError(wait_s)
            self.used_until[what, who] = until
            if len(self.used_until) > MAX_KNOWN:
                self._forget(now)

    def _forget(self, now: float) -> None:
        """Let go whoever has all again; in a flood of addresses, whoever has used least."""
        rows = sorted(self.used_until.items(), key=lambda row: row[1], reverse=True)
        self.used_until = {key: until for key, until in rows[: MAX_KNOWN // 2] if until > now}


def spend(what: str, limit: Limit) -> None:
    """Count this request for its visitor.

    Raises
    ------
    TooSoonError
        Which becomes a page, a line or JSON with status 429 and Retry-After.
    """
    user = guards.visitor()
    who = f"user {user.id}" if user else request.remote_addr or ""
    current_app.extensions[KEY].spend(what, who, limit, time.monotonic())


def init_limits(app: Flask) -> None:
    """Count what is limited before it is done."""
    app.extensions[KEY] = Limiter()

    @app.before_request
    def count() -> None:
        name = request.endpoint or ""
        if request.method == "POST" and name in LIMITS:
            spend(name, LIMITS[name])

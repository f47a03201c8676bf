"""Rules of the house: ``check_…`` raises an error that says what to do, or returns nothing.

Times are aware; ``now`` is always an argument.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from databoard.errors import (
    ClosedError,
    InvalidError,
    QuotaError,
    SubmissionError,
    TooSoonError,
)
from databoard.phrases import Phrase, phrase

MAX_NAME = 50
# Of a module, workflow or event; the longest of the original manual has 54.
MAX_IDENTIFIER = 80
MIN_PASSWORD = 8
MAX_PASSWORD = 1000
#: What messages of errors may quote to a team where logs are limited: a hundred of the longest.
MAX_BYTES_TOLD = 20_000
#: The name under which a team's draft lives; nothing is submitted under it.
SANDBOX = "sandbox"
TOTAL_CREDIT = 100
_DATES = {
    "opening": phrase("opening"),
    "public_opening": phrase("public opening"),
    "closing": phrase("closing"),
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_USER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*", re.ASCII)


class Phase(StrEnum):
    """What an event is doing at a moment."""

    BEFORE = "before"
    COMPETITIVE = "competitive"
    COLLABORATIVE = "collaborative"
    CLOSED = "closed"


def check_name(name: str) -> None:
    """Refuse a name of a submission that could not be shown, linked and typed everywhere.

    One to 50 of the letters A-Z and a-z, digits, ``_``, ``-`` and ``.``, the first one a letter
    or a digit; ``sandbox`` is taken by the drafts.

    Parameters
    ----------
    name : str

    Raises
    ------
    SubmissionError
        With ``field`` = "name".
    """
    if not 1 <= len(name) <= MAX_NAME:
        raise SubmissionError(
            phrase("A submission's name has 1 to %(most)s characters.", most=MAX_NAME), "name"
        )
    if not _NAME.fullmatch(name):
        raise SubmissionError(
            phrase(
                "A submission's name is made of the letters a-z and A-Z, digits, _, - and ., "
                "and starts with a letter or a digit."
            ),
            "name",
        )
    if name.lower() == SANDBOX:
        raise SubmissionError(
            phrase("The name sandbox is taken by your draft; choose another."), "name"
        )


def check_identifier(name: str, what: str = "name") -> None:
    """Refuse a name of a problem, event or workflow that is no module, folder and URL at once.

    Parameters
    ----------
    name : str
    what : str
        What is named, for the message.

    Raises
    ------
    InvalidError
        With ``field`` = `what`.
    """
    if not (_IDENTIFIER.fullmatch(name) and len(name) <= MAX_IDENTIFIER):
        raise InvalidError(
            phrase(
                "The %(what)s %(name)s must be 1 to %(most)s of the letters a-z and A-Z, "
                "digits and _, starting with a letter.",
                what=what,
                name=repr(name[:MAX_IDENTIFIER]),
                most=MAX_IDENTIFIER,
            ),
            what,
        )


def check_user_name(name: str) -> None:
    """Refuse a user name that is not 2 to 40 letters, digits, ``_``, ``-`` and ``.``.

    Parameters
    ----------
    name : str

    Raises
    ------
    InvalidError
        With ``field`` = "name".
    """
    _check_public_name(
        name,
        phrase(
            "A user name has 2 to 40 of the letters a-z and A-Z, digits, _, - and ., and starts "
            "with a letter."
        ),
    )


def check_team_name(name: str) -> None:
    """Refuse a team's name that could be no user's: a user has a team of the same name.

    Raises
    ------
    InvalidError
        With ``field`` = "name".
    """
    _check_public_name(
        name,
        phrase(
            "A team's name has 2 to 40 of the letters a-z and A-Z, digits, _, - and ., and starts "
            "with a letter."
        ),
    )


def _check_public_name(name: str, refusal: Phrase) -> None:
    if not (2 <= len(name) <= 40 and _USER_NAME.fullmatch(name)):
        raise InvalidError(refusal, "name")


def check_password(password: str, user_name: str) -> None:
    """Refuse a password that is short, absurdly long, or the user's name.

    Parameters
    ----------
    password, user_name : str

    Raises
    ------
    InvalidError
        With ``field`` = "password".
    """
    if len(password) < MIN_PASSWORD:
        raise InvalidError(
            phrase("A password has at least %(least)s characters.", least=MIN_PASSWORD), "password"
        )
    # Hashing is slow on purpose; a megabyte of password would be an attack.
    if len(password) > MAX_PASSWORD:
        raise InvalidError(
            phrase("A password has at most %(most)s characters.", most=MAX_PASSWORD), "password"
        )
    if password.casefold() == user_name.casefold():
        raise InvalidError(phrase("A password must not be the user name."), "password")


def phase(
    now: datetime,
    opening: datetime | None,
    public_opening: datetime | None,
    closing: datetime | None,
) -> Phase:
    """Name the phase of an event.

    Parameters
    ----------
    now : datetime
    opening, public_opening, closing : datetime or None
        An opening that is missing is long past, any other missing time never comes.

    Returns
    -------
    Phase
        The opening belongs to the competitive phase, the closing to what comes after.
    """
    if opening is not None and now < opening:
        return Phase.BEFORE
    if closing is not None and now >= closing:
        return Phase.CLOSED
    if public_opening is not None and now >= public_opening:
        return Phase.COLLABORATIVE
    return Phase.COMPETITIVE


def check_dates(
    opening: datetime | None, public_opening: datetime | None, closing: datetime | None
) -> None:
    """Refuse dates of an event that are out of order.

    Parameters
    ----------
    opening, public_opening, closing : datetime or None

    Raises
    ------
    InvalidError
        Naming the date that must move.
    """
    dates = {"opening": opening, "public_opening": public_opening, "closing": closing}
    known = [(name, date) for name, date in dates.items() if date is not None]
    for (before, first), (after, second) in itertools.pairwise(known):
        if second < first:
            sentence = phrase(
                "The %(after)s must not come before the %(before)s.",
                after=_DATES[after],
                before=_DATES[before],
            )
            raise InvalidError(sentence, after)


def check_phase(
    now: datetime,
    opening: datetime | None,
    closing: datetime | None,
    *,
    accepts_late: bool = False,
) -> None:
    """Refuse a submission before the opening or from the closing on.

    Parameters
    ----------
    now, opening, closing : datetime or None
        Aware times; None is a date that does not exist.
    accepts_late : bool
        Whether the event takes late submissions (they stand off-rank).

    Raises
    ------
    ClosedError
    """
    if opening is not None and now < opening:
        raise ClosedError(phrase("The event opens on %(when)s.", when=opening))
    if closing is not None and now >= closing and not accepts_late:
        raise ClosedError(phrase("The event closed on %(when)s.", when=closing))


def check_pause(last: datetime | None, now: datetime, pause: timedelta) -> None:
    """Refuse a submission that comes too soon after the last one.

    Parameters
    ----------
    last : datetime or None
        When the team last submitted; None if it has not.
    now : datetime
    pause : timedelta

    Raises
    ------
    TooSoonError
        Its ``wait_s`` is what is left, in seconds.
    """
    if last is not None and now < last + pause:
        raise TooSoonError((last + pause - now).total_seconds())


def check_quota(
    submitted: Sequence[datetime],
    now: datetime,
    *,
    limit: int | None,
    window: timedelta | None = None,
) -> None:
    """Refuse a submission above the number that a team may make.

    Parameters
    ----------
    submitted : sequence of datetime
        When the submissions that count were made, in any order.
    now : datetime
    limit : int or None
        How many may be made within `window`; None for any number.
    window : timedelta or None
        A sliding window; None for the whole event.

    Raises
    ------
    QuotaError
        Its ``free_at`` is when the next one may be made, None for never.
    """
    if limit is None:
        return
    counted = sorted(time for time in submitted if window is None or time > now - window)
    if len(counted) < limit:
        return
    if window is None or limit < 1:
        raise QuotaError(
            phrase(
                "Your team may make %(limit)s submissions in this event; all are used.", limit=limit
            )
        )
    free_at = counted[-limit] + window
    raise QuotaError(
        phrase(
            "Your team has used its %(limit)s submissions per %(window)s; the next one is "
            "free on %(when)s.",
            limit=limit,
            window=_words(window),
            when=free_at,
        ),
        free_at,
    )


def _words(window: timedelta) -> str:
    hours = window.total_seconds() / 3600
    if hours == 24:
        return phrase("day")
    return f"{hours / 24:g} days" if hours > 24 else f"{hours:g} h"


def check_credits(credit: Mapping[str, int]) -> None:
    """Refuse shares of credit that are negative or do not sum to 100.

    Parameters
    ----------
    credit : mapping of str to int
        Percentages by the name of what is credited.

    Raises
    ------
    InvalidError
    """
    for name, share in credit.items():
        if not 0 <= share <= TOTAL_CREDIT:
            raise InvalidError(
                phrase(
                    "The credit of %(name)s must be 0 to 100, not %(share)s.",
                    name=name,
                    share=share,
                ),
                name,
            )
    total = sum(credit.values())
    if total != TOTAL_CREDIT:
        raise InvalidError(
            phrase("The credits must sum to 100; they sum to %(total)s.", total=total), "credits"
        )


def check_score_range(minimum: float, maximum: float) -> None:
    """Refuse a score type whose range is empty or not a range.

    Parameters
    ----------
    minimum, maximum : float
        May be infinite.

    Raises
    ------
    InvalidError
    """
    # Written so that NaN is refused too.
    if not minimum < maximum:
        raise InvalidError(
            phrase(
                "A score type's minimum must lie below its maximum; %(minimum)s does not lie "
                "below %(maximum)s.",
                minimum=f"{minimum:g}",
                maximum=f"{maximum:g}",
            ),
            "minimum",
        )

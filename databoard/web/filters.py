"""How times, numbers and states look in templates."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from babel import dates
from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from databoard import __version__
from databoard.domain.states import LABELS, is_error
from databoard.services.sentences import ASKED, USED, reasons_of, told
from databoard.store.models import Notification
from databoard.web.language import chosen, gettext, ngettext, said

MISSING = "–"
AROUND = 2

HTMX_CONFIG = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    # Pages with other people's code do not belong into the storage of a shared computer.
    "historyCacheSize": 0,
}
Unit = Literal["year", "month", "week", "day", "hour", "minute", "second"]
UNITS: tuple[tuple[Unit, int], ...] = (
    ("year", 365 * 86400),
    ("month", 30 * 86400),
    ("week", 7 * 86400),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)


@dataclass(frozen=True)
class Look:
    """How a state looks: a kind (good, bad, warn, busy, idle), an icon and words."""

    kind: str
    icon: str
    text: str


_LOOKS = {
    "new": ("idle", "hourglass-split"),
    "training": ("busy", "gear"),
    "trained": ("busy", "gear"),
    "validated": ("busy", "gear"),
    "tested": ("busy", "gear"),
    "scored": ("good", "check-circle"),
    "cancelled": ("idle", "stop-circle"),
    "quarantined": ("warn", "lock"),
}
# States of events and accounts, in the same dress.
_MORE = {
    "open": Look("good", "unlock", "open"),
    "public": Look("good", "eye", "open, code is public"),
    "upcoming": Look("info", "calendar-event", "opens soon"),
    "closed": Look("idle", "lock", "closed"),
    "waiting": Look("warn", "clock", "waiting for approval"),
    "asked": Look("warn", "clock", "waiting"),
    "user": Look("good", "person", "active"),
    "admin": Look("info", "shield-check", "administrator"),
    "refused": Look("bad", "x-circle", "refused"),
    "banned": Look("bad", "lock", "closed"),
}


def state_look(state: str) -> Look:
    """Choose how a state looks; unknown ones look plain and keep their name."""
    state = str(state)
    if state in _MORE:
        return replace(_MORE[state], text=gettext(_MORE[state].text))
    words = LABELS.get(state, state.replace("_", " "))
    kind, icon = _LOOKS.get(state, ("bad", "x-circle") if is_error(state) else ("idle", "circle"))
    return Look(kind, icon, gettext(words))


def state_words() -> list[str]:
    """List what states are called, for the catalogues."""
    return sorted({*LABELS.values(), *(look.text for look in _MORE.values())})


def steps_words(states: Iterable[str]) -> str:
    """Tell in words what a row of coloured steps shows.

    >>> steps_words(["scored", "scored", "training"])
    '2 scored, 1 training'
    """
    counts: dict[str, int] = {}
    for state in states:
        text = state_look(state).text
        counts[text] = counts.get(text, 0) + 1
    return ", ".join(f"{count} {text}" for text, count in counts.items())


def iso(moment: datetime) -> str:
    """Write a moment for machines."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_datetime(moment: datetime | None) -> str:
    """Write a moment for people, in UTC: scripts turn it into the visitor's own zone."""
    if moment is None:
        return MISSING
    minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return _written(minute, "d MMM y, HH:mm 'UTC'", chosen())


def format_date(moment: datetime | None) -> str:
    """Write the day of a moment, in UTC."""
    if moment is None:
        return MISSING
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return _written(day, "d MMM y", chosen())


# A page has the same days and distances a hundred times, and writing one takes long.


@lru_cache(maxsize=2048)
def _written(moment: datetime, pattern: str, locale: str) -> str:
    return dates.format_datetime(moment, pattern, UTC, locale=locale)


@lru_cache(maxsize=2048)
def _distance(exact: timedelta, unit: Unit, locale: str) -> str:
    return dates.format_timedelta(
        exact, unit, threshold=math.inf, add_direction=True, locale=locale
    )


def relative(moment: datetime | None, now: datetime | None = None) -> str:
    """Tell how far away a moment is: "in 3 days", "2 minutes ago"."""
    if moment is None:
        return MISSING
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if abs(seconds) < 1:
        return gettext("now")
    name, length = next((unit for unit in UNITS if abs(seconds) >= 2 * unit[1]), UNITS[-1])
    count = int(abs(seconds) // length)
    exact = timedelta(seconds=math.copysign(count * length, seconds))
    return _distance(exact, name, chosen())


def duration(seconds: float | timedelta | None) -> str:
    """Write a length of time in the unit that fits.

    >>> duration(0.0123), duration(75), duration(7300)
    ('12 ms', '1 min 15 s', '2 h 1 min')
    """
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return ngettext("%(num)s day", "%(num)s days", hours // 24)


def score(value: float | None, precision: int = 3) -> str:
    """Write a score with as many decimals as its type asks for.

    >>> score(0.98765, 2), score(float("inf")), score(None)
    ('0.99', '∞', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{precision}f}".replace("-", "−")


def number(value: float | None) -> str:
    """Write a count with thin spaces between thousands."""
    if value is None:
        return MISSING
    return f"{value:,}".replace(",", "\u202f")


def size(n_bytes: float | None) -> str:
    """Write a size of a file or of memory.

    >>> size(999), size(1_500_000)
    ('999 B', '1.5 MB')
    """
    if n_bytes is None:
        return MISSING
    units = (gettext("B"), gettext("kB"), gettext("MB"), gettext("GB"), gettext("TB"))
    amount, step = float(n_bytes), 0
    while amount >= 1000 and step < len(units) - 1:
        amount, step = amount / 1000, step + 1
    return f"{amount:.{1 if step else 0}f} {units[step]}"


def page_numbers(page: int, n_pages: int) -> Iterator[int | None]:
    """Give the numbers of pages to link: the ends, those around, None for a gap.

    >>> list(page_numbers(5, 9))
    [1, None, 3, 4, 5, 6, 7, None, 9]
    """
    shown = sorted({1, n_pages, *range(max(1, page - AROUND), min(n_pages, page + AROUND) + 1)})
    for i, this in enumerate(shown):
        if i and this - shown[i - 1] > 1:
            yield None
        yield this


def news_text(news: Notification) -> str:
    """Say a piece of news in the visitor's language; what somebody wrote is left as it is."""
    return said(told(news))


_USED = re.compile(USED % {"user": r"(\S+)", "team": r"(\S+)"})


def remark_text(remark: str) -> str:
    """Say in the visitor's language why a team waits; names are single words."""
    found = [_USED.fullmatch(reason) for reason in reasons_of(remark)]
    told = [gettext(USED, user=one[1], team=one[2]) for one in found if one]
    return gettext(ASKED, used=", ".join(told)) if told and len(told) == len(found) else remark


def page_address(page: int) -> str:
    """Address of another page of the list that is shown, with the same choices."""
    arguments = request.args.to_dict(flat=False)
    arguments["page"] = [str(page)]
    return url_for(request.endpoint or "", **(request.view_args or {}), **arguments)  # type: ignore[arg-type]


def page_url(endpoint: str, **values: object) -> str | None:
    """Address of a page, or None in an installation that does not have it."""
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values)  # type: ignore[arg-type]


def init_filters(app: Flask) -> None:
    """Give templates the filters and globals of this module."""
    app.jinja_env.filters.update(
        iso=iso,
        datetime=format_datetime,
        date=format_date,
        relative=relative,
        duration=duration,
        score=score,
        number=number,
        size=size,
        page_numbers=page_numbers,
        state_look=state_look,
        steps_words=steps_words,
        news_text=news_text,
        remark_text=remark_text,
    )
    app.jinja_env.globals.update(
        page_address=page_address,
        page_url=page_url,
        databoard_version=__version__,
        htmx_config=Markup(json.dumps(HTMX_CONFIG)),  # noqa: S704 - a constant of ours
    )

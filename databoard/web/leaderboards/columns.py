"""The optional columns of a board: which are shown is a choice that its address carries."""

from __future__ import annotations

from collections.abc import Iterable

from databoard.web.language import lazy_gettext

#: By the name that stands in addresses.
OPTIONAL = {
    "scores": lazy_gettext("Other scores"),
    "trend": lazy_gettext("Trend"),
    "share": lazy_gettext("Contributivity"),
    "costs": lazy_gettext("Time and memory"),
    "tries": lazy_gettext("Tries"),
    "date": lazy_gettext("Submitted"),
}
DEFAULT = frozenset(OPTIONAL) - {"scores"}
NONE = "none"


def read(texts: Iterable[str]) -> frozenset[str]:
    """Read a choice of columns: names between dots, in one argument or several.

    >>> sorted(read(["trend.costs", "nonsense"]))
    ['costs', 'trend']
    """
    names = {name for text in texts for name in text.split(".")} - {""}
    return frozenset(names) & frozenset(OPTIONAL) if names else DEFAULT


def write(chosen: frozenset[str]) -> str:
    """Write a choice into an address, empty for the usual one.

    >>> write(DEFAULT), write(frozenset()), write(frozenset({"trend", "scores"}))
    ('', 'none', 'scores.trend')
    """
    if chosen == DEFAULT:
        return ""
    return ".".join(name for name in OPTIONAL if name in chosen) or NONE

"""Sentences that are English as text and know how they are made, so that pages translate them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class Phrase(str):
    """A sentence in English.

    Attributes
    ----------
    template : str
        The sentence with places for its values, as catalogues have it.
    values : mapping
        What stands at these places; a `Phrase` or a moment among them is said in the reader's
        language as well.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]


def phrase(template: str, /, **values: object) -> Phrase:
    """Make a sentence; with values, a percent sign of its own is doubled.

    >>> phrase("The name %(name)s is taken.", name="owls")
    'The name owls is taken.'
    """
    told = {
        name: f"{value:%d %B %Y at %H:%M %Z}" if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    made = Phrase(template % told if told else template)
    made.template, made.values = template, values
    return made

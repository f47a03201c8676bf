"""The languages that databoard speaks: gettext catalogues, and phrases said in them.

A catalogue is ``translations/<code>/LC_MESSAGES/messages.po``, read when it is first wanted;
``make messages`` brings it up to date with the templates and the code.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from databoard.phrases import Phrase

FOLDER = Path(__file__).resolve().parent / "translations"
#: Codes and how the languages call themselves.
LANGUAGES = {"en": "English", "fr": "Français"}
#: That of the code, of commands, logs and the API.
FIRST = "en"


@cache
def catalogue(code: str) -> NullTranslations:
    """Read the catalogue of a language; one that says nothing for the language of the code."""
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    if code not in LANGUAGES or not path.is_file():
        return NullTranslations()
    content = BytesIO()
    with path.open("rb") as file:
        write_mo(content, read_po(file, locale=code))
    content.seek(0)
    return Translations(content)


def said_in(code: str, sentence: str) -> str:
    """Say a phrase in a language; what is no phrase, but somebody's words, is left as it is."""
    if not isinstance(sentence, Phrase) or code == FIRST or code not in LANGUAGES:
        return sentence
    text = catalogue(code).gettext(sentence.template)
    values = {name: _value(code, value) for name, value in sentence.values.items()}
    return text % values if values else text


def _value(code: str, value: object) -> object:
    if isinstance(value, datetime):
        return format_datetime(value, "d MMM y, HH:mm 'UTC'", locale=code)
    return said_in(code, value) if isinstance(value, Phrase) else value

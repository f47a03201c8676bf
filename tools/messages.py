"""Bring the catalogues of the interface up to date: ``make messages``.

Collects what templates and code say in ``_("…")``, ``ngettext(…)``, ``lazy_gettext(…)``,
``phrase(…)`` and ``{% trans %}``; translations that are there stay, what nobody says any more is
left out. Exits with 1 if a language lacks something.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from databoard.domain.states import Fault
from databoard.domain.statistics import Verdict
from databoard.services.leaderboards import TOGETHER
from databoard.services.notifications import KINDS
from databoard.services.sentences import ASKED, SENTENCES, USED
from databoard.training.sampling import SOURCES
from databoard.web.filters import state_words

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "databoard"
TRANSLATIONS = CODE / "translations"
SPEAKING = ("domain", "kits", "mail", "services", "store", "web")
METHODS = [
    ("errors.py", "python"),
    *((f"{folder}/**.py", "python") for folder in SPEAKING),
    ("web/templates/**.html", "jinja2"),
]
KEYWORDS = {
    "_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "phrase": None,
}  # fmt: skip
OPTIONS = {"web/templates/**.html": {"extensions": "jinja2.ext.do", "trimmed": "true"}}


def collect() -> Catalog:
    """Collect all messages, with the files that say them."""
    found = Catalog(project="databoard", charset="utf-8")
    for name, _, message, comments, context in extract_from_dir(
        str(CODE), METHODS, OPTIONS, KEYWORDS
    ):
        found.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for words in sorted(
        {
            *state_words(),
            *KINDS.values(),
            *SENTENCES.values(),
            ASKED,
            USED,
            *TOGETHER.values(),
            *SOURCES,
            *Fault,
            *Verdict,
        }
    ):
        found.add(str(words))
    return found


def update(path: Path, template: Catalog) -> list[str]:
    """Write a catalogue anew with all messages; return those without a translation."""
    code = path.parents[1].name
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    template.creation_date = catalog.creation_date  # so that nothing new changes no line
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, omit_header=False, no_location=True)
    return [str(one.id) for one in catalog if one.id and not all(_strings(one.string))]


def _strings(translated: object) -> tuple[object, ...]:
    return translated if isinstance(translated, tuple) else (translated,)


def main() -> int:
    """Update every language and say what is missing."""
    template = collect()
    missing = 0
    for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        lacking = update(path, template)
        missing += len(lacking)
        print(f"{path.parents[1].name}: {len(template)} messages, {len(lacking)} not translated")
        for message in lacking[:20]:
            print(f"  {message}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

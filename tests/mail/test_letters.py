"""Letters say who, what and where; two subjects are commands."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest

from databoard.languages import FIRST, LANGUAGES
from databoard.mail import letters
from databoard.mail.letters import Letter
from databoard.phrases import phrase

MAKERS = [
    value
    for name, value in vars(letters).items()
    if inspect.isfunction(value) and value.__module__ == letters.__name__ and name[0] != "_"
]


ADA = SimpleNamespace(id=1, name="the-to", locale="")


def given(make):
    """Give a maker a reader, and as many words as it takes."""
    names = list(inspect.signature(make).parameters)
    return {name: ADA if name == "to" else f"the-{name}" for name in names}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_letter_has_a_short_subject_and_names_all_it_was_given(make):
    values = given(make)

    letter = make(**values)

    assert isinstance(letter, Letter)
    assert 0 < len(letter.subject) <= 100
    assert "\n" not in letter.subject
    assert letter.body.endswith("\n")
    for name in values:
        assert f"the-{name}" in letter.subject + letter.body


@pytest.mark.parametrize(
    "make", [make for make in MAKERS if "to" in given(make)], ids=lambda make: make.__name__
)
@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != FIRST])
def test_every_letter_to_a_user_is_written_in_every_language(make, code):
    values = given(make)
    english = make(**values)

    letter = make(**{**values, "to": SimpleNamespace(id=1, name="the-to", locale=code)})

    assert letter.body != english.body
    assert letter.body.endswith("\n")
    for name in values:
        assert (f"the-{name}" in letter.subject) == (f"the-{name}" in english.subject)
        assert (f"the-{name}" in letter.body) == (f"the-{name}" in english.body)


def test_what_a_letter_says_of_news_is_in_its_language_but_for_what_somebody_wrote():
    eve = SimpleNamespace(id=1, name="eve", locale="fr")
    text = phrase("%(team)s waits for the organisers' approval.", team="owls")

    assert "owls attend l’accord des organisateurs." in letters.news(eve, text, "/").body
    assert "Results on Friday." in letters.announcement(eve, "Results on Friday.", "", "/").body
    assert letters.announcement(eve, "", "", "/").subject == "Nouvelles\N{NO-BREAK SPACE}: ce site"


def test_subjects_to_organisers_are_commands():  # checklist 80
    assert letters.approve_sign_up("iris", "kegl", "/").subject == (
        'fab sign_up_team:e="iris",t="kegl"'
    )
    assert letters.approve_user("ada", "ada@example.org", "/").subject == 'fab approve_user:u="ada"'
    assert letters.submitted("iris", "kegl", "forest", "/").subject == (
        'fab train_test:e="iris",t="kegl",s="forest"'
    )

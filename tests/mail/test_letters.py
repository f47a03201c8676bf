"""Letters say who, what and where; two subjects are commands."""

from __future__ import annotations

import inspect

import pytest

from databoard.mail import letters
from databoard.mail.letters import Letter

MAKERS = [
    value
    for name, value in vars(letters).items()
    if inspect.isfunction(value) and value.__module__ == letters.__name__ and name[0] != "_"
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_letter_has_a_short_subject_and_names_all_it_was_given(make):
    names = list(inspect.signature(make).parameters)

    letter = make(*(f"the-{name}" for name in names))

    assert isinstance(letter, Letter)
    assert 0 < len(letter.subject) <= 100
    assert "\n" not in letter.subject
    assert letter.body.endswith("\n")
    for name in names:
        assert f"the-{name}" in letter.subject + letter.body


def test_subjects_to_organisers_are_commands():  # checklist 80
    assert letters.approve_sign_up("iris", "kegl", "/").subject == (
        'fab sign_up_team:e="iris",t="kegl"'
    )
    assert letters.approve_user("ada", "ada@example.org", "/").subject == 'fab approve_user:u="ada"'
    assert letters.submitted("iris", "kegl", "forest", "/").subject == (
        'fab train_test:e="iris",t="kegl",s="forest"'
    )

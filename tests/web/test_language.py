"""The interface speaks the visitor's language."""

from __future__ import annotations

import ast
import json
import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup

from databoard import errors
from databoard.languages import FOLDER
from databoard.phrases import phrase
from databoard.web import language
from tests.builders import make_user

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))
SAID = re.compile(r'\bsay\("([^"]+)"')
HOLES = re.compile(r"%\(\w+\)s|\{\w*\}|</?\w+")


def page(client, **headers):
    answer = client.get("/login", headers=headers)
    return BeautifulSoup(answer.data, "html.parser"), answer


def test_the_browsers_language_is_spoken(client):
    french, answer = page(client, **{"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"})

    assert french.html["lang"] == answer.headers["Content-Language"] == "fr"
    assert "Aller au contenu" in french.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_language_that_is_not_there_is_english(client):
    assert page(client, **{"Accept-Language": "xx"})[0].html["lang"] == "en"


def test_errors_speak_the_visitors_language_and_the_api_its_own(client):
    french = {"Accept-Language": "fr"}

    assert "Il n’existe pas d’événement de ce nom" in client.get("/events/no", headers=french).text
    answer = client.get("/api/v1/events/no", headers=french)
    assert answer.json["error"]["message"].startswith("There is no event of this name")


def test_the_visitors_choice_is_kept_and_leads_back(client):
    answer = client.get("/language/fr?next=/events")

    assert answer.location == "/events"
    assert page(client, **{"Accept-Language": "en"})[0].html["lang"] == "fr"
    assert client.get("/language/fr?next=//elsewhere.example").location == "/"


def test_forms_refuse_in_the_visitors_language(app, client):
    app.config["WTF_CSRF_ENABLED"] = False

    answer = client.post("/sign_up", data={"name": "x" * 50}, headers={"Accept-Language": "fr"})

    assert "40 caractères" in answer.text
    assert "Field cannot be" not in answer.text


def test_services_refuse_in_the_visitors_language(app, client, rows):
    make_user(rows, "ada")
    rows.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    new = {"name": "ada", "email": "a@example.org", "password": "a long password"}

    refusals = {
        code: client.post("/sign_up", data=new, headers={"Accept-Language": code}).text
        for code in ("en", "fr")
    }

    assert "The name ada is taken; choose another." in refusals["en"]
    assert "Le nom ada est pris\N{NO-BREAK SPACE}; choisissez-en un autre." in refusals["fr"]


def test_moments_and_phrases_in_a_phrase_are_translated_too(app):
    moment = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
    sentence = phrase("The event opens on %(when)s.", when=moment)
    dates = phrase("The %(after)s must not come before the %(before)s.", after=phrase("closing"),
                   before=phrase("opening"))  # fmt: skip

    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert language.said(sentence) == "L’événement ouvre le 30 nov. 2026, 09:05 UTC."
        assert "clôture" in language.said(dates)
        assert language.said("Anything else: 100 %") == "Anything else: 100 %"
    with app.test_request_context():
        assert language.said(sentence) == "The event opens on 30 November 2026 at 09:05 UTC."


#: What only commands print.
OF_COMMANDS = {"services/problems.py", "store/opening.py"}


def test_every_refusal_that_a_page_may_show_is_a_phrase():
    refusals = {one.__name__ for one in vars(errors).values()
                if isinstance(one, type) and issubclass(one, errors.DataboardError)}  # fmt: skip
    code = ROOT / "databoard"
    for path in [path for folder in ("domain", "services", "store") for path in
                 (code / folder).rglob("*.py")] + [code / "kits" / "deposits.py"]:  # fmt: skip
        if str(path.relative_to(code)) in OF_COMMANDS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                name, first = ast.unparse(node.exc.func), node.exc.args[0]
                is_plain = isinstance(first, ast.JoinedStr | ast.Constant | ast.BinOp)
                assert not (name in refusals - {"KitError", "TooSoonError"} and is_plain), (
                    f"{path}:{node.lineno} says what no catalogue translates: use phrase(...)"
                )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_every_message_is_translated_with_the_same_holes(path):
    with path.open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), f"{message.id} is not translated"
        for string in strings:
            holes = set(HOLES.findall(string))
            assert holes in [set(HOLES.findall(one)) for one in ids] or holes == set(
                HOLES.findall("".join(ids))
            ), message.id
        assert not message.fuzzy


def test_what_scripts_say_is_given_by_the_page_in_its_language(client):
    scripts = (ROOT / "databoard" / "frontend").glob("*.js")
    said = {text for path in scripts for text in SAID.findall(path.read_text())}
    french, _ = page(client, **{"Accept-Language": "fr"})
    words = json.loads(french.select_one("script#words").string)

    assert set(words) == said
    assert words["Show both"] == "Montrer les deux"
    assert page(client)[0].select_one("script#words") is None


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_a_catalogue_is_up_to_date(path, tmp_path):
    tool = runpy.run_path(str(ROOT / "tools" / "messages.py"))
    copy = tmp_path / path.relative_to(FOLDER)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())

    assert tool["update"](copy, tool["collect"]()) == []
    assert copy.read_bytes() == path.read_bytes(), "run: make messages"

"""``manage.py doctor`` prints what it found, and its exit code says whether something is red."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import pytest

from databoard.cli.actions.doctor import doctor
from databoard.errors import ProgramError


def test_what_is_red_ends_with_code_1_and_says_how_to_mend_it(settings, capsys):
    with pytest.raises(ProgramError, match="red"):
        doctor(settings)

    said = capsys.readouterr().out
    assert "-> start one: fab train" in said
    assert "-> run: python manage.py db upgrade" in said
    assert "versions" in said


def test_a_database_that_is_away_is_one_red_line_among_the_others(settings, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    away = replace(
        settings,
        database_url=f"sqlite:///{settings.root}",  # a folder
        mail_url=f"smtp://127.0.0.1:{port}",
    )

    with pytest.raises(ProgramError):
        doctor(away, json=True)

    report = json.loads(capsys.readouterr().out)
    levels = {one["name"]: one["level"] for one in report["findings"]}
    assert not report["ok"]
    assert levels["database"] == levels["mail"] == "red"
    assert levels["folder submissions"] == "green"
    assert all(one["mend"] for one in report["findings"] if one["level"] == "red")

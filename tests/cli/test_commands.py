"""fab and manage.py have the same commands, each with its help; refusals are one line."""

from __future__ import annotations

import inspect

import pytest
from click.testing import CliRunner
from invoke.exceptions import Exit

from databoard.cli.catalogue import ACTIONS
from databoard.cli.main import cli
from databoard.cli.tasks import as_tasks, describe, parameters
from databoard.errors import DataboardError
from databoard.settings import Settings

SECRET_KEY = "a key for tests only, thirty-two bytes long"
NAMES = {action.__name__ for action in ACTIONS}


@pytest.fixture
def run(make_settings, monkeypatch):
    """Run ``manage.py`` in this process, on an installation of the test's own."""
    settings = make_settings()
    monkeypatch.setenv("DATABOARD_DB_URL", settings.database_url)
    monkeypatch.setenv("DATABOARD_ROOT", str(settings.root))
    monkeypatch.setenv("DATABOARD_SECRET_KEY", SECRET_KEY)
    monkeypatch.delenv("DATABOARD_TEST", raising=False)
    return lambda *words, **options: CliRunner().invoke(cli, words, **options)


def test_both_have_the_same_commands():
    assert set(as_tasks(ACTIONS)) == NAMES
    assert {name.replace("-", "_") for name in cli.commands} == NAMES | {"db"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_every_command_is_documented(action):
    assert inspect.getdoc(action).splitlines()[0].endswith(".")
    for parameter in parameters(action):
        kind, meaning = describe(parameter)
        assert kind in (str, int, bool, list)
        assert meaning or parameter.name in ("firstname", "lastname")


def test_short_flags_are_the_manuals():
    """checklist 44: e, t, s and u are event, team, submission and user."""
    tasks = as_tasks(ACTIONS)
    shorts = {
        (name, short): argument.name
        for name in ("train_test", "submit", "sign_up_team", "approve_user")
        for argument in tasks[name].get_arguments()
        for short in argument.names
        if len(short) == 1
    }

    assert shorts["train_test", "e"] == shorts["submit", "e"] == "event"
    assert shorts["sign_up_team", "t"] == shorts["train_test", "t"] == "team"
    assert shorts["train_test", "s"] == shorts["submit", "s"] == "submission"
    assert shorts["approve_user", "u"] == "user"


@pytest.mark.parametrize("spelling", ["list_users", "list-users"])
def test_manage_takes_both_spellings(run, spelling):
    result = run(spelling)

    assert result.exit_code == 0
    assert "There is no user yet" in result.output


def test_a_refusal_is_one_line_on_stderr(run):
    result = run("approve_user", "nobody")

    assert result.exit_code == 1
    assert result.stderr == "Error: There is no user 'nobody'; see: fab list_users\n"
    assert result.stdout == ""


def test_a_refused_task_ends_fabric_with_its_line(monkeypatch):
    def refuse(settings: Settings) -> str:
        """Refuse."""
        raise DataboardError("Not today.")

    monkeypatch.setenv("DATABOARD_DB_URL", "sqlite://")
    monkeypatch.setenv("DATABOARD_SECRET_KEY", SECRET_KEY)

    with pytest.raises(Exit, match="Not today") as end:
        as_tasks([refuse])["refuse"].body(None)

    assert end.value.code == 1


# checklist 4, 5
@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({"DATABOARD_DB_URL": ""}, "DATABOARD_DB_URL"),
        ({"DATABOARD_TEST": "True", "DATABOARD_DB_URL_TEST": ""}, "DATABOARD_DB_URL_TEST"),
    ],
)
def test_a_missing_variable_is_named(run, env, missing):
    result = run("list_users", env=env)

    assert result.exit_code == 1
    assert f"Set {missing}," in result.stderr
    assert "Traceback" not in result.output


def test_a_database_without_tables_says_what_to_run(run, tmp_path):
    result = run("list_users", env={"DATABOARD_DB_URL": f"sqlite:///{tmp_path / 'new.db'}"})

    assert result.exit_code == 1
    assert "python manage.py db upgrade" in result.stderr


def test_a_database_that_does_not_answer_is_told_in_one_line(run):
    result = run("list_users", env={"DATABOARD_DB_URL": "postgresql://x@127.0.0.1:1/x"})

    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert result.stderr.count("\n") == 1

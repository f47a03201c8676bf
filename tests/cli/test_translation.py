"""Fabric 1's command lines become Fabric 3's; mistakes are told and run nothing."""

from __future__ import annotations

import pytest
from invoke.exceptions import ParseError
from invoke.parser.argument import Argument

from databoard.cli.tasks import as_tasks
from databoard.cli.translation import Translator, split_arguments, split_key


def add_problem(settings, name: str, force: bool = False) -> str:
    """Add a problem."""


def add_workflow(settings, name: str, element_types: list[str]) -> str:
    """Add a workflow."""


def add_score_type(settings, name: str, is_lower_the_better: str, minimum: str) -> str:
    """Add a score type."""


def serve(settings, port: int = 8080, quiet: bool = False, loud: bool = True) -> str:
    """Serve."""


def train_test(
    settings, event: str = "", team: str = "", submission: str = "", state: str = ""
) -> str:
    """Train."""


def sign_up_team(settings, event: str, team: str) -> str:
    """Sign a team up."""


TASKS = as_tasks([add_problem, add_workflow, add_score_type, serve, train_test, sign_up_team])
CORE = [Argument(names=("hosts", "H")), Argument(names=("list", "l"), kind=bool)]


def translate(*words):
    translator = Translator(words, TASKS.values(), CORE)
    return translator.translate()


@pytest.mark.parametrize(
    ("spellings", "meaning"),
    [
        (
            (
                ["add_problem:iris,force=True"],
                ["add_problem:name=iris,force=1"],
                ["add_problem:iris,True"],
                ["add_problem", "iris", "True"],
                ["add-problem", "iris", "yes"],
                ["add_problem:n=iris,f=y"],
            ),
            ["add-problem", "--name=iris", "--force"],
        ),
        ((["serve:80"], ["serve", "80"], ["serve:port=80"]), ["serve", "--port=80"]),
        ((["serve:None"], ["serve:"], ["serve"], ["serve:loud=True"]), ["serve"]),
        ((["serve:loud=no"],), ["serve", "--no-loud"]),
        (
            (["add_workflow:w,a,b"], ["add_workflow", "w", "a", "b"]),
            ["add-workflow", "--name=w", "--element-types=a", "--element-types=b"],
        ),
        (
            (["train_test:e=i,t=k,s=r"], ["train_test:i,k,r"], ["train_test", "i", "k", "r"]),
            ["train-test", "--event=i", "--team=k", "--submission=r"],
        ),
        (
            (["add_score_type:r2,0,-inf"], ["add_score_type", "r2", "0", "-inf"]),
            ["add-score-type", "--name=r2", "--is-lower-the-better=0", "--minimum=-inf"],
        ),
    ],
)
def test_all_spellings_mean_the_same(spellings, meaning):
    assert [translate(*words) for words in spellings] == [meaning] * len(spellings)


@pytest.mark.parametrize(
    "words",
    [
        ["add-problem", "--name", "iris", "--force"],
        ["add-problem", "-n", "iris"],
        ["-H", "add_problem", "serve"],  # the value of a flag is no task
        ["train-test", "--event", "serve", "--team", "add_problem"],
    ],
)
def test_todays_spelling_stays_as_it_is(words):
    assert translate(*words) == words


def test_flags_and_classic_arguments_mix():
    assert translate("add_problem:iris", "--force") == ["add-problem", "--name=iris", "--force"]


def test_several_calls_stand_in_one_line():
    words = translate(
        *("add_problem:iris", "sign_up_team", "e", "serve", "sign_up_team:e,b", "serve:80")
    )

    assert words == [
        *("add-problem", "--name=iris"),
        *("sign-up-team", "--event=e", "--team=serve"),  # still needed, so no task
        *("sign-up-team", "--event=e", "--team=b"),
        *("serve", "--port=80"),
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add_problem:"], "add_problem needs: name"),
        (["sign_up_team:iris"], "sign_up_team needs: team"),
        (["add_problem:a,maybe"], "must be True or False"),
        (["add_problem:a,True,c"], "'c' is one argument too many"),
        (["add_problem:a,fo=1"], "no argument 'fo'; it takes: name, force"),
        (["add_problem:a,name=b"], "name is given twice"),
        (["serve:port"], "port must be a whole number, not 'port'"),
    ],
)
def test_a_mistake_names_task_and_argument(words, says):
    with pytest.raises(ParseError, match=says):
        translate(*words)


def test_an_unknown_word_is_left_for_fabric_to_refuse():
    assert translate("ad_problem:iris") == ["ad_problem:iris"]


@pytest.mark.parametrize("words", [["add_problem", "--help"], ["add_problem:iris", "-h"]])
def test_help_after_a_task_is_for_the_task(words):
    translator = Translator(words, TASKS.values(), CORE)

    assert translator.translate() == []
    assert translator.help_for == "add-problem"


def test_quotes_and_backslashes_protect_what_separates():
    text = r"""iris,http://h:80/?a=1,"big, kegl",'p\,w\=x',\n"""

    assert split_arguments(text) == ["iris", "http://h:80/?a=1", "big, kegl", "p,w\\=x", "\\n"]
    assert split_key("p,w\\=x") == (None, "p,w=x")
    assert split_key("target=a=b") == ("target", "a=b")

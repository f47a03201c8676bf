"""Actions do one thing, say one line, and leave nothing behind when they fail."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from sqlalchemy import func, select

from databoard.cli.actions import accounts, events, parts, problems, results, submissions, teams
from databoard.errors import (
    DuplicateError,
    ForbiddenError,
    InvalidError,
    KitError,
    NotFoundError,
    UploadError,
)
from databoard.store.models import (
    EventTeam,
    Keyword,
    OutgoingMail,
    Problem,
    ScoreType,
    Submission,
)
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from databoard.store.queries import problems as problem_queries
from tests.builders import make_event, make_event_team, make_scored_submission, make_submission


@pytest.fixture
def ask(monkeypatch):
    """Answer the next question on standard input."""
    return lambda answer: monkeypatch.setattr(sys, "stdin", io.StringIO(answer))


@pytest.fixture
def iris(with_iris):
    """An installation with problem and event iris, and the user kegl."""
    problems.add_problem(with_iris, "iris")
    events.add_event(with_iris, "iris")
    accounts.create_user(with_iris, "kegl", "kegl@example.org", "a long password")
    return with_iris


@pytest.fixture
def look(settings):
    """Ask the installation's database."""

    def answer(statement):
        with open_session(settings.database_url) as session:
            return session.scalar(statement)

    return answer


def count(table):
    return select(func.count()).select_from(table)


# checklist 26
def test_an_element_type_is_added_once(settings):
    parts.add_workflow_element_type(settings, "classifier", "code")
    line = parts.add_workflow_element_type(settings, "classifier", "code")

    assert line == "The workflow element type classifier (code) is there."
    assert parts.list_workflow_element_types(settings) == "classifier  code"


def test_an_unknown_type_of_element_lists_the_types(settings):
    with pytest.raises(InvalidError, match="code, text, data"):
        parts.add_workflow_element_type(settings, "classifier", "nope")


# checklist 27
def test_a_workflow_keeps_the_order_of_its_elements(settings):
    for name in ("zeta", "alpha"):
        parts.add_workflow_element_type(settings, name, "code")
    parts.add_workflow(settings, "both", ["zeta", "alpha"])

    assert parts.list_workflows(settings) == "both  zeta, alpha"

    with pytest.raises(InvalidError, match="both"):
        parts.remove_workflow_element_type(settings, "zeta")
    parts.remove_workflow(settings, "both")
    parts.remove_workflow_element_type(settings, "zeta")
    assert parts.list_workflow_element_types(settings) == "alpha  code"


# checklist 30
@pytest.mark.parametrize(
    ("typed", "is_lower"), [("True", True), ("1", True), ('"0"', False), ("no", False)]
)
def test_a_score_type_is_parsed(settings, look, typed, is_lower):
    parts.add_score_type(settings, "loss", typed, "-inf", "inf")

    assert look(select(ScoreType.is_lower_the_better)) is is_lower
    assert look(select(ScoreType.minimum)) == float("-inf")
    assert look(select(ScoreType.maximum)) == float("inf")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("maybe", "0", "1"), "True or False"),
        (("1", "low", "1"), "minimum must be a number"),
        (("1", "1", "0"), "minimum"),
    ],
)
def test_a_wrong_score_type_leaves_nothing(settings, typed, says):
    with pytest.raises(InvalidError, match=says):
        parts.add_score_type(settings, "loss", *typed)

    assert parts.list_score_types(settings) == "There is no score type yet."


# checklist 32
def test_a_problem_whose_data_cannot_be_prepared_leaves_no_row(settings):
    folder = settings.problems_dir / "broken"
    folder.mkdir()
    (folder / "problem.py").write_text("raise RuntimeError('no data today')\n")

    with pytest.raises(KitError, match="no data today"):
        problems.add_problem(settings, "broken")

    assert problems.list_problems(settings).startswith("There is no problem yet")


def test_an_event_without_its_problem_says_what_to_run(with_iris):
    with pytest.raises(NotFoundError, match="fab add_problem:iris"):
        events.add_event(with_iris, "iris")


def test_a_second_event_of_a_name_needs_force(iris):
    with pytest.raises(DuplicateError, match="force=True"):
        events.add_event(iris, "iris")


# checklist 33
def test_force_takes_what_hangs_on_a_problem_only_after_a_yes(iris, ask, capsys):
    events.add_event(iris, "iris_spring", "iris")

    ask("n\n")
    with pytest.raises(InvalidError, match="Nothing was changed"):
        problems.add_problem(iris, "iris", force=True)
    ask("")
    with pytest.raises(InvalidError, match="--yes"):
        problems.add_problem(iris, "iris", force=True)
    assert "iris_spring" in capsys.readouterr().err
    assert "iris_spring" in events.list_events(iris)

    ask("y\n")
    problems.add_problem(iris, "iris", force=True)
    assert events.list_events(iris).startswith("There is no event yet")


def test_force_asks_nothing_where_nothing_is_lost(with_iris, ask):
    ask("")
    problems.add_problem(with_iris, "iris")
    problems.add_problem(with_iris, "iris", force=True)
    events.add_event(with_iris, "iris")
    events.add_event(with_iris, "iris", force=True)

    assert events.list_events(with_iris) == "iris  iris  Iris classification"


# checklist 15, 36
def test_a_team_is_signed_up_once_with_the_kit_in_its_sandbox_and_one_letter(iris, look):
    assert teams.sign_up_team(iris, "iris", "kegl") == "kegl takes part in iris."
    teams.sign_up_team(iris, "iris", "kegl")

    assert look(count(EventTeam)) == 1
    assert look(count(OutgoingMail)) == 1
    with open_session(iris.database_url) as session:
        place = session.scalars(select(EventTeam)).one()
        sandbox = {row.filename: row.content for row in place.sandbox}
    kit = iris.problems_dir / "iris" / "starting_kit"
    assert sandbox == {"classifier.py": (kit / "classifier.py").read_bytes()}


# checklist 43
def test_a_stranger_who_is_signed_up_gets_an_account_that_sleeps(iris, look):
    line = teams.sign_up_team(iris, "iris", "agramfort")

    assert "fab set_password:agramfort" in line
    assert "agramfort  user  agramfort@sleeping.invalid" in accounts.list_users(iris)
    assert look(count(OutgoingMail)) == 0


def test_a_team_of_several_is_founded_listed_and_removed(iris):
    accounts.create_user(iris, "ada", "ada@example.org", "a long password")
    teams.add_team(iris, "dream", ["kegl"])
    teams.add_team_member(iris, "dream", "ada")
    assert "dream  kegl, ada" in teams.list_teams(iris)
    assert teams.list_teams(iris, "iris") == "There is no team yet."

    with pytest.raises(ForbiddenError, match="own team"):
        teams.remove_team(iris, "kegl", yes=True)
    teams.remove_team(iris, "dream", yes=True)
    assert "dream" not in teams.list_teams(iris)


def test_a_team_that_takes_part_stays(iris):
    teams.add_team(iris, "dream", ["kegl"])
    teams.sign_up_team(iris, "iris", "dream")

    with pytest.raises(ForbiddenError, match="takes part in iris"):
        teams.remove_team(iris, "dream", yes=True)


def test_users_are_made_approved_and_removed(settings, ask):
    line = accounts.create_admin(settings, "root_of_all", "root@example.org")
    assert re.fullmatch(r"Created the admin root_of_all with the password \S{16}\.", line)
    assert accounts.list_users(settings, "admin") == "root_of_all  admin  root@example.org"
    assert accounts.approve_user(settings, "root_of_all") == "Approved root_of_all."

    ask("y\n")
    accounts.remove_user(settings, "root_of_all")
    assert accounts.list_users(settings).startswith("There is no user yet")


def test_an_event_gets_an_admin_and_loses_it(iris):
    assert events.make_event_admin(iris, "iris", "kegl") == "kegl organises iris."

    with open_session(iris.database_url) as session:
        event = event_queries.by_name(session, "iris")
        assert [user.name for user in event_queries.admins(session, event)] == ["kegl"]
    assert events.remove_event_admin(iris, "iris", "kegl") == "kegl organises iris no more."
    assert events.remove_event_admin(iris, "iris", "kegl") == "kegl did not organise iris."
    with open_session(iris.database_url) as session:
        event = event_queries.by_name(session, "iris")
        assert event_queries.admins(session, event) == []


def test_a_team_of_one_needs_a_name_that_an_account_may_have(iris):
    with pytest.raises(InvalidError, match="A user name has 2 to 40"):
        teams.sign_up_team(iris, "iris", "a b")


def test_a_submission_is_deposited_from_a_folder_and_deleted_again(iris, ask):
    folder = iris.problems_dir / "iris" / "starting_kit"
    with pytest.raises(NotFoundError, match="fab sign_up_team:iris,kegl"):
        submissions.submit(iris, "iris", "kegl", "first", str(folder))
    teams.sign_up_team(iris, "iris", "kegl")

    submissions.submit(iris, "iris", "kegl", "first", str(folder))

    event, team, name, state, _, _, kept = results.print_submissions(iris).split()
    assert (event, team, name, state) == ("iris", "kegl", "first", "new")
    assert (iris.submissions_dir / kept / "classifier.py").exists()

    ask("y\n")
    submissions.delete_submission(iris, "iris", "kegl", "first")
    assert results.print_submissions(iris) == "There is no such submission."
    assert not (iris.submissions_dir / kept).exists()


def test_a_folder_without_the_files_is_refused(iris, tmp_path, look):
    teams.sign_up_team(iris, "iris", "kegl")

    with pytest.raises(UploadError, match=r"classifier\.py"):
        submissions.submit(iris, "iris", "kegl", "first", str(tmp_path))
    with pytest.raises(InvalidError, match="There is no folder"):
        submissions.submit(iris, "iris", "kegl", "first", str(tmp_path / "nowhere"))

    assert look(count(Submission)) == 0


@pytest.fixture
def scored(settings):
    """An event with a scored and a new submission."""
    with open_session(settings.database_url) as session:
        event = make_event(session, "spring")
        place = make_event_team(session, event)
        make_scored_submission(session, place, "done", score=0.1 + 0.2)
        make_submission(session, place, "waits", state="new")
        session.commit()
        return place.team.name


def test_scores_are_printed_at_full_precision(settings, scored):
    done, waits = json.loads(results.scores(settings, "spring", json=True))

    value = {"accuracy": 0.1 + 0.2}
    fold = {"train": value, "valid": value, "test": value}
    assert done == {
        "team": scored,
        "name": "done",
        "state": "scored",
        "folds": [fold, fold],
        "bagged": {"valid": [value, value], "test": [value, value]},
    }
    assert (waits["name"], waits["state"]) == ("waits", "new")
    assert waits["folds"] == [{"train": {}, "valid": {}, "test": {}}] * 2
    assert waits["bagged"] == {"valid": [], "test": []}


def test_scores_are_a_table_for_people(settings, scored):
    lines = results.scores(settings, "spring").splitlines()

    assert [line.split()[1:] for line in lines] == [
        ["done", "scored", "accuracy", "0.3000"],
        ["waits", "new", "accuracy", "-"],
    ]


def test_what_was_removed_is_gone(iris):
    events.remove_event(iris, "iris", yes=True)
    problems.remove_problem(iris, "iris", yes=True)

    with open_session(iris.database_url) as session:
        assert problem_queries.all_problems(session) == []
        assert event_queries.all_events(session) == []


@pytest.mark.parametrize(
    "action", [events.remove_event, problems.remove_problem, results.scores, teams.list_teams]
)
def test_what_is_not_there_says_where_to_look(settings, action):
    with pytest.raises(NotFoundError, match="see: fab list_"):
        action(settings, "nothing")


def test_a_problem_is_found_by_its_keywords(with_iris, look):
    problems.add_problem(with_iris, "iris")

    line = problems.set_keywords(with_iris, "iris", "botany; flowers", "classification")

    assert line == "iris is found by: botany, classification, flowers."
    assert look(count(Keyword).where(Keyword.type == "domain")) == 2
    assert problems.set_keywords(with_iris, "iris") == "iris has no keywords now."


def test_a_shipped_problem_is_in_order(with_iris):
    assert problems.check_problem(with_iris, "iris").splitlines()[-1] == "iris is in order."


def test_a_starting_kit_that_does_not_train_is_told(with_iris):
    code = with_iris.problems_dir / "iris" / "starting_kit" / "classifier.py"
    code.write_text(code.read_text() + "\n\nraise LookupError('too old')\n")

    with pytest.raises(KitError, match=r"fails on fold 0: LookupError: too old \(classifier.py"):
        problems.check_problem(with_iris, "iris")

    assert "in order" in problems.check_problem(with_iris, "iris", quick=True)


def test_a_problem_whose_environment_cannot_be_made_is_not_added(with_iris, look):
    (with_iris.problems_dir / "iris" / "requirements.txt").write_text("numpy\n-r more.txt\n")

    with pytest.raises(KitError, match=r"requirements.txt, line 2 \(-r more.txt\)"):
        problems.add_problem(with_iris, "iris")

    assert look(select(func.count()).select_from(Problem)) == 0


def test_a_problem_without_requirements_has_no_environment_to_build(with_iris):
    assert "server's own Python" in problems.build_environment(with_iris, "iris")

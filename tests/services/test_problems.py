"""Problems: described once, added whole or not at all, and removed with what hangs on them."""

from __future__ import annotations

import math
import zipfile

import pytest
from sqlalchemy import func, select

from databoard.errors import DuplicateError, InvalidError, KitError, NotFoundError
from databoard.services import events, problems
from databoard.store.models import (
    Event,
    Keyword,
    Problem,
    ScoreType,
    Submission,
    Workflow,
    WorkflowElement,
    WorkflowElementType,
)
from databoard.store.queries import problems as queries
from tests.builders import NOON, make_event, make_event_team, make_problem, make_scored_submission


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def add(session, problems_dir, name="parity", **fields):
    return problems.add_problem(session, name, problems_dir=problems_dir, now=NOON, **fields)


def test_an_element_type_is_added_once(session):  # checklist 26
    first = problems.add_element_type(session, "classifier", "code")

    assert problems.add_element_type(session, "classifier", "code") is first
    with pytest.raises(DuplicateError, match="of type code"):
        problems.add_element_type(session, "classifier", "text")
    with pytest.raises(InvalidError, match="code, text, data"):
        problems.add_element_type(session, "classifier", "nope")
    with pytest.raises(InvalidError):
        problems.add_element_type(session, "../evil", "code")


def test_a_workflow_has_its_elements_in_the_order_given(session):  # checklist 27
    for name, type_ in (("b_part", "code"), ("a_part", "text"), ("c_part", "data")):
        problems.add_element_type(session, name, type_)

    workflow = problems.add_workflow(session, "parts", ["b_part", "a_part", "c_part"])

    session.expire_all()
    assert [e.filename for e in workflow.elements] == ["b_part.py", "a_part.txt", "c_part.csv"]
    assert problems.element_names(workflow) == ["b_part", "a_part.txt", "c_part.csv"]
    assert problems.add_workflow(session, "parts", ["b_part", "a_part", "c_part"]) is workflow
    with pytest.raises(DuplicateError, match=r"b_part\.py, a_part\.txt"):
        problems.add_workflow(session, "parts", ["a_part", "b_part", "c_part"])


@pytest.mark.parametrize(
    ("elements", "error"),
    [([], InvalidError), (["x", "x"], InvalidError), (["unknown"], NotFoundError)],
)
def test_a_workflow_of_nothing_twice_or_unknown_is_refused(session, elements, error):
    problems.add_element_type(session, "x", "code")

    with pytest.raises(error):
        problems.add_workflow(session, "parts", elements)
    assert count(session, Workflow) == 0


def test_a_score_type_is_added_once_and_may_be_without_end(session):  # checklist 30
    row = problems.add_score_type(session, "error", True, 0.0, math.inf)

    session.expire_all()
    assert (row.is_lower_the_better, row.minimum, row.maximum) == (True, 0.0, math.inf)
    assert problems.add_score_type(session, "error", True, 0.0, math.inf) is row
    with pytest.raises(DuplicateError, match="lower is better, 0 to inf"):
        problems.add_score_type(session, "error", False, 0.0, math.inf)
    for minimum, maximum in ((1.0, 0.0), (1.0, 1.0), (math.nan, 1.0)):
        with pytest.raises(InvalidError):
            problems.add_score_type(session, "other", True, minimum, maximum)
    with pytest.raises(InvalidError):
        problems.add_score_type(session, "", True, 0.0, 1.0)


def test_what_is_used_is_not_removed_and_says_by_whom(session):
    event = make_event(session, "parity_2026", problem=make_problem(session, "parity"))

    for remove, name, user in [
        (problems.remove_element_type, "classifier", "classifier"),
        (problems.remove_workflow, "classifier", "parity"),
        (problems.remove_score_type, "accuracy", "parity_2026"),
    ]:
        with pytest.raises(InvalidError, match=user):
            remove(session, name)
        with pytest.raises(NotFoundError):
            remove(session, "unknown")

    problems.remove_problem(session, event.problem.name)
    problems.remove_score_type(session, "accuracy")
    problems.remove_workflow(session, "classifier")
    problems.remove_element_type(session, "classifier")
    models = (ScoreType, Workflow, WorkflowElement, WorkflowElementType)
    assert [count(session, model) for model in models] == [0, 0, 0, 0]


def test_a_problem_keeps_all_that_pages_show_of_its_kit(session, make_kit, problems_dir):
    folder = make_kit()

    problem = add(session, problems_dir)

    session.expire_all()
    assert (problem.name, problem.title) == ("parity", "Tell even from odd")
    assert (problem.n_train, problem.n_test, problem.n_columns) == (12, 6, 2)
    assert (problem.prediction_kind, problem.label_names) == ("multiclass", [0, 1])
    assert [e.filename for e in problem.workflow.elements] == ["classifier.py"]
    assert "<em>even</em>" in problem.overview_html
    assert len(problem.kit_hash) == len(problem.data_hash) == 64
    with zipfile.ZipFile(folder / "starting_kit.zip") as archive:  # checklist 21
        assert "problem.py" in archive.namelist()


def test_the_hash_of_a_kit_follows_its_code_not_its_texts(session, make_kit, problems_dir):
    folder = make_kit()
    first = add(session, problems_dir).kit_hash

    (folder / "README.md").write_text("Better words.\n")
    assert add(session, problems_dir, force=True).kit_hash == first
    (folder / "helper.py").write_text("x = 1\n")
    assert add(session, problems_dir, force=True).kit_hash != first


@pytest.mark.parametrize(
    "replace",
    [
        {"workflow = Workflow()": ""},
        {"return np.arange(12.0).reshape(12, 1), np.arange(12) % 2": "raise OSError('no data')"},
        {"import numpy as np": "import a_module_that_is_not_there"},
    ],
)
def test_a_kit_that_fails_leaves_nothing(session, make_kit, problems_dir, replace):  # checklist 32
    make_kit(**replace)

    with pytest.raises(KitError):
        add(session, problems_dir)
    session.rollback()

    assert count(session, Problem) == count(session, Workflow) == 0


def test_prepare_data_that_stops_leaves_nothing(session, make_kit, problems_dir):  # checklist 32
    folder = make_kit()
    with (folder / "problem.py").open("a") as file:
        file.write("\n\ndef prepare_data():\n    raise ValueError('no raw data')\n")

    with pytest.raises(KitError, match="no raw data"):
        add(session, problems_dir)
    session.rollback()

    assert count(session, Problem) == 0


def test_a_problem_without_a_folder_is_refused(session, problems_dir):
    for name in ("nowhere", "../etc", "Upper"):
        with pytest.raises((KitError, InvalidError)):
            add(session, problems_dir, name)


def test_a_second_problem_of_the_name_needs_force_and_takes_its_events(
    session, make_kit, problems_dir
):  # checklist 33
    make_kit()
    make_kit("other")
    add(session, problems_dir)
    add(session, problems_dir, "other")
    gone = events.add_event(session, "gone", problems_dir=problems_dir, now=NOON, problem="parity")
    events.add_event(session, "kept", problems_dir=problems_dir, now=NOON, problem="other")
    make_scored_submission(session, make_event_team(session, gone))

    with pytest.raises(DuplicateError, match="force=True"):
        add(session, problems_dir)
    assert (
        problems.what_goes_with_problem(session, "parity")
        == "problem parity, its events: gone, submissions: 1"
    )
    add(session, problems_dir, force=True)

    assert session.scalars(select(Event.name)).all() == ["kept"]
    assert count(session, Submission) == 0
    assert [p.name for p in queries.all_problems(session)] == ["other", "parity"]


def test_workflows_of_one_class_and_other_elements_get_names_of_their_own(
    session, make_kit, problems_dir
):
    make_kit()
    make_kit("other", **{'element_names = ["classifier"]': 'element_names = ["regressor"]'})

    names = [add(session, problems_dir, name).workflow.name for name in ("parity", "other")]

    assert names == ["Workflow", "other_Workflow"]


def test_keywords_are_replaced_by_type(session):
    problem = make_problem(session)

    problems.set_keywords(session, problem, ["biology", " biology ", ""], "domain")
    problems.set_keywords(session, problem, ["images", "trees"], "theme")
    problems.set_keywords(session, problem, ["trees", "biology"], "theme")

    assert sorted(k.name for k in problem.keywords) == ["biology", "trees"]
    assert count(session, Keyword) == 3
    assert queries.uses_of_workflow(session, "classifier") == [problem.name]

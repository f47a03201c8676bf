"""Problems, and what describes them: element types, workflows, score types, keywords."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, InvalidError, NotFoundError
from databoard.kits import bundling
from databoard.kits.loading import Kit, load_kit
from databoard.kits.plugins import Bounds, has_plugin, import_plugin
from databoard.kits.protocol import Element
from databoard.kits.protocol import ScoreType as KitScoreType
from databoard.store.models import (
    Keyword,
    Problem,
    ScoreType,
    Workflow,
    WorkflowElement,
    WorkflowElementType,
)
from databoard.store.queries import events as event_queries
from databoard.store.queries import problems as queries

T = TypeVar("T")
TYPES = ("code", "text", "data")
SUFFIXES = {"code": ".py", "text": ".txt", "data": ".csv"}
#: What every RAMP is made of; the manual's example sequences use them without adding them.
COMMON_ELEMENTS = ("feature_extractor", "classifier", "regressor", "calibrator")


def add_element_type(session: Session, name: str, type_: str) -> WorkflowElementType:
    """Add an element type; again the same changes nothing (checklist 26).

    Raises
    ------
    InvalidError, DuplicateError
        For an unknown type, or a name that has another.
    """
    rules.check_identifier(name, "element")
    if type_ not in TYPES:
        raise InvalidError(f"{type_!r} is no type of element; choose {', '.join(TYPES)}.", "type")
    row = queries.element_type(session, name)
    if row is None:
        row = WorkflowElementType(name=name, type=type_)
        session.add(row)
        session.flush()
    elif row.type != type_:
        raise DuplicateError(f"There is an element type {name} already, of type {row.type}.")
    return row


def remove_element_type(session: Session, name: str) -> None:
    """Remove an element type that no workflow uses."""
    row = _found(queries.element_type(session, name), "element type", name)
    _check_unused("element type", name, "workflows", queries.uses_of_element_type(session, name))
    session.delete(row)
    session.flush()


def _found(row: T | None, what: str, name: str) -> T:
    if row is None:
        raise NotFoundError(f"There is no {what} {name}.")
    return row


def _check_unused(what: str, name: str, users: str, names: Sequence[str]) -> None:
    if names:
        raise InvalidError(f"The {what} {name} is used by the {users} {', '.join(names)}.")


def add_workflow(session: Session, name: str, elements: Sequence[str]) -> Workflow:
    """Add a workflow of elements in this order; again the same changes nothing (checklist 27).

    Raises
    ------
    InvalidError, NotFoundError, DuplicateError
        For no elements, an unknown one, or a name that has others; a module
        ``databoard/specific/workflows/<name>.py`` that does not import is a KitError.
    """
    rules.check_identifier(name, "workflow")
    if not elements:
        raise InvalidError(f"Which elements does the workflow {name} have?", "elements")
    if len(set(elements)) < len(elements):
        raise InvalidError(f"The workflow {name} names an element twice.", "elements")
    if has_plugin("workflows", name):
        import_plugin("workflows", name)
    types = []
    for element in elements:
        row = queries.element_type(session, element)
        if row is None and element in COMMON_ELEMENTS:
            row = add_element_type(session, element, "code")
        if row is None:
            raise NotFoundError(
                f"There is no element type {element}: fab add_workflow_element_type:{element},code."
            )
        types.append(row)
    pairs = [(row, row.name + SUFFIXES[row.type]) for row in types]
    return _ensure_workflow(session, name, pairs)


def _ensure_workflow(
    session: Session, name: str, pairs: Sequence[tuple[WorkflowElementType, str]]
) -> Workflow:
    workflow = queries.workflow(session, name)
    if workflow is None:
        workflow = Workflow(name=name)
        session.add(workflow)
        for position, (row, filename) in enumerate(pairs):
            workflow.elements.append(
                WorkflowElement(element_type=row, position=position, filename=filename)
            )
        session.flush()
    elif [e.filename for e in workflow.elements] != [filename for _, filename in pairs]:
        has = ", ".join(e.filename for e in workflow.elements)
        raise DuplicateError(f"There is a workflow {name} already, with {has}.")
    return workflow


def remove_workflow(session: Session, name: str) -> None:
    """Remove a workflow that no problem uses."""
    row = _found(queries.workflow(session, name), "workflow", name)
    _check_unused("workflow", name, "problems", queries.uses_of_workflow(session, name))
    session.delete(row)
    session.flush()


def element_names(workflow: Workflow) -> list[str]:
    """Element names as ramp-workflow writes them: with a suffix unless it is ``.py``."""
    return [e.filename.removesuffix(".py") for e in workflow.elements]


def add_score_type(
    session: Session, name: str, is_lower_the_better: bool, minimum: float, maximum: float
) -> ScoreType:
    """Add a score type; again the same changes nothing (checklist 30).

    Raises
    ------
    InvalidError, DuplicateError
        For an empty range, or a name that has another.
    """
    if not name:
        raise InvalidError("A score type needs a name.", "name")
    rules.check_score_range(minimum, maximum)
    row = queries.score_type(session, name)
    if row is None:
        row = ScoreType(
            name=name, is_lower_the_better=is_lower_the_better, minimum=minimum, maximum=maximum
        )
        session.add(row)
        session.flush()
    elif (row.is_lower_the_better, row.minimum, row.maximum) != (
        is_lower_the_better,
        minimum,
        maximum,
    ):
        better = "lower" if row.is_lower_the_better else "higher"
        raise DuplicateError(
            f"There is a score type {name} already: {better} is better, "
            f"{row.minimum:g} to {row.maximum:g}."
        )
    return row


def ensure_score_type(session: Session, score: KitScoreType) -> ScoreType:
    """Find the score type of a kit's score, or add it as the kit describes it.

    Two kits may call different scores alike; the event keeps its own direction and range.
    """
    row = queries.score_type(session, score.name)
    if row is None:
        row = ScoreType(
            name=score.name,
            is_lower_the_better=bool(score.is_lower_the_better),
            minimum=float(score.minimum),
            maximum=float(score.maximum),
        )
        session.add(row)
        session.flush()
    return row


def score_bounds(session: Session) -> dict[str, Bounds]:
    """Direction and range of all score types by name, as ``fab add_score_type`` said."""
    return {
        row.name: (row.is_lower_the_better, row.minimum, row.maximum)
        for row in queries.score_types(session)
    }


def remove_score_type(session: Session, name: str) -> None:
    """Remove a score type that no event uses."""
    row = _found(queries.score_type(session, name), "score type", name)
    _check_unused("score type", name, "events", queries.uses_of_score_type(session, name))
    session.delete(row)
    session.flush()


def add_problem(
    session: Session, name: str, *, problems_dir: Path, now: datetime, force: bool = False
) -> Problem:
    """Add a problem: prepare its data, and store all that pages show of it.

    Raises
    ------
    KitError, DuplicateError
        Nothing is stored then.
    """
    rules.check_identifier(name, "problem")
    if queries.by_name(session, name) is not None:
        if not force:
            raise DuplicateError(
                f"There is a problem {name} already; force=True replaces it and all its events."
            )
        remove_problem(session, name)
    kit = load_kit(name, problems_dir, element_names=_declared_elements(session, name))
    kit.prepare_data()
    _X, y = kit.train_data()
    X_test, y_test = kit.test_data()
    problem = Problem(
        name=name,
        title=kit.title[:200],
        workflow_id=_workflow_of(session, kit).id,
        prediction_kind=kit.prediction_kind,
        label_names=[_plain(label) for label in kit.label_names],
        n_columns=kit.n_columns,
        n_train=_length(y),
        n_test=_length(y_test if y_test is not None else X_test),
        data_hash=kit.data_hash(),
        added_at=now,
    )
    describe(problem, kit)
    session.add(problem)
    session.flush()
    return problem


def _declared_elements(session: Session, name: str) -> list[str]:
    """Elements of the workflow of a 2016 problem, as ``fab add_workflow`` listed them."""
    if not has_plugin("problems", name):
        return []
    workflow_name = getattr(import_plugin("problems", name), "workflow_name", "")
    workflow = queries.workflow(session, str(workflow_name))
    return element_names(workflow) if workflow else []


def _workflow_of(session: Session, kit: Kit) -> Workflow:
    """Find the workflow of a kit or add it: its class may stand for other elements elsewhere."""
    pairs = [(_ensure_element_type(session, e), e.filename) for e in kit.elements]
    filenames = [filename for _, filename in pairs]
    taken = queries.workflow(session, kit.workflow_name)
    if taken is not None and [e.filename for e in taken.elements] != filenames:
        own = f"{kit.name}_{kit.workflow_name}"
        return _ensure_workflow(session, own, pairs)
    return _ensure_workflow(session, kit.workflow_name, pairs)


def ensure_parts(session: Session, kit: Kit) -> None:
    """Make the workflow of a kit, its elements and its score types; again changes nothing."""
    _workflow_of(session, kit)
    for score in kit.score_types:
        ensure_score_type(session, score)


def _ensure_element_type(session: Session, element: Element) -> WorkflowElementType:
    row = queries.element_type(session, element.name)
    if row is None:
        row = WorkflowElementType(name=element.name, type=element.type)
        session.add(row)
        session.flush()
    return row


def _plain(label: object) -> str | int | float | bool:
    """Write a label as JSON knows it."""
    item = getattr(label, "item", None)
    value = item() if callable(item) else label
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _length(values: object) -> int:
    try:
        return len(values)  # type: ignore[arg-type]
    except TypeError:
        return 0


def describe(problem: Problem, kit: Kit) -> None:
    """Store what pages show of a kit: its notebook, data dictionary, packages, starting kit."""
    description = bundling.describe(kit)
    problem.overview_html = description.overview_html
    problem.dictionary_html = description.dictionary_html
    problem.summary = description.summary
    problem.requirements = description.requirements
    problem.kit_hash = kit.code_hash()
    bundling.refresh_starting_kit(kit.path)


def render(markdown: str) -> str:
    """Turn an organiser's Markdown into sanitised HTML."""
    return bundling.render_markdown(markdown) if markdown.strip() else ""


def set_keywords(session: Session, problem: Problem, names: Sequence[str], type_: str) -> None:
    """Replace the keywords of one type of a problem."""
    rows = []
    for name in dict.fromkeys(name.strip() for name in names if name.strip()):
        row = queries.keyword(session, name[:80])
        if row is None:
            row = Keyword(name=name[:80], type=type_)
            session.add(row)
        rows.append(row)
    kept = [keyword for keyword in problem.keywords if keyword.type != type_]
    problem.keywords = list(dict.fromkeys([*kept, *rows]))
    session.flush()


def what_goes_with_problem(session: Session, name: str) -> str:
    """Tell what removing a problem would remove."""
    problem = _found(queries.by_name(session, name), "problem", name)
    events = queries.events_of(session, problem)
    n_submissions = queries.n_submissions_of(session, events)
    names = ", ".join(event.name for event in events) or "none"
    return f"problem {name}, its events: {names}, submissions: {n_submissions}"


def remove_problem(session: Session, name: str) -> str:
    """Remove a problem with its events and their submissions; return what went."""
    problem = _found(queries.by_name(session, name), "problem", name)
    what = what_goes_with_problem(session, name)
    for event in queries.events_of(session, problem):
        event_queries.forget(session, event.id)
    session.expire_all()
    session.delete(_found(queries.by_name(session, name), "problem", name))
    session.flush()
    return what

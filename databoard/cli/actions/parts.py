"""The parts that problems and events are made of: elements, workflows, score types."""

from __future__ import annotations

from typing import Annotated

from databoard.cli.words import read_bool, read_float, table
from databoard.services import problems
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import problems as queries

ElementTypeName = Annotated[str, "name of the element type; its files are called like it"]
WorkflowName = Annotated[str, "name of the workflow"]
ScoreTypeName = Annotated[str, "name of the score type"]


def add_workflow_element_type(
    settings: Settings,
    name: ElementTypeName,
    type: Annotated[str, "code, text or data"],  # noqa: A002 - as the manual calls it
) -> str:
    """Add a type of workflow element."""
    with open_session(settings.database_url) as session:
        problems.add_element_type(session, name, type)
        session.commit()
    return f"The workflow element type {name} ({type}) is there."


def remove_workflow_element_type(settings: Settings, name: ElementTypeName) -> str:
    """Remove a type of workflow element that no workflow uses."""
    with open_session(settings.database_url) as session:
        problems.remove_element_type(session, name)
        session.commit()
    return f"Removed the workflow element type {name}."


def list_workflow_element_types(settings: Settings) -> str:
    """List the types of workflow elements."""
    with open_session(settings.database_url) as session:
        rows = [(element.name, element.type) for element in queries.element_types(session)]
    return table(rows, "There is no workflow element type yet.")


def add_workflow(
    settings: Settings,
    name: WorkflowName,
    element_types: Annotated[list[str], "its elements, in the order of their training"],
) -> str:
    """Add a workflow and its elements."""
    with open_session(settings.database_url) as session:
        problems.add_workflow(session, name, element_types)
        session.commit()
    return f"The workflow {name} ({', '.join(element_types)}) is there."


def remove_workflow(settings: Settings, name: WorkflowName) -> str:
    """Remove a workflow that no problem uses."""
    with open_session(settings.database_url) as session:
        problems.remove_workflow(session, name)
        session.commit()
    return f"Removed the workflow {name}."


def list_workflows(settings: Settings) -> str:
    """List the workflows with their elements."""
    with open_session(settings.database_url) as session:
        rows = [
            (workflow.name, ", ".join(element.name for element in workflow.elements))
            for workflow in queries.workflows(session)
        ]
    return table(rows, "There is no workflow yet.")


def add_score_type(
    settings: Settings,
    name: ScoreTypeName,
    is_lower_the_better: Annotated[str, "True or False"],
    minimum: Annotated[str, "the worst or best value: a number, inf or -inf"],
    maximum: Annotated[str, "the best or worst value: a number, inf or -inf"],
) -> str:
    """Add a score type."""
    with open_session(settings.database_url) as session:
        problems.add_score_type(
            session,
            name,
            read_bool(is_lower_the_better, "is_lower_the_better"),
            read_float(minimum, "minimum"),
            read_float(maximum, "maximum"),
        )
        session.commit()
    return f"The score type {name} is there."


def remove_score_type(settings: Settings, name: ScoreTypeName) -> str:
    """Remove a score type that no event uses."""
    with open_session(settings.database_url) as session:
        problems.remove_score_type(session, name)
        session.commit()
    return f"Removed the score type {name}."


def list_score_types(settings: Settings) -> str:
    """List the score types with direction and range."""
    with open_session(settings.database_url) as session:
        rows = [
            (
                score.name,
                "lower is better" if score.is_lower_the_better else "higher is better",
                f"{score.minimum:g} to {score.maximum:g}",
            )
            for score in queries.score_types(session)
        ]
    return table(rows, "There is no score type yet.")

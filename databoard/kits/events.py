"""Events: what an event module of the 2016 convention says, with defaults for a bare kit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from databoard.errors import KitError
from databoard.kits.plugins import check_name, has_plugin, import_plugin
from databoard.kits.workflows import PROBLEM_FILE

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AWAY = datetime(4000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EventSpec:
    """The settings of a new event; the names are those of the event modules of 2016.

    Times are aware and in UTC; ``min_duration_between_submissions`` is in seconds. An empty
    ``event_title`` means the problem's title.
    """

    name: str
    problem_name: str
    event_title: str = ""
    max_members_per_team: int = 1
    max_n_ensemble: int = 80
    min_duration_between_submissions: int = 0
    opening_timestamp: datetime = LONG_AGO
    public_opening_timestamp: datetime = LONG_AGO
    closing_timestamp: datetime = FAR_AWAY
    is_public: bool = True
    is_controled_signup: bool = False
    is_send_trained_mails: bool = False
    is_send_submitted_mails: bool = False
    is_competitive: bool = False
    description: str = ""


def event_module(event: str | None, problem: str, *, is_ramp_kit: bool) -> ModuleType | None:
    """Find the module whose folds, scores and rules an event has.

    It is ``databoard/specific/events/<event>.py``; a 2016 problem falls back to the module called
    like the problem. A ramp-kit's event of the same name needs no module and takes none.

    Raises
    ------
    KitError
        If the module does not load or is for another problem.
    """
    if is_ramp_kit and event in (None, problem):
        return None
    for name in (event, None if is_ramp_kit else problem):
        if name is not None and has_plugin("events", name):
            module = import_plugin("events", name)
            own_problem = getattr(module, "problem_name", problem)
            if own_problem != problem:
                raise KitError(
                    f"The event {name} is for the problem {own_problem}, not {problem}.",
                    "Choose another name for the event, or the other problem.",
                )
            return module
    return None


def event_spec(event: str, problem: str | None, problems_dir: Path) -> EventSpec:
    """Tell the settings of a new event.

    Parameters
    ----------
    event : str
        Its name.
    problem : str or None
        Its problem; None takes the one that the event's module names, or else the one that is
        called like the event.
    problems_dir : Path
        Where problem folders lie.

    Raises
    ------
    KitError
        If no problem is found or the module is wrong.
    """
    check_name(event, "event")
    if problem is None:
        problem = event
        if has_plugin("events", event) and not (problems_dir / event / PROBLEM_FILE).is_file():
            problem = str(getattr(import_plugin("events", event), "problem_name", event))
    if not (problems_dir / problem).is_dir():
        raise KitError(
            f"The event {event} has no problem: there is no folder problems/{problem}.",
            f"Say which problem it is for: fab add_event:{event},problem=<problem>.",
        )
    is_ramp_kit = (problems_dir / problem / PROBLEM_FILE).is_file()
    module = event_module(event, problem, is_ramp_kit=is_ramp_kit)
    if module is None:
        return EventSpec(name=event, problem_name=problem)
    settings = {
        setting.name: _convert(module, setting.name, setting.default)
        for setting in fields(EventSpec)
        if setting.name not in ("name", "problem_name") and hasattr(module, setting.name)
    }
    return EventSpec(name=event, problem_name=problem, **settings)


def _convert(module: ModuleType, name: str, default: Any) -> Any:
    """Read a setting as the type of its default; times without a zone are in UTC."""
    value = getattr(module, name)
    if isinstance(default, datetime):
        if not isinstance(value, datetime):
            raise KitError(
                f"{name} of {module.__name__} is {value!r}.",
                f"Write {name} = datetime.datetime(2026, 1, 31, 12, 0, 0), in UTC.",
            )
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    try:
        return type(default)(value)
    except (TypeError, ValueError) as error:
        raise KitError(f"{name} of {module.__name__} is {value!r}.", f"{error}.") from error

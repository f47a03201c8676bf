"""Problems."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from databoard.cli import environments
from databoard.cli.words import Force, ProblemName, Yes, clock, confirm, found, table
from databoard.errors import KitError, TrainingError
from databoard.kits.templates import write_kit
from databoard.services import problems
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import problems as queries

if TYPE_CHECKING:
    from databoard.kits.checking import Scores, Train
    from databoard.kits.kit import Kit

HINT = "see: fab list_problems"


def add_problem(
    settings: Settings, name: ProblemName, force: Force = False, yes: Yes = False
) -> str:
    """Add a problem from its folder and prepare its data."""
    with open_session(settings.database_url) as session:
        old = queries.by_name(session, name) if force else None
        if old is not None and queries.events_of(session, old):
            confirm(_loss(problems.what_goes_with_problem(session, name)), yes=yes)
        about_environment = environments.enter(settings, name)
        problem = problems.add_problem(
            session, name, problems_dir=settings.problems_dir, now=clock(), force=force
        )
        line = f"Added the problem {name}: {problem.title}. {about_environment}".rstrip()
        session.commit()
    return line


def build_environment(settings: Settings, name: ProblemName) -> str:
    """Build the environment of a problem's requirements.txt now, again if it failed."""
    made = environments.build(settings, name, again=True)
    if made is None:
        return f"{name} has no requirements.txt: it runs in the server's own Python."
    return "\n".join([*made.packages, f"The environment of {name} is ready."])


def new_problem(
    settings: Settings,
    name: ProblemName,
    template: Annotated[str, "classifier, regressor or feature_extractor_regressor"] = "classifier",
) -> str:
    """Write the folder of a new problem that trains at once, to be changed into yours."""
    write_kit(name, template, settings.problems_dir)
    return (
        f"Wrote problems/{name}. Next: fab check_problem:{name}, fab add_problem:{name}, "
        f"fab add_event:{name}"
    )


def _loss(what: str) -> str:
    return f"This goes: {what}."


def remove_problem(settings: Settings, name: ProblemName, yes: Yes = False) -> str:
    """Remove a problem with its events and all their submissions."""
    with open_session(settings.database_url) as session:
        found(queries.by_name(session, name), "problem", name, HINT)
        confirm(_loss(problems.what_goes_with_problem(session, name)), yes=yes)
        problems.remove_problem(session, name)
        session.commit()
    return f"Removed the problem {name}."


def list_problems(settings: Settings) -> str:
    """List the problems with workflow and title."""
    with open_session(settings.database_url) as session:
        rows = [
            (problem.name, problem.workflow.name, problem.title)
            for problem in queries.all_problems(session)
        ]
    return table(rows, "There is no problem yet; add one with: fab add_problem:<name>")


def set_keywords(
    settings: Settings,
    name: ProblemName,
    domain: Annotated[str, "what the data are about: words between semicolons"] = "",
    theme: Annotated[str, "what is to be done with them: words between semicolons"] = "",
) -> str:
    """Replace the words by which a problem and its events are found."""
    with open_session(settings.database_url) as session:
        problem = found(queries.by_name(session, name), "problem", name, HINT)
        for kind, words in (("domain", domain), ("theme", theme)):
            problems.set_keywords(session, problem, words.split(";"), kind)
        session.commit()
        words = ", ".join(sorted(keyword.name for keyword in problem.keywords))
    return f"{name} is found by: {words}." if words else f"{name} has no keywords now."


def check_problem(
    settings: Settings,
    name: ProblemName,
    quick: Annotated[bool, "do not train the starting kit on a fold"] = False,
) -> str:
    """Tell all that is wrong with a problem's folder, and how to mend it."""
    from databoard.kits import checking  # here: the other commands start faster without

    about_environment = environments.enter(settings, name)
    with contextlib.ExitStack() as stack:
        train = None if quick else stack.enter_context(_training(settings))
        findings = checking.check(name, settings.problems_dir, train=train)
    lines = [about_environment] if about_environment else []
    lines += [f"{f.level}: {f.where}: {f.what} {f.fix}".rstrip() for f in findings]
    n_errors = sum(finding.level == "error" for finding in findings)
    if n_errors:
        raise KitError("\n".join([*lines, f"{name}: {n_errors} to mend."]))
    lines += checking.measure(name, settings.problems_dir)
    return "\n".join([*lines, f"{name} is in order."])


@contextlib.contextmanager
def _training(settings: Settings) -> Iterator[Train | None]:
    """Give what trains a fold in a box as the trainer does; None where no box can be made."""
    from databoard.training.engine import Engine
    from databoard.training.wire import FoldTask, Limits

    engine = Engine.from_settings(replace(settings, executor="local"))

    def train(kit: Kit, files: Mapping[str, bytes], fold: int) -> Scores:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                Path(folder, name).write_bytes(content)
            task = FoldTask(Path(folder), kit.name, None, fold, Limits(), log="full")
            result = engine.train_fold(task).result()
        if not result.verdict.is_ok:
            raise TrainingError(result.verdict.message, result.verdict.fault or "ours")
        return engine.kit(kit.name).score(fold, result)

    try:
        yield train if engine.can_train else None
    finally:
        engine.close()

"""Workflows: of a kit, of ``databoard.specific.workflows``, or of ramp-workflow by name.

The box imports this module and calls :func:`load_workflow` on the kit's code folder; it must
therefore need nothing that holds data, scores or other submissions.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from databoard.errors import KitError
from databoard.kits.compat import revive_old_names
from databoard.kits.protocol import Workflow

PROBLEM_FILE = "problem.py"
PACKAGE_PREFIX = "databoard_submission_"


def import_file(path: Path, name: str) -> ModuleType:
    """Import a Python file afresh under a name, and keep it in ``sys.modules``.

    Objects whose class is defined in the file can be pickled only when its module can be found.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise
    return module


def add_import_root(folder: Path) -> None:
    """Let a kit import from its own folder of helpers; it comes last, so it shadows nothing."""
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))


class ModuleWorkflow:
    """A workflow module of the 2016 convention in the manners of ramp-workflow.

    Such a module imports the files of a submission by ``import_module(".classifier",
    module_path)``, so ``module_path`` must name a package: one is made of the folder. Its
    ``test_submission`` takes the rows to predict: always all of them.
    """

    def __init__(self, module: ModuleType, element_names: Sequence[str] = ()) -> None:
        self.module = module
        self.element_names = list(element_names) or element_names_of(module)

    def train_submission(self, module_path: str, X: Any, y: Any, train_is: Any = None) -> Any:
        """Train the submission in the folder ``module_path`` on the rows ``train_is``."""
        rows = np.arange(len(y)) if train_is is None else np.asarray(train_is)
        return self.module.train_submission(_as_package(Path(module_path)), X, y, rows)

    def test_submission(self, trained_model: Any, X: Any) -> Any:
        """Predict every row of X."""
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        return self.module.test_submission(trained_model, X, np.arange(n_rows))


def _as_package(folder: Path) -> str:
    """Name a package whose modules are the files of the folder, afresh at each call."""
    name = PACKAGE_PREFIX + "".join(c if c.isalnum() else "_" for c in folder.resolve().name)
    for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[loaded]
    package = ModuleType(name)
    package.__path__ = [str(folder.resolve())]
    sys.modules[name] = package
    return name


def element_names_of(module: ModuleType) -> list[str]:
    """Tell the elements of a workflow module: those it lists, else those it imports.

    A module may list its files in ``element_names`` (data files with their suffix). One that does
    not is read for ``import_module(".name", module_path)``.
    """
    listed = getattr(module, "element_names", None)
    if listed is not None:
        return [str(name) for name in listed]
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    calls = [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    names = [text[1:] for text in calls if isinstance(text, str) and text.startswith(".")]
    return list(dict.fromkeys(name for name in names if name.isidentifier()))


def ramp_workflow(name: str) -> Workflow | None:
    """Find a workflow of ramp-workflow: ``Classifier`` or ``classifier_workflow``."""
    library = importlib.import_module("rampwf.workflows")
    words = name.removesuffix("_workflow").split("_")
    for candidate in (name, "".join(word.capitalize() for word in words)):
        found = getattr(library, candidate, None)
        if isinstance(found, type):
            try:
                return found()  # type: ignore[no-any-return]
            except TypeError as error:
                raise KitError(
                    f"The workflow {name} of ramp-workflow needs arguments ({error}).",
                    "Make it in the problem's module: workflow = rampwf.workflows."
                    f"{candidate}(...).",
                ) from error
    return None


def load_workflow(code_dir: Path, workflow_name: str) -> Workflow:
    """Make the workflow from the code folder of a kit, as the box sees it.

    Parameters
    ----------
    code_dir : Path
        A copy made by ``Kit.copy_code``: ``problem.py`` and its helpers for a ramp-kit, the
        workflow's module for a 2016 problem, nothing for a workflow of ramp-workflow.
    workflow_name : str
        ``Kit.workflow_name``.

    Raises
    ------
    KitError
        If there is no such workflow.
    """
    revive_old_names()
    add_import_root(code_dir / "external_imports")
    if (code_dir / PROBLEM_FILE).is_file():
        workflow: Workflow = import_file(code_dir / PROBLEM_FILE, "problem").workflow
        return workflow
    path = code_dir / f"{workflow_name}.py"
    if path.is_file():
        return ModuleWorkflow(import_file(path, f"kit_{workflow_name}"))
    found = ramp_workflow(workflow_name)
    if found is None:
        raise KitError(f"There is no workflow called {workflow_name}.")
    return found

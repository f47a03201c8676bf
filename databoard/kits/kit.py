"""A loaded problem: what the server asks of a kit, whatever its convention."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from databoard.errors import KitError
from databoard.kits import siblings
from databoard.kits.plugins import n_required
from databoard.kits.protocol import (
    Element,
    Fold,
    PredictionKind,
    PredictionsType,
    ScoreType,
    Workflow,
)
from databoard.kits.workflows import PROBLEM_FILE, ModuleWorkflow

_OLDER = (
    "Mend it. A kit that is older than the server's packages may name those that it was written "
    "for in its requirements.txt, such as pandas<2."
)


@dataclass(eq=False)
class Kit:
    """A loaded problem, with the folds and scores of one event.

    Attributes
    ----------
    name : str
        The problem's name.
    path : Path
        Its folder, ``problems/<name>``.
    title : str
        What is predicted, for people.
    workflow_name : str
        For :func:`databoard.kits.workflows.load_workflow` and for people.
    elements : tuple of Element
        The files of a submission, in order.
    score_types : tuple of ScoreType
        Empty for a 2016 problem without an event.
    official_score_name : str
        The score that ranks; the first one unless the event says otherwise.
    """

    name: str
    path: Path
    title: str
    workflow_name: str
    workflow: Workflow
    elements: tuple[Element, ...]
    score_types: tuple[ScoreType, ...]
    official_score_name: str
    Predictions: PredictionsType
    module: ModuleType
    get_cv: Callable[..., Any] | None
    _code: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list, repr=False)

    @property
    def is_ramp_kit(self) -> bool:
        """Whether the folder has its own ``problem.py``."""
        return (self.path / PROBLEM_FILE).is_file()

    @property
    def are_rows_exchangeable(self) -> bool:
        """Whether ``rows_are_exchangeable = True`` stands in the kit: the order tells nothing."""
        return getattr(self.module, "rows_are_exchangeable", False) is True

    def train_data(self) -> tuple[Any, Any]:
        """Read X and y of the training rows.

        Raises
        ------
        KitError
            If the kit cannot read them.
        """
        X, y = self._read("get_train_data", "training")
        if X is None or y is None:
            raise KitError(f"get_train_data of {self.name} gives no data.", "Return X and y.")
        return X, y

    def test_data(self) -> tuple[Any, Any]:
        """Read X and y of the test rows; both are None in a kit that has none.

        Raises
        ------
        KitError
            If the kit cannot read them.
        """
        return self._read("get_test_data", "test")

    def _read(self, function_name: str, what: str) -> tuple[Any, Any]:
        function = getattr(self.module, function_name)
        code = getattr(function, "__code__", None)
        takes_path = code is None or "path" in code.co_varnames[: code.co_argcount]
        arguments = {"path": str(self.path)} if takes_path else {}
        missing = (
            "Put the data where the function reads them: a download script of the kit "
            "(download_data.py) or prepare_data() may have to run first."
        )
        what = f"{function_name} of {self.name} cannot read the {what} data"
        stopped = running(what, self.path, _OLDER, if_missing=missing)
        with stopped, siblings.watching(self.path, is_data=True):
            X, y = function(**arguments)
        return X, y

    def folds(self, X: Any, y: Any) -> list[Fold]:
        """Cut the training rows into pairs of training and validation rows.

        Returns
        -------
        list of (ndarray, ndarray)
            Row numbers, int64, exactly those of the kit's ``get_cv``.

        Raises
        ------
        KitError
            If the kit has no ``get_cv`` or it stops.
        """
        if self.get_cv is None:
            raise KitError(
                f"Nothing cuts the data of {self.name} into folds.",
                f"Write get_cv(X, y) into databoard/specific/events/{self.name}.py.",
            )
        arguments = (y,) if n_required(self.get_cv) == 1 else (X, y)
        with running(f"get_cv of {self.name} stops", self.path, "Make it yield pairs of rows."):
            return [(_rows(train), _rows(valid)) for train, valid in self.get_cv(*arguments)]

    def prepare_data(self) -> None:
        """Let the kit write its data, if it has something to prepare.

        Raises
        ------
        KitError
            If ``prepare_data`` stops.
        """
        prepare = getattr(self.module, "prepare_data", None)
        if prepare is None:
            return
        for folder in ("public", "private"):
            (self.path / "data" / folder).mkdir(parents=True, exist_ok=True)
        with running(f"prepare_data of {self.name} stops", self.path, "Look into data/raw."):
            prepare()

    def data_hash(self) -> str:
        """Sum up the names and bytes of all data files, without ``data/raw``, as sha256 hex."""
        total = hashlib.sha256()
        root = self.path / "data"
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root)
            if path.is_file() and relative.parts[0] != "raw":
                total.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
                with path.open("rb") as file:
                    total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()

    def code_hash(self) -> str:
        """Sum up the code that results depend on, as sha256 hex; texts do not count."""
        total = hashlib.sha256()
        paths = {"problem": Path(str(self.module.__file__)), **self.code_files()}
        for name, path in sorted(paths.items()):
            content = path.read_bytes()
            total.update(f"{name}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()

    @property
    def label_names(self) -> list[Any]:
        """The classes, in the order of the columns; empty for regression."""
        parts = getattr(self.Predictions, "Predictions_list", [self.Predictions])
        if self.prediction_kind == "regression":
            return []
        return list(getattr(parts[0], "label_names", []))

    @property
    def prediction_kind(self) -> PredictionKind:
        """What a row of predictions is."""
        if hasattr(self.Predictions, "Predictions_list"):
            return "mixed"
        columns = getattr(self.Predictions, "n_columns", None)
        true_columns = getattr(self.Predictions, "n_columns_true", None)
        names = getattr(self.Predictions, "label_names", ())
        # A kit's own type may have a column more, such as the time of each row.
        if columns and true_columns == 0 and len(names or ()) == columns:
            return "multiclass"
        is_regression = hasattr(self.Predictions, "label_names") and columns == true_columns
        return "regression" if is_regression else "other"

    @cached_property
    def n_columns(self) -> int:
        """The number of columns of predictions; 0 where they are one-dimensional."""
        parts = getattr(self.Predictions, "Predictions_list", [self.Predictions])
        return sum(int(getattr(part, "n_columns", 0)) for part in parts)

    @cached_property
    def code_dir(self) -> Path:
        """A copy of what a box may see: code only, readable by every user, gone with the kit."""
        folder = tempfile.TemporaryDirectory(prefix=f"databoard_{self.name}_")
        self._code.append(folder)
        self.copy_code(Path(folder.name))
        Path(folder.name).chmod(0o755)
        return Path(folder.name)

    def code_files(self) -> dict[str, Path]:
        """List what a box may see, by its place in the copy.

        Data never: of a ramp-kit the Python files at the top, in packages beside them, in
        ``external_imports`` and where ``problem.py`` imports from, and what this code reads while
        it is imported; of a 2016 problem only the module of its workflow, since the problem's own
        module may know how the data were made.
        """
        if not self.is_ramp_kit:
            if not isinstance(self.workflow, ModuleWorkflow):
                return {}
            return {f"{self.workflow_name}.py": Path(str(self.workflow.module.__file__))}
        imported = siblings.modules(self.path)
        roots = [
            folder
            for folder in self.path.iterdir()
            if folder.name not in siblings.DATA_FOLDERS
            and folder.is_dir()
            and (
                (folder / "__init__.py").is_file()
                or folder.name == "external_imports"
                or folder in imported
            )
        ]
        found = [*self.path.glob("*.py"), *(path for root in roots for path in root.rglob("*.py"))]
        found += siblings.files_read(self.path)
        return {path.relative_to(self.path).as_posix(): path for path in sorted(found)}

    def copy_code(self, target: Path) -> None:
        """Copy what a box may see into an existing folder."""
        for name, source in self.code_files().items():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            copy.chmod(0o644)


def _rows(rows: Any) -> Any:
    array = np.asarray(rows)
    return np.flatnonzero(array) if array.dtype == bool else array.astype(np.int64)


@contextlib.contextmanager
def running(what: str, folder: Path, fix: str, *, if_missing: str = "") -> Iterator[None]:
    """Run an organiser's code in its folder and tell what it stopped with.

    Kits may read files by paths relative to their folder, as ``ramp-test`` lets them. Where one is
    missing, ``if_missing`` is the way out.

    Raises
    ------
    KitError
        If the code stops for any reason.
    """
    try:
        with contextlib.chdir(folder):
            yield
    except KitError:
        raise
    except ImportError as error:
        named = f"the package {error.name} is not installed" if error.name else _said(error)
        raise KitError(
            f"{what}: {named}.",
            "Install what is missing where databoard runs; the kit's requirements.txt may name it.",
        ) from error
    except (Exception, SystemExit) as error:
        line = _last_line(error, folder)
        if if_missing and isinstance(error, OSError):
            fix = if_missing
        raise KitError(f"{what}: {type(error).__name__}: {_said(error)}{line}.", fix) from error


def _said(error: BaseException) -> str:
    """Take the first line of what an error says."""
    return (str(error).strip().splitlines() or [""])[0].rstrip(".:")


def _last_line(error: BaseException, folder: Path) -> str:
    """Tell the last line of the kit's own code that an error passed."""
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(folder) or "specific" in path.parts:
            place = f" (line {trace.tb_lineno} of {path.name})"
        trace = trace.tb_next
    return place

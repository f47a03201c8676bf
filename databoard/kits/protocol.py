"""What databoard expects of a kit: the ramp-workflow convention as protocols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

ElementType = Literal["code", "text", "data"]
PredictionKind = Literal["multiclass", "regression", "mixed", "other"]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]

TEXT_SUFFIXES = {".txt", ".md", ".rst"}


class Predictions(Protocol):
    """The predictions of one submission, or the ground truth, on some rows."""

    @property
    def y_pred(self) -> NDArray[Any]:
        """The predictions, of shape (n_samples,) or (n_samples, n_columns)."""
        ...

    @property
    def valid_indexes(self) -> NDArray[np.bool_]:
        """Which rows are predicted at all."""
        ...


class PredictionsType(Protocol):
    """The class that wraps predictions; a kit calls it ``Predictions``."""

    def __call__(
        self,
        y_pred: Any = None,
        y_true: Any = None,
        n_samples: int | None = None,
        fold_is: Any = None,
    ) -> Predictions:
        """Wrap predictions, a ground truth, or ``n_samples`` empty rows."""
        ...

    def combine(
        self, predictions_list: Sequence[Predictions], index_list: Iterable[int] | None = None
    ) -> Predictions:
        """Average predictions that may miss rows."""
        ...


class ScoreType(Protocol):
    """A score with its direction, range and display precision."""

    name: str
    precision: int
    is_lower_the_better: bool
    minimum: float
    maximum: float

    def score_function(self, ground_truths: Any, predictions: Any) -> Any:
        """Score predictions against the ground truth of the same rows."""
        ...


class Workflow(Protocol):
    """How a submission's files are trained and asked for predictions.

    ``test_submission`` may take a third argument called ``fold``; then it gets the fold's pair of
    index arrays on training data and None on test data.
    """

    @property
    def element_names(self) -> Sequence[str]:
        """The files of a submission, in order; the suffix of Python files may be left out."""
        ...

    def train_submission(self, module_path: str, X: Any, y: Any, train_is: Any = None) -> Any:
        """Train the submission in the folder ``module_path`` on the rows ``train_is``."""
        ...

    def test_submission(self, trained_model: Any, X: Any) -> Any:
        """Predict every row of X."""
        ...


@dataclass(frozen=True)
class Element:
    """One file of a submission.

    Attributes
    ----------
    name : str
        What people call it: ``classifier``, ``external_data``.
    type : {"code", "text", "data"}
        Code is Python, text may be edited in the browser, data is only uploaded.
    filename : str
        Its name in the folder of a submission: ``classifier.py``, ``external_data.csv``.
    """

    name: str
    type: ElementType
    filename: str

    @property
    def is_editable(self) -> bool:
        """Whether the sandbox shows an editor for it."""
        return self.type != "data"

    @classmethod
    def from_name(cls, element_name: str) -> Element:
        """Read an element name of a workflow, which has a suffix unless it is Python.

        >>> Element.from_name("classifier").filename
        'classifier.py'
        >>> Element.from_name("external_data.csv")
        Element(name='external_data', type='data', filename='external_data.csv')
        """
        path = PurePath(element_name)
        if path.suffix in ("", ".py"):
            return cls(path.stem, "code", f"{path.stem}.py")
        kind: ElementType = "text" if path.suffix in TEXT_SUFFIXES else "data"
        return cls(path.stem, kind, path.name)

"""States of a submission and of its folds, and whose fault a failure is.

A submission goes ``new → training → scored``; a fold goes ``new → training → trained → validated
→ tested → scored``. Every step may fail with an error of its own, ``new`` and ``training`` may be
cancelled, and a lost worker sends what was running back to ``new``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Fault(StrEnum):
    """Whose fault a failure is; it decides message, retry and quota."""

    TEAM = "team"
    ORGANISER = "organiser"
    OURS = "ours"


class SubmissionState(StrEnum):
    """Where a submission stands."""

    NEW = "new"
    TRAINING = "training"
    SCORED = "scored"
    CHECKING_ERROR = "checking_error"
    TRAINING_ERROR = "training_error"
    VALIDATING_ERROR = "validating_error"
    TESTING_ERROR = "testing_error"
    SCORING_ERROR = "scoring_error"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


class FoldState(StrEnum):
    """Where one fold of a submission stands."""

    NEW = "new"
    TRAINING = "training"
    TRAINED = "trained"
    VALIDATED = "validated"
    TESTED = "tested"
    SCORED = "scored"
    CHECKING_ERROR = "checking_error"
    TRAINING_ERROR = "training_error"
    VALIDATING_ERROR = "validating_error"
    TESTING_ERROR = "testing_error"
    SCORING_ERROR = "scoring_error"
    CANCELLED = "cancelled"


#: The errors in the order of the steps that raise them; the same names for submissions and folds.
ERRORS: tuple[str, ...] = (
    "checking_error",
    "training_error",
    "validating_error",
    "testing_error",
    "scoring_error",
)
#: The steps that a fold passes, in order.
FOLD_STEPS: tuple[FoldState, ...] = (
    FoldState.NEW,
    FoldState.TRAINING,
    FoldState.TRAINED,
    FoldState.VALIDATED,
    FoldState.TESTED,
    FoldState.SCORED,
)
#: Where nothing more happens by itself.
FINAL: frozenset[str] = frozenset((*ERRORS, "scored", "cancelled", "quarantined"))

#: What people read.
LABELS: dict[str, str] = {
    "new": "queued",
    "training": "training",
    "trained": "trained",
    "validated": "validated",
    "tested": "tested",
    "scored": "scored",
    "checking_error": "failed its checks",
    "training_error": "failed in training",
    "validating_error": "failed in validation",
    "testing_error": "failed in the test",
    "scoring_error": "failed in scoring",
    "cancelled": "cancelled",
    "quarantined": "held back",
}


def _submission_transitions() -> dict[str, frozenset[str]]:
    table = {
        "new": {"training", "checking_error", "cancelled", "quarantined"},
        "training": {"new", "scored", "cancelled", "quarantined", *ERRORS},
        # An organiser may hold back what is done; everything that has ended may be trained again.
        "scored": {"new", "quarantined"},
        "cancelled": {"new", "quarantined"},
        "quarantined": {"new", "cancelled"},
        **{error: {"new", "quarantined"} for error in ERRORS},
    }
    return {old: frozenset(new) for old, new in table.items()}


def _fold_transitions() -> dict[str, frozenset[str]]:
    """Allow steps to be skipped (a worker may report only the last), never to be undone."""
    table = {
        step: {*FOLD_STEPS[i + 1 :], "new", "cancelled", *ERRORS} - {step}
        for i, step in enumerate(FOLD_STEPS[:-1])
    }
    ended = ("scored", "cancelled", *ERRORS)
    return {old: frozenset(new) for old, new in (table | {e: {"new"} for e in ended}).items()}


SUBMISSION_TRANSITIONS: dict[str, frozenset[str]] = _submission_transitions()
FOLD_TRANSITIONS: dict[str, frozenset[str]] = _fold_transitions()


def is_final(state: str) -> bool:
    """Tell whether nothing more happens by itself.

    >>> is_final("scored"), is_final("training")
    (True, False)
    """
    return state in FINAL


def is_error(state: str) -> bool:
    """Tell whether the state is one of the failures."""
    return state in ERRORS


def may_become(old: SubmissionState | FoldState, new: str) -> bool:
    """Tell whether a submission or a fold in state `old` may enter state `new`.

    >>> may_become(SubmissionState.NEW, "training"), may_become(SubmissionState.NEW, "scored")
    (True, False)
    """
    table = FOLD_TRANSITIONS if isinstance(old, FoldState) else SUBMISSION_TRANSITIONS
    return new in table[old]


def may_resubmit(state: str) -> bool:
    """Tell whether a team may submit again under the name of a submission in this state."""
    return state in {SubmissionState.NEW, SubmissionState.CANCELLED, *ERRORS}


def of_folds(folds: Iterable[str]) -> SubmissionState:
    """Derive the state of a submission from the states of its folds.

    The first step that failed names the error; a submission is scored when every fold is.

    Parameters
    ----------
    folds : iterable of str
        States of all folds; no fold at all means ``new``.

    Returns
    -------
    SubmissionState

    Examples
    --------
    >>> str(of_folds(["scored", "training"])), str(of_folds(["scored", "scored"]))
    ('training', 'scored')
    >>> str(of_folds(["scoring_error", "training_error", "scored"]))
    'training_error'
    """
    present = set(folds)
    for error in ERRORS:
        if error in present:
            return SubmissionState(error)
    if FoldState.CANCELLED in present:
        return SubmissionState.CANCELLED
    if present <= {FoldState.NEW}:
        return SubmissionState.NEW
    return SubmissionState.SCORED if present == {FoldState.SCORED} else SubmissionState.TRAINING

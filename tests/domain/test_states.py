"""States and the ways between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import states
from databoard.domain.states import FoldState, SubmissionState


def test_the_steps_of_a_fold_follow_each_other():
    for old, new in zip(states.FOLD_STEPS, states.FOLD_STEPS[1:], strict=False):
        assert states.may_become(old, new)


@pytest.mark.parametrize("error", states.ERRORS)
def test_every_error_is_final_and_may_be_resubmitted(error):  # checklist 76, 77
    assert states.is_final(error)
    assert states.is_error(error)
    assert states.may_resubmit(error)
    assert states.may_become(SubmissionState(error), "new")


@pytest.mark.parametrize("state", ["training", "scored", "quarantined"])
def test_what_runs_or_is_done_is_not_resubmitted(state):  # checklist 77
    assert not states.may_resubmit(state)


def test_a_fold_never_goes_back_but_to_the_start():
    for i, old in enumerate(states.FOLD_STEPS):
        assert not any(states.may_become(old, new) for new in states.FOLD_STEPS[1:i])


def test_every_state_has_words():
    assert {*FoldState, *SubmissionState} == set(states.LABELS)


@given(st.lists(st.sampled_from(list(FoldState)), max_size=8))
def test_the_state_of_a_submission_depends_on_no_order(folds):
    assert states.of_folds(folds) == states.of_folds(reversed(folds))


@given(st.lists(st.sampled_from(list(FoldState)), min_size=1, max_size=8))
def test_a_submission_is_scored_exactly_when_all_folds_are(folds):
    is_scored = states.of_folds(folds) == SubmissionState.SCORED

    assert is_scored == all(fold == FoldState.SCORED for fold in folds)


def test_a_submission_without_folds_is_new():
    assert states.of_folds([]) == SubmissionState.NEW
    assert states.of_folds(["new", "cancelled"]) == SubmissionState.CANCELLED

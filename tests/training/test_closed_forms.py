"""Closed forms of scores: the same float as ramp-workflow's, or not used."""

from __future__ import annotations

import numpy as np
import pytest
from rampwf.prediction_types import make_multiclass
from rampwf.score_types import Accuracy, ClassificationError, F1Above, NegativeLogLikelihood

from databoard.training import closed_forms
from databoard.training.closed_forms import Quick

LABELS = ["a", "b", "c", "d"]
Predictions = make_multiclass(label_names=LABELS)


def _pair(rng, n=40, digits=9):
    # With few digits, as forests give them: many zeros and ones.
    given = rng.multinomial(10**digits, [0.02, 0.05, 0.03, 0.9], size=n) / 10.0**digits
    return Predictions(y_true=rng.choice(LABELS, n)), Predictions(y_pred=given)


@pytest.mark.parametrize(
    ("score_type", "form"),
    [
        (Accuracy(), closed_forms.accuracy),
        (ClassificationError(), closed_forms.error),
        (F1Above(threshold=0.2), closed_forms.f1_above),
        (NegativeLogLikelihood(), closed_forms.log_loss),
    ],
)
@pytest.mark.parametrize("digits", [9, 1, 0])
def test_a_closed_form_is_the_score_type_to_the_last_bit(score_type, form, digits):
    rng = np.random.default_rng(7)
    for n in (1, 2, 7, 37, 40, 333):
        for _ in range(10):
            truth, y_pred = _pair(rng, n, digits)

            value = form(score_type, truth, y_pred)

            assert value == score_type.score_function(truth, y_pred)


def test_a_form_that_differs_once_is_not_used_again():
    truth, y_pred = _pair(np.random.default_rng(1))
    quick = Quick(Accuracy())
    quick._form = lambda *_: 2.0

    scores = [quick(truth, y_pred) for _ in range(30)]

    assert set(scores) == {Accuracy().score_function(truth, y_pred)}


def test_a_score_type_of_the_kit_s_own_is_asked_itself():
    class Half(Accuracy):
        def __call__(self, y_true, y_pred):
            return 0.5

    truth, y_pred = _pair(np.random.default_rng(1))
    quick = Quick(Half())

    assert [quick(truth, y_pred) for _ in range(30)][-1] == 0.5


def test_predictions_that_are_no_probabilities_are_left_to_the_score_type():
    truth, _ = _pair(np.random.default_rng(1), 3)

    assert closed_forms.log_loss(None, truth, Predictions(y_pred=np.full((3, 4), 2.0))) is None

"""What plots are made of: counts of held-out rows in bins, never rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from databoard.domain import plots

RNG = np.random.default_rng(0)


def test_every_row_is_in_one_cell_of_the_confusion_matrix():
    true = np.eye(3)[RNG.integers(3, size=100)]
    counts = np.array(plots.draw("multiclass", true, RNG.dirichlet([1, 1, 1], 100))["confusion"])
    assert counts.shape == (3, 3)
    assert (counts.sum(axis=1) == true.sum(axis=0)).all()


def test_honest_probabilities_lie_on_the_diagonal():
    p = RNG.uniform(size=50_000)
    true = np.eye(2)[(RNG.uniform(size=p.size) < p).astype(int)]
    levels = plots.reliability(true, np.column_stack([1 - p, p]))
    assert all(said == pytest.approx(right, abs=0.03) for said, right, _ in levels)
    assert sum(n for *_, n in levels) == p.size


def test_values_beyond_the_bins_count_in_the_outer_ones():
    true = RNG.normal(size=200)
    drawn = plots.draw("regression", true, true * 1e6)
    assert np.sum(drawn["agreement"]["counts"]) == 200
    assert np.sum(drawn["residuals"]["counts"]) == 200


def test_no_single_value_can_be_read_from_a_plot():  # threats L12
    true = RNG.normal(size=200)
    text = json.dumps(plots.draw("regression", true, np.arange(200.0)))
    assert not any(repr(float(value)) in text for value in true)


@pytest.mark.parametrize("kind", ["mixed", "other"])
def test_other_kinds_have_no_plots(kind):
    assert plots.draw(kind, np.ones((4, 2)), np.ones((4, 2))) == {}
    assert plots.draw(kind, np.array([{"bbox": 1}]), np.array([[]])) == {}


def test_constant_and_missing_values_do_no_harm():
    assert plots.draw("regression", np.ones(5), np.ones(5))["residuals"]["counts"]
    assert plots.draw("regression", np.ones(3), np.full(3, np.nan)) == {}


@pytest.mark.parametrize("size", [1e150, 1e300, 1.7e308])
def test_huge_predictions_are_drawn_or_left_out(size):
    y_true, signs = np.linspace(-1, 1, 50), np.resize([1.0, -1.0], 50)

    drawn = plots.draw("regression", y_true, size * signs)

    json.dumps(drawn, allow_nan=False)
    assert bool(drawn) == (size < plots.LARGEST)
    classes = np.eye(2)[np.arange(50) % 2]
    json.dumps(plots.draw("multiclass", classes, size * np.stack([signs, -signs], 1)))

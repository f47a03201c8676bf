"""What an event can resolve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from databoard.domain import power, statistics
from databoard.domain.statistics import Verdict


def test_the_smallest_gap_is_found_as_often_as_promised():
    rng = np.random.default_rng(0)
    n, correlation = 400, 0.6
    gap = power.smallest_gap(1.0, n, correlation=correlation)
    found = 0
    for _ in range(500):
        shared = np.sqrt(correlation) * rng.normal(size=n)
        values = shared + np.sqrt(1 - correlation) * rng.normal(size=(2, n)) + [[0], [gap]]
        scores = values.mean(axis=1)
        evidence = statistics.evidence_of_examples(scores, values - scores[:, None])
        verdict = statistics.compare(evidence, 0, 1, is_lower_the_better=True).verdict
        found += verdict is Verdict.BETTER

    assert found / 500 == pytest.approx(0.8, abs=0.05)


@given(st.floats(0.001, 0.3), st.floats(0.05, 0.5), st.integers(1, 300))
def test_the_needed_samples_resolve_the_gap(gap, sd, n_rivals):
    n = power.needed_samples(gap, sd, n_rivals=n_rivals)

    assert power.smallest_gap(sd, n, n_rivals=n_rivals) <= gap * (1 + 1e-9)
    if n > 1:
        assert power.smallest_gap(sd, n - 1, n_rivals=n_rivals) > gap * (1 - 1e-9)


def test_more_rivals_overlap_and_independence_need_larger_gaps():
    plain = power.smallest_gap(0.3, 1000)

    assert power.smallest_gap(0.3, 1000, n_rivals=30) > plain
    assert power.smallest_gap(0.3, 1000, inflation=2.1) > plain
    assert power.smallest_gap(0.3, 1000, correlation=0.0) > plain


@pytest.mark.parametrize("gap", [0.0, -1.0, float("nan")])
def test_no_gap_needs_no_number(gap):
    with pytest.raises(ValueError, match="positive"):
        power.needed_samples(gap, 0.3)

"""Differences and their noise."""

import math

import numpy as np
import pytest
from scipy import stats

from databoard.domain import statistics
from databoard.domain.statistics import Evidence, Verdict


def hits(rng, skills, n_samples, shared=0.7):
    """Right and wrong answers, correlated as some examples are hard for all."""
    skills = np.asarray(skills)[:, None]
    hardness = rng.normal(size=n_samples)
    own = rng.normal(size=(len(skills), n_samples))
    latent = math.sqrt(shared) * hardness + math.sqrt(1 - shared) * own
    return (latent < stats.norm.ppf(skills)).astype(float)


def evidence_of(values):
    scores = values.mean(axis=1)
    return statistics.evidence_of_examples(scores, values - scores[:, None])


def test_a_paired_comparison_equals_scipys():  # 001: compare
    rng = np.random.default_rng(0)
    values = rng.normal([[0.0], [0.05]], 1, (2, 4000)) + rng.normal(size=4000)

    found = statistics.compare(evidence_of(values), 0, 1, is_lower_the_better=True)

    expected = stats.ttest_rel(*values)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.03)
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval(), abs=1e-4)


@pytest.mark.parametrize(
    ("scores", "lower", "verdict"),
    [
        ([0.9, 0.8], False, Verdict.BETTER),
        ([0.9, 0.8], True, Verdict.WORSE),
        ([0.8, 0.9], True, Verdict.BETTER),
        ([0.81, 0.8], False, Verdict.NOISE),
    ],
)
def test_the_verdict_is_about_the_first(scores, lower, verdict):
    evidence = Evidence(np.array(scores), np.diag([1e-4, 1e-4]))

    assert statistics.compare(evidence, 0, 1, is_lower_the_better=lower).verdict is verdict


def test_a_submission_is_not_better_than_its_copy():
    values = hits(np.random.default_rng(1), [0.7], 500)
    evidence = evidence_of(np.concatenate([values, values]))

    found = statistics.compare(evidence, 0, 1, is_lower_the_better=False)

    assert (found.verdict, found.p_value, found.low) == (Verdict.NOISE, 1.0, 0.0)


def test_a_difference_that_is_the_same_everywhere_is_sure():
    values = np.random.default_rng(1).normal(size=(1, 500))
    evidence = evidence_of(np.concatenate([values, values + 0.5]))

    found = statistics.compare(evidence, 0, 1, is_lower_the_better=True)

    assert found.verdict is Verdict.BETTER
    assert found.p_value == pytest.approx(0, abs=1e-12)


def test_the_covariances_of_one_are_its_row_of_all():
    rng = np.random.default_rng(3)
    moves = rng.normal(size=(6, 80))

    row = statistics.covariances(moves, moves[5])

    whole = statistics.evidence_of_examples(np.zeros(6), moves)
    np.testing.assert_allclose(row, whole.covariance[5], rtol=1e-12)


def test_folds_are_corrected_as_nadeau_and_bengio_say():
    differences = np.array([0.01, 0.03, 0.02, 0.05, -0.01])
    folds = np.stack([0.7 + differences, np.full(5, 0.7)])
    n_train, n_test = 80, 20

    found = statistics.compare(
        statistics.evidence_of_folds(folds, n_train, n_test), 0, 1, is_lower_the_better=False
    )

    error = math.sqrt((1 / 5 + n_test / n_train) * differences.var(ddof=1))
    t = differences.mean() / error
    assert found.p_value == pytest.approx(2 * stats.t(4).sf(t))


def test_the_correction_keeps_the_promise_that_the_naive_test_breaks():
    """Repeated 90/10 splits of one sample; the two 'submissions' are equally good on average."""
    rng = np.random.default_rng(4)
    n, n_folds, n_worlds = 100, 15, 400
    naive = corrected = 0
    for _ in range(n_worlds):
        values = rng.normal(size=n)  # difference of losses per example
        folds = np.array([values[rng.permutation(n)[:10]].mean() for _ in range(n_folds)])
        pair = np.stack([folds, np.zeros(n_folds)])
        evidence = statistics.evidence_of_folds(pair, 90, 10)
        verdict = statistics.compare(evidence, 0, 1, is_lower_the_better=True).verdict
        corrected += verdict is not Verdict.NOISE
        naive += stats.ttest_1samp(folds, 0).pvalue < 0.05

    assert naive / n_worlds > 0.15
    assert corrected / n_worlds < 0.07


def test_one_fold_says_nothing():
    with pytest.raises(ValueError, match="One fold"):
        statistics.evidence_of_folds(np.ones((2, 1)), 8, 2)


def test_resamples_that_could_not_be_scored_are_left_out():
    rng = np.random.default_rng(5)
    resampled = rng.normal(size=(100, 2))
    resampled[::3, 1] = np.nan

    evidence = statistics.evidence_of_resamples(np.zeros(2), resampled)

    assert np.isfinite(evidence.covariance).all()
    with pytest.raises(ValueError, match="too few"):
        statistics.evidence_of_resamples(np.zeros(2), resampled[:20])


@pytest.mark.parametrize("n_samples", [200, 1000])
@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_intervals_of_differences_cover_at_the_chosen_level(n_samples, shared):
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(400):
        evidence = evidence_of(hits(rng, [0.75, 0.7], n_samples, shared))
        found = statistics.compare(evidence, 0, 1, is_lower_the_better=False)
        covered += found.low <= 0.05 <= found.high

    assert covered / 400 > 0.92

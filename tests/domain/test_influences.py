"""Linearised scores err as the scores themselves do."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from databoard.domain import influences, statistics
from databoard.domain.scoring import decompose


@pytest.mark.parametrize("known", ["RMSE", "NormalizedRMSE", "MARE", "MAE"])
def test_influences_predict_the_spread_of_scores_under_resampling(known):
    rng = np.random.default_rng(2)
    truth = rng.normal(5, 1, 1000)
    y_preds = truth + rng.normal(0, [[0.5], [1.0]], (2, 1000))
    scores, moves = influences.influences_of(decompose(known, truth), y_preds)
    rows = statistics.resample(1000, 400, rng)
    unit = decompose("RMSE", np.zeros(1000)) if known == "NormalizedRMSE" else None
    scale = 1 / np.std(truth) if unit else 1.0

    def score(y_pred, drawn):
        # The spread of the truth is a constant of the event.
        name = "RMSE" if unit else known
        return float(decompose(name, truth[drawn]).scores(y_pred)) * scale

    resampled = statistics.resampled_scores(y_preds, score, rows)
    by_resampling = statistics.evidence_of_resamples(scores, resampled)
    by_examples = statistics.evidence_of_examples(scores, moves)

    ratio = np.diag(by_resampling.covariance) / np.diag(by_examples.covariance)
    np.testing.assert_allclose(ratio, 1, atol=0.3)
    assert abs(moves.mean()) < 1e-12


def test_perfect_predictions_have_no_noise():
    scores, moves = influences.influences_of(decompose("RMSE", np.ones(9)), np.ones((2, 9)))

    assert scores.tolist() == [0, 0]
    assert (moves == 0).all()


def scores_of_two_classes(rng, n_submissions, n_samples):
    label = rng.random(n_samples) < 0.3
    own = rng.normal(size=(n_submissions, n_samples))
    return label, np.round(own + 1.2 * label + rng.normal(size=n_samples), 1)


def test_areas_under_the_curve_equal_sklearns():
    label, y_scores = scores_of_two_classes(np.random.default_rng(7), 4, 300)

    scores, moves = influences.influences_of_auc(label, y_scores)

    np.testing.assert_allclose(scores, [roc_auc_score(label, row) for row in y_scores])
    assert np.abs(moves.mean(axis=1)).max() < 1e-12


def test_influences_on_areas_predict_their_spread_under_resampling():
    rng = np.random.default_rng(8)
    label, y_scores = scores_of_two_classes(rng, 2, 800)
    scores, moves = influences.influences_of_auc(label, y_scores)
    resampled = statistics.resampled_scores(
        y_scores,
        lambda y_score, drawn: influences.influences_of_auc(label[drawn], y_score[None])[0][0],
        statistics.resample(800, 500, rng),
    )

    by_resampling = statistics.evidence_of_resamples(scores, resampled).covariance
    by_examples = statistics.evidence_of_examples(scores, moves).covariance

    np.testing.assert_allclose(by_examples, by_resampling, rtol=0.25)


def test_one_class_has_no_area():
    with pytest.raises(ValueError, match="both classes"):
        influences.influences_of_auc(np.ones(3, dtype=bool), np.zeros((1, 3)))


def test_moves_are_known_for_what_decomposes_and_for_areas():
    rng = np.random.default_rng(9)
    truth = np.eye(2)[rng.integers(0, 2, 50)]
    y_preds = rng.dirichlet([1, 1], (3, 50))

    for known in ("Accuracy", "NegativeLogLikelihood", "ROCAUC"):
        scores, moves = influences.moves_of(known, truth, y_preds)
        assert scores.shape == (3,)
        assert moves.shape == (3, 50)
    assert influences.moves_of("F1Above", truth, y_preds) is None
    assert influences.moves_of("ROCAUC", np.eye(2)[np.zeros(50, int)], y_preds) is None

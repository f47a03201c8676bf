import numpy as np


class Calibrator:
    """Mix the classifier's probabilities with the shares of the types, as held-out stars say."""

    def fit(self, y_proba, y):
        labels = np.unique(y)
        truth = (np.asarray(y)[:, np.newaxis] == labels).astype(float)
        if truth.shape[1] != y_proba.shape[1]:
            truth = np.full_like(y_proba, 1 / y_proba.shape[1])
        self.shares = truth.mean(axis=0)
        weights = np.linspace(0, 0.9, 10)
        self.weight = min(weights, key=lambda weight: self.surprise(weight, y_proba, truth))
        return self

    def surprise(self, weight, y_proba, truth):
        mixed = np.clip((1 - weight) * y_proba + weight * self.shares, 1e-6, 1)
        return -np.mean(np.sum(truth * np.log(mixed), axis=1))

    def predict_proba(self, y_proba):
        return (1 - self.weight) * y_proba + self.weight * self.shares

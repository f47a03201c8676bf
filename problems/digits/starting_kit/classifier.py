import numpy as np
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import GaussianNB


class Classifier(BaseEstimator):
    """Naive Bayes on the ink per row and per column of an image."""

    def __init__(self):
        self.model = GaussianNB()

    def describe(self, X):
        """Turn images of shape (n, 8, 8) into sums of shape (n, 16)."""
        return np.hstack([X.sum(axis=1), X.sum(axis=2)])

    def fit(self, X, y):
        self.model.fit(self.describe(X), y)
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(self.describe(X))

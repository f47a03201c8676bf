from sklearn.base import BaseEstimator
from sklearn.neighbors import KNeighborsClassifier


class Classifier(BaseEstimator):
    """The nearest images, weighted by how near they are."""

    def __init__(self):
        self.model = KNeighborsClassifier(n_neighbors=7, weights="distance")

    def fit(self, X, y):
        self.model.fit(X.reshape(len(X), -1), y)
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X.reshape(len(X), -1))

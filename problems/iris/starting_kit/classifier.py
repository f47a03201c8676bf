from sklearn.base import BaseEstimator
from sklearn.tree import DecisionTreeClassifier


class Classifier(BaseEstimator):
    """A tree that asks one question only: no more than two species can win."""

    def __init__(self):
        self.tree = DecisionTreeClassifier(max_depth=1, random_state=57)

    def fit(self, X, y):
        self.tree.fit(X, y)
        return self

    def predict_proba(self, X):
        return self.tree.predict_proba(X)

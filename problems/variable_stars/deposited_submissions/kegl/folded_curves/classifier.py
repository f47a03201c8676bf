from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier


class Classifier(BaseEstimator):
    def __init__(self):
        self.forest = ExtraTreesClassifier(n_estimators=80, min_samples_leaf=2, random_state=57)

    def fit(self, X, y):
        self.forest.fit(X, y)
        return self

    def predict_proba(self, X):
        return self.forest.predict_proba(X)

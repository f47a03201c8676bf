from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Regressor(BaseEstimator):
    """Ridge regression on all measurements; its penalty is chosen on the training rows."""

    def __init__(self):
        self.model = make_pipeline(StandardScaler(), RidgeCV(alphas=(0.1, 1, 10, 30, 100)))

    def fit(self, X, y):
        self.model.fit(X, y)
        return self

    def predict(self, X):
        return self.model.predict(X)

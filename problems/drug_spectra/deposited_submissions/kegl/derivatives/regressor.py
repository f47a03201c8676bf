import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Regressor(BaseEstimator):
    """Ridge regression with weights that make it care for relative errors."""

    def __init__(self):
        self.model = make_pipeline(StandardScaler(), Ridge(alpha=30.0))

    def fit(self, X, y):
        self.floor = np.min(y)
        self.model.fit(X, y, ridge__sample_weight=1 / y)
        return self

    def predict(self, X):
        return np.maximum(self.model.predict(X), self.floor)

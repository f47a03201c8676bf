from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression


class Regressor(BaseEstimator):
    """A straight line through age alone."""

    def __init__(self):
        self.line = LinearRegression()

    def fit(self, X, y):
        self.line.fit(X[:, :1], y)
        return self

    def predict(self, X):
        return self.line.predict(X[:, :1])

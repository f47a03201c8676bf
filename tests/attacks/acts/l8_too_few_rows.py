"""Predict a row less."""
# expect: validating_error
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        return super().predict_proba(X)[1:]

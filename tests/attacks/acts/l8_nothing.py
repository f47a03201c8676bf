"""Predict nothing."""
# expect: validating_error
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        return None

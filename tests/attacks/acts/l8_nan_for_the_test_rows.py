"""Predict NaN for the test rows only."""
# expect: testing_error
import numpy as np
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        return super().predict_proba(X) if len(X) != 40 else np.full((len(X), 2), np.nan)

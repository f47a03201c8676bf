"""Predict NaN."""
# expect: validating_error
import numpy as np
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)

"""Predict finite numbers whose sums are not, for all who are averaged with them."""
# expect: validating_error
import numpy as np
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        return np.full((len(X), 2), 1.7e308)

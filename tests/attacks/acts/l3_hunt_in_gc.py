"""Look for arrays as long as the test labels among all objects."""
# expect: tested
import gc

import numpy as np
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        for value in gc.get_objects():
            if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) == len(X) == 40:
                print("CANARY-OWN: an array as long as the test labels")
        return super().predict_proba(X)

"""Ask for ten gigabytes at once."""
# expect: training_error memory
import numpy as np
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        self.big = np.ones(10 * 2**30 // 8)
        return super().fit(X, y)

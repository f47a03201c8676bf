"""Take more and more memory, and keep it."""
# expect: training_error memory
import numpy as np
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        self.big = []
        while True:
            self.big.append(np.ones(2**21))

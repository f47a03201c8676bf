"""Print fifty megabytes."""
# expect: tested
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for _ in range(800):
            os.write(1, b"x" * (1 << 16))
        return super().fit(X, y)

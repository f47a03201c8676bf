"""Print a million lines, to both streams, with bytes that are no text."""
# expect: tested
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for _ in range(1000):
            os.write(1, b"\xff\x00\x1b[2J\n" * 500)
            os.write(2, b"\n" * 500)
        return super().fit(X, y)

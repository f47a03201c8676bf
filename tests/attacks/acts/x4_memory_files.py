"""Make files in memory that no limit of a file system counts."""
# expect: tested
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        if attempt(lambda: os.memfd_create("note")) is not None:
            print("CANARY-OWN: a file in memory")
        return super().fit(X, y)

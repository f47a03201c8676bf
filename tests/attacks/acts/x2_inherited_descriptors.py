"""Read every descriptor that was left open."""
# expect: tested
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for number in range(8, 1024):
            found = attempt(lambda n=number: os.pread(n, 4096, 0))
            if found is not None:
                print(number, found)
        return super().fit(X, y)

"""Grow or shrink the file of results under the reader."""
# expect: tested
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for size in (0, 1 << 40):
            if attempt(lambda s=size: os.truncate("/proc/self/fd/4", s) or "resized"):
                print("CANARY-OWN: the result was resized")
            if attempt(lambda s=size: os.ftruncate(4, s) or "resized"):
                print("CANARY-OWN: the result was resized")
        return super().fit(X, y)

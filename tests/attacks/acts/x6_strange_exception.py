"""Raise an exception that cannot be printed."""
# expect: training_error
from honest import Honest


class Strange(Exception):
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class Classifier(Honest):
    def fit(self, X, y):
        raise Strange

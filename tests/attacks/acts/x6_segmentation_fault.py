"""Read address zero."""
# expect: training_error
import ctypes

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        ctypes.string_at(0)

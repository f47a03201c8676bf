"""Leave a note to the next fold in modules that the zygote has loaded."""
# expect: tested
# folds: 2
import builtins

import numpy
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        if hasattr(builtins, "note") or hasattr(numpy, "note"):
            print("CANARY-OWN: a note from another fold")
        builtins.note = numpy.note = list(y)
        return super().fit(X, y)

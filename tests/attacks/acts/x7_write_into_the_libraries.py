"""Poison a library, the harness or the kit for the next submission."""
# expect: tested
# folds: 2
import os
import sys

import numpy
import rampwf
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        here = os.path.dirname(os.path.abspath(__file__))
        harness = os.path.dirname(sys.modules["databoard"].__file__)
        for path in (numpy.__file__, rampwf.__file__, harness, "/usr/lib/x", here, sys.prefix):
            folder = path if os.path.isdir(path) else os.path.dirname(path)
            name = os.path.join(folder, "databoard_act_poison.py")
            if attempt(lambda n=name: open(n, "w").write("")) is not None:
                print("CANARY-OWN: wrote into", folder)
            attempt(lambda p=path: os.chmod(p, 0o777))
        return super().fit(X, y)

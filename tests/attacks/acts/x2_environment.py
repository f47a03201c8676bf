"""Print every environment that can be seen."""
# expect: tested
import glob
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        print(dict(os.environ))
        for path in glob.glob("/proc/[0-9]*/environ"):
            print(attempt(lambda p=path: open(p, "rb").read()))
        return super().fit(X, y)

"""Close both streams and replace them by nonsense."""
# expect: tested
import sys

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        sys.stdout.close()
        sys.stderr = None
        return super().fit(X, y)

"""Close every descriptor of the harness."""
# expect: training_error
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        os.closerange(3, 64)
        return super().fit(X, y)

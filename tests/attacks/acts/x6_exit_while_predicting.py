"""End the process while the test rows are predicted."""
# expect: testing_error
import os

from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        if len(X) == 40:
            os._exit(0)
        return super().predict_proba(X)

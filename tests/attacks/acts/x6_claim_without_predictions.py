"""Claim predictions that were never written."""
# expect: validating_error
import time

from honest import Honest, claim


class Classifier(Honest):
    def fit(self, X, y):
        claim("trained", "validated")
        time.sleep(5)

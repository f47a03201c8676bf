"""Return an object that would run code when it is unpickled."""
# expect: validating_error
import os

from honest import Honest


class Bomb:
    def __reduce__(self):
        return os.system, ("echo CANARY-OWN",)


class Classifier(Honest):
    def predict_proba(self, X):
        return [[Bomb(), Bomb()] for _ in range(len(X))]

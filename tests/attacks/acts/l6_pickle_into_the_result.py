"""Write a pickle into the file of results and claim to be done."""
# expect: validating_error
import os
import pickle

from honest import Honest, claim


class Bomb:
    def __reduce__(self):
        return os.system, ("echo CANARY-OWN",)


class Classifier(Honest):
    def fit(self, X, y):
        os.pwrite(4, pickle.dumps([Bomb()]), 0)
        claim("trained", "validated")
        os._exit(0)

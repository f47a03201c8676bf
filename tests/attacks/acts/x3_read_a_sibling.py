"""Read another team's submission and list where it lies."""
# expect: tested
import os

import places
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: print(open(places.SIBLING).read()))
        attempt(lambda: print("CANARY-OWN:", os.listdir(os.path.dirname(os.path.dirname(places.SIBLING)))))
        here = os.path.dirname(os.path.abspath(__file__))
        names = attempt(lambda: os.listdir(os.path.dirname(here))) or []
        if set(names) - {"submission", "code", "tmp"}:
            print("CANARY-OWN:", names)
        return super().fit(X, y)

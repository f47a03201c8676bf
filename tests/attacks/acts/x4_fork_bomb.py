"""Fork until nothing forks any more."""
# expect: tested
import os
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        n = 0
        try:
            for n in range(3000):
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
        except OSError:
            pass
        if n > 200:
            print("CANARY-OWN: forks", n)
        return super().fit(X, y)

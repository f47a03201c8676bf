"""Fork children that fork, each in a session of its own, whose parents end."""
# expect: tested | training_error processes
import os
import time

from honest import Honest


def breed(depth):
    for _ in range(4):
        try:
            if os.fork() == 0:
                os.setsid()
                if depth:
                    breed(depth - 1)
                time.sleep(60)
                os._exit(0)
        except OSError:
            return


class Classifier(Honest):
    def fit(self, X, y):
        breed(5)
        return super().fit(X, y)
